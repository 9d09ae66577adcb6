import type { LabelMatches } from "../domain/alerts/alert-routing.ts";
import type { ChatAccess } from "../domain/chat/chat-rights.ts";
import type { GatePolicy, People } from "../domain/configuration/gate.ts";
import type { CaptureKind, OptionalKind } from "../domain/evidence/capture.ts";
import type { TargetPlace } from "../domain/targets/target-place.ts";
import type { AlertsConfig } from "./alerts-config.ts";
import type { ArtifactsConfig, QueueBoardConfig } from "./artifacts-config.ts";
import type { AuditConfig } from "./audit-config.ts";
import type { WebConfig } from "./web-config.ts";

/** `gofire.yaml` as the program uses it: defaults applied, files made absolute, secrets still references. */
export interface GofireConfig {
  /** The file it was read from. */
  readonly file: string;
  /** By name. Has no prototype, so any name a person types can be looked up. */
  readonly services: Readonly<Record<string, ServiceConfig>>;
  /** For services that are not named, and for addresses that a person types. */
  readonly defaults: ServiceSettings;
  readonly allow: {
    /** Patterns of addresses that may be captured besides the targets named in `services`; empty by default. */
    readonly targets: readonly string[];
    /** Patterns of TLS ports that may be looked at from the chat besides; no port means 443. Empty by default. */
    readonly tls: readonly string[];
  };
  /** Absent: gofire answers in no chat. */
  readonly slack?: SlackConfig;
  readonly access: ChatAccess;
  readonly captures: CapturesConfig;
  /** Absent: no alert sender may post. */
  readonly alerts?: AlertsConfig;
  readonly artifacts: ArtifactsConfig;
  /** Absent: nobody is asked what was usual before. */
  readonly prometheus?: PrometheusConfig;
  /** Absent: nobody is asked which configuration changed. */
  readonly configHistory?: ConfigHistoryConfig;
  /** Absent: gofire writes no configuration. */
  readonly rollback?: RollbackConfig;
  /** Absent: nothing asks for approvals. */
  readonly gate?: GateConfig;
  /** Who commits with which addresses; empty when the file names nobody. */
  readonly people: People;
  /** Absent: what is usual where gofire runs. */
  readonly kubernetes?: ClusterConfig;
  /** Absent: there is no board. */
  readonly queueBoard?: QueueBoardConfig;
  readonly web: WebConfig;
  /** Absent: there is no audit log. */
  readonly audit?: AuditConfig;
}

/** What is not said in the file is the environment variable that is usual for it. */
export interface SlackConfig {
  readonly mode: "socket" | "http";
  readonly botToken: SecretReference;
  /** For socket mode. */
  readonly appToken: SecretReference;
  /** For http mode. */
  readonly signingSecret: SecretReference;
  /** For http mode: an address for Slack's requests alone; absent: where `gofire serve --listen` is. */
  readonly listen?: { readonly host: string; readonly port: number };
  /** Ends in "/"; Slack's own when absent. */
  readonly apiUrl?: string;
}

/** What is not said is left to the command line and its defaults. */
export interface CapturesConfig {
  readonly overall?: number;
  readonly perService?: number;
  readonly waiting?: number;
  readonly perNode?: number;
  readonly perMinute?: number;
  readonly cooldownMs?: number;
  readonly cooldownMsOf?: Readonly<Partial<Record<CaptureKind, number>>>;
}

/** What holds for a service besides where it runs. */
export interface ServiceSettings {
  /** Import paths, or beginnings of them, that are the service's own code. */
  readonly modules: readonly string[];
  /** Rule id -> threshold name -> value, in the unit that the rule's documentation gives. */
  readonly thresholds: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly capture: CaptureSettings;
}

