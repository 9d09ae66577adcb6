import type { MetricSeries } from "../domain/metrics/metric-series.ts";
import type { AnswerLimits, WebAccess } from "./web-access.ts";

/** What a query found. */
export interface QueryAnswer {
  readonly series: readonly MetricSeries[];
  /** What the server says against its own answer, e.g. that a store behind it did not answer; usually empty. */
  readonly warnings: readonly string[];
}

/** A span of time and how finely it is asked about. */
export interface TimeSpan {
  /** Milliseconds since the epoch; both ends belong to it. */
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** A process (or anything else) that the server reads metrics from. */
export interface ScrapeTarget {
  /** Labels of all its series, e.g. `job`, `instance`, `namespace`, `pod`. */
  readonly labels: Readonly<Record<string, string>>;
  /** What it was found with, before relabelling: `__address__`, `__meta_kubernetes_pod_name`, … */
  readonly discoveredLabels: Readonly<Record<string, string>>;
  /** Whole URL of the scrape; may hold a query and, rarely, credentials: not to be printed. */
  readonly scrapeUrl: string;
  readonly health: "up" | "down" | "unknown";
  /** Why the last scrape failed; absent when it did not. */
  readonly lastError?: string;
}

/**
 * A server that keeps the metrics of many processes and answers PromQL: Prometheus, or one that speaks its HTTP API
 * (Thanos, Mimir, VictoriaMetrics).
 *
 * Every method throws PortError, worded for people: `unavailable` (refused, reset, unknown host, TLS, 5xx), `timeout`,
 * `forbidden` (401, 403), `not-found` (there is no such API there), `rate-limited` (429), `bad-response` (the query is
 * refused, the answer is no answer of this API or larger than allowed); and the signal's reason when it is aborted.
 */
export interface MetricsServer {
  /** Its address without credentials. */
  readonly url: string;
  /** The value of a PromQL expression at a moment, in milliseconds since the epoch. */
  query(expression: string, atMs: number, limits: AnswerLimits, signal: AbortSignal): Promise<QueryAnswer>;
  /** Its values over a span; the server refuses more than 11,000 steps. */
  queryRange(
    expression: string,
    span: TimeSpan,
    limits: AnswerLimits,
    signal: AbortSignal,
  ): Promise<QueryAnswer>;
  /** What it reads metrics from now. */
  targets(limits: AnswerLimits, signal: AbortSignal): Promise<readonly ScrapeTarget[]>;
  /** Closes its connections; questions still open fail. */
  close(): Promise<void>;
}

export interface MetricsServers {
  /**
   * The server at `url`, which may end in a path (`https://mimir.internal/prometheus`). Nothing is sent before its first
   * question. Throws UsageError when URL or access cannot be used as they are.
   */
  open(url: string, access: WebAccess): MetricsServer;
}

/** Where the past of a service can be asked about. */
export interface ServiceMetrics {
  /** The caller closes it. */
  readonly server: MetricsServer;
  /** Labels that the service's series have and no others, where the configuration says so. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface MetricsCatalog {
  /** For a service, or for an address that belongs to none. Throws UsageError when a secret is missing. */
  open(service: string | undefined): Promise<ServiceMetrics>;
}
