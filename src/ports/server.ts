import type { CaptureKind } from "../domain/evidence/capture.ts";
import type { Paging } from "./alerts.ts";
import type { AuditLog, AuditLogFiles } from "./audit-log.ts";
import type { ConfigGate } from "./config-gate.ts";
import type { ConfigCatalog } from "./config-history.ts";
import type { MetricsCatalog } from "./metrics-server.ts";
import type { ServerTls } from "./server-tls.ts";
import type { Services } from "./services.ts";
import type { TlsPlaces } from "./tls-places.ts";

/** - `web` hears people and alerts, `worker` does the work, `all` does both in one process. */
export type Role = "web" | "worker" | "all";

export interface ListenAddress {
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
}

/** How alert senders prove who they are; without any of these everybody is refused. */
export interface AlertSecrets {
  /** `Authorization: Bearer …`: what Alertmanager can do (it signs nothing), and Grafana, too. */
  readonly bearer?: string;
  /** True where the listener has let in only clients with a certificate: then that is enough by itself. */
  readonly byCertificate?: boolean;
  /**
   * Grafana's HMAC-SHA256 in hex over the body, or over `timestamp:body`
   * (https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/).
   */
  readonly hmac?: {
    readonly secret: string;
    /** Lower case. */
    readonly header: string;
    /** Lower case; without it a request can be replayed for ever. */
    readonly timestampHeader?: string;
  };
}

/** Which pages are answered, where, and who may post them. */
export interface PagesRequest extends Paging {
  readonly secrets: AlertSecrets;
  /** A listener of their own; where health is told when absent. */
  readonly listen?: ListenAddress;
  /** Of that listener. */
  readonly tls?: ServerTls;
}

export interface ServeRequest {
  readonly role: Role;
  /** Where `/healthz` is answered. */
  readonly listen: ListenAddress;
  /** How long work that runs may go on once the process is told to stop. */
  readonly graceMs: number;
  readonly limits: {
    /** Captures at the same time, over all workers. */
    readonly captures: number;
    /** Captures of one service at the same time. */
    readonly perService: number;
    /** Captures that may wait. */
    readonly waiting: number;
    /** Captures on one node at the same time; as many as there are in all when absent. */
    readonly perNode?: number;
    /** Captures that begin within a minute; any number when absent. */
    readonly perMinute?: number;
    /** Until alerts may have a service captured again. */
    readonly cooldownMs: number;
    /** The same for single kinds of captures. */
    readonly cooldownMsOf?: Readonly<Partial<Record<CaptureKind, number>>>;
  };
  /** Absolute path of what outlives this process. */
  readonly stateFolder: string;
  readonly services: Services;
  /** Absent: nobody may look at TLS ports from the chat. */
  readonly tlsPlaces?: TlsPlaces;
  /** Absent: nobody is asked what was usual before. */
  readonly metrics?: MetricsCatalog;
  /** Absent: nobody is asked which configuration changed. The caller closes it. */
  readonly configs?: ConfigCatalog;
  /** Absent: nothing can be approved. The caller closes it. */
  readonly auditLog?: AuditLog;
  /** Absent: no change of configuration needs approval here. */
  readonly gate?: ConfigGate;
  /** Absent: the log is not served. The caller closes it. */
  readonly auditFiles?: AuditLogFiles;
  /** Absent: no alert sender may post. */
  readonly pages?: PagesRequest;
  /** What is in use, and what is wrong, one line each. */
  readonly tell: (line: string) => void;
}

export interface RunningServer {
  /** `http://HOST:PORT` of the health endpoint. */
  readonly url: string;
  /** Takes nothing new, finishes or hands over what runs, closes everything. */
  stop(): Promise<void>;
}

/** The bot as a long-running process. */
export interface Server {
  /** Throws UsageError for settings that are missing, PortError for what cannot be reached. */
  start(request: ServeRequest): Promise<RunningServer>;
}