export interface ServiceConfig extends ServiceSettings {
  /** Which alerts are about it; absent: those whose usual labels name it. */
  readonly matches?: readonly LabelMatches[];
  /** Where its pages are answered when no route fits; absent: where all are. */
  readonly channel?: string;
  /** Whether its pages are answered in shadow; absent: as all are. */
  readonly shadow?: boolean;
  /** Labels that its series in the Prometheus have; absent: they are found by what is known of the process. */
  readonly seriesLabels?: Readonly<Record<string, string>>;
  /** Files and folders of its configuration in the repository; absent: nobody said. */
  readonly configPaths?: readonly string[];
  readonly targets: readonly TargetConfig[];
  /** Where further processes are found; absent: there are none. */
  readonly discover?: DiscoverConfig;
}

/** The repository that configuration is kept in. */
export interface ConfigHistoryConfig {
  /** Where the file says so, for messages: `gofire.yaml: configHistory`. */
  readonly at: string;
  /** An absolute folder, or an address. */
  readonly repository: string;
  readonly branch?: string;
  readonly tags?: string;
  readonly credentials?: { readonly user: string; readonly token: SecretReference };
}

/** How configuration is rolled back from the chat: into the repository of `configHistory`. */
export interface RollbackConfig {
  /** Where the file says so, for messages. */
  readonly at: string;
  readonly repository: string;
  readonly branch: string;
  readonly push: "branch" | "proposal";
  readonly credentials?: { readonly user: string; readonly token: SecretReference };
  /** So long after the push it is measured whether it helped. */
  readonly verifyWithinMs: number;
}

/** What a change of configuration needs before it may be released; at least one environment. */
export interface GateConfig {
  readonly environments: readonly GatePolicy[];
}

/** Where the processes of a service are found, and how each of them is reached. */
export interface DiscoverConfig extends TargetReach {
  readonly place: TargetPlace;
}

/** What the file says about how to capture; what it does not say is left to the capture itself. */
export interface CaptureSettings {
  /** 0 takes no CPU profile. */
  readonly cpuSeconds?: number;
  /** 0 raises no rate. */
  readonly blockSeconds?: number;
  /** Least time between the two goroutine profiles. */
  readonly goroutineGapMs?: number;
  readonly traceSeconds?: number;
  /** After this a capture ends with what it has. */
  readonly deadlineMs?: number;
  /** Most bytes of one file of a capture. */
  readonly maxBytes?: number;
  /** Most goroutines for which a goroutine dump may stop the world. */
  readonly dumpLimit?: number;
  readonly include?: readonly OptionalKind[];
  readonly exclude?: readonly CaptureKind[];
}

/** A Go process that can be asked. */
export interface TargetConfig extends TargetReach {
  /** `http://host:port`, `https://host/prefix` or `unix:/path/of/socket`. */
  readonly address: string;
  readonly instance?: string;
}

/** How a process is reached, apart from where it is. */
export interface TargetReach extends WebAccessConfig {
  /** Where it stands in the file, `gofire.yaml:12:9`, for messages about it. */
  readonly at: string;
  /** Absolute path of the pprof index. */
  readonly pprofPath?: string;
  /** Absolute path at the address, or a URL elsewhere. */
  readonly metrics?: string;
  readonly expvarPath?: string;
  readonly profileRatesPath?: string;
}

/** How gofire proves to a server who it is, and which way it goes there. */
export interface WebAccessConfig {
  readonly headers: Readonly<Record<string, string | SecretReference>>;
  readonly auth?: WebAuth;
  readonly tls?: WebTls;
  readonly proxy?: WebProxy;
}

/** A Kubernetes cluster. */
export interface ClusterConfig {
  /** Absolute path. */
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** A server of Prometheus' HTTP API. */
export interface PrometheusConfig extends WebAccessConfig {
  /** Where it stands in the file, for messages about it. */
  readonly at: string;
  readonly url: string;
}

export type WebAuth =
  | { readonly kind: "bearer"; readonly token: SecretReference }
  | { readonly kind: "basic"; readonly user: string; readonly password: SecretReference };

/** Absolute paths of PEM files. */
export interface WebTls {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly passphrase?: SecretReference;
  readonly serverName?: string;
}

export interface WebProxy {
  readonly url: string;
  readonly user?: string;
  readonly password?: SecretReference;
}

/** Where a secret stands. The secret itself is never in the configuration. */
export type SecretReference = { readonly env: string } | { readonly file: string };
