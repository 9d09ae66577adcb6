import type { GofireConfig } from "../config/gofire-config.ts";
import type { Artifacts } from "../ports/artifacts.ts";
import type { AuditLogs } from "../ports/audit-log.ts";
import type { CaptureLock } from "../ports/capture-lock.ts";
import type { CaptureStore } from "../ports/capture-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { ConfigFiles } from "../ports/config-files.ts";
import type { ConfigHistories } from "../ports/config-history.ts";
import type { ConfigWriters } from "../ports/config-writer.ts";
import type { DemoWorlds } from "../ports/demo-world.ts";
import type { EvidenceSource } from "../ports/evidence-source.ts";
import type { GoTargets } from "../ports/go-target.ts";
import type { Host } from "../ports/host.ts";
import type { LabService } from "../ports/lab-service.ts";
import type { MetricsServers } from "../ports/metrics-server.ts";
import type { RuleRecords } from "../ports/rule-records.ts";
import type { Server } from "../ports/server.ts";
import type { ServerTls, ServerTlsLook } from "../ports/server-tls.ts";
import type { TargetSources } from "../ports/target-source.ts";
import type { TlsProbes } from "../ports/tls-probe.ts";

/** What surrounds one run of a command. */
export interface CommandContext {
  readonly version: string;
  /** Aborted when the person gives up (Ctrl-C) or the process is told to stop. */
  readonly signal: AbortSignal;
  /** One short line about what is going on now; shown while the command runs, never part of its answer. */
  progress(line: string): void;
  /** One line that stays for people to come back to: an address, something in use, something wrong. */
  log(line: string): void;
}

/** Everything a command may ask of the outside world. Each is loaded when it is first asked for. */
export interface Ports {
  /** `gofire.yaml`, or the file that is named; undefined when there is none and none was named. */
  config(file: string | undefined): Promise<GofireConfig | undefined>;
  evidence(): Promise<EvidenceSource>;
  goTargets(): Promise<GoTargets>;
  metricsServers(): Promise<MetricsServers>;
  configHistories(): Promise<ConfigHistories>;
  configFiles(): Promise<ConfigFiles>;
  configWriters(): Promise<ConfigWriters>;
  targetSources(): Promise<TargetSources>;
  tlsProbes(): Promise<TlsProbes>;
  /** Where the bot keeps captures and renderings. Throws UsageError for secrets that are missing. */
  artifacts(config: GofireConfig | undefined, stateFolder: string): Promise<Artifacts>;
  auditLogs(): Promise<AuditLogs>;
  captureStore(folder: string): Promise<CaptureStore>;
  captureLock(stateFolder: string): Promise<CaptureLock>;
  clock(): Promise<Clock>;
  host(): Promise<Host>;
  lab(): Promise<LabService>;
  demoWorlds(): Promise<DemoWorlds>;
  /**
   * Asks the chat whether gofire can work there, and says as whom; what will not work is told, a line each. Throws
   * UsageError and PortError in words for who installs gofire.
   */
  chatCheck(
    config: GofireConfig | undefined,
    tell: (line: string) => void,
    signal: AbortSignal,
  ): Promise<string>;
  /**
   * Which Redis `gofire serve` would use, in a sentence; nothing is started, and what is wrong with it is told. Throws
   * UsageError and PortError in words for who installs gofire.
   */
  queueCheck(tell: (line: string) => void): Promise<string>;
  /**
   * How rules did in the verdicts of `gofire serve` on this machine. Throws UsageError and PortError when its Redis
   * cannot be used.
   */
  ruleRecords(stateFolder: string, tell: (line: string) => void, signal: AbortSignal): Promise<RuleRecords>;
  /**
   * Of these ids of rollbacks those that `gofire serve` on this machine has records of. Throws UsageError and PortError when its
   * Redis cannot be used.
   */
  knownRollbacks(
    ids: readonly string[],
    stateFolder: string,
    tell: (line: string) => void,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>>;
  /** What a listener's PEM files hold by now. Throws UsageError with file and reason for what cannot be used. */
  serverTls(tls: ServerTls): Promise<ServerTlsLook>;
  /** With the parts that the configuration names. */
  server(config: GofireConfig | undefined): Promise<Server>;
}
