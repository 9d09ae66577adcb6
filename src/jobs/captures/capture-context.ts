import type { ContextSource } from "../../capture/context/keep.ts";
import { UsageError } from "../../domain/errors.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import type { ConfigCatalog } from "../../ports/config-history.ts";
import type { MetricsCatalog } from "../../ports/metrics-server.ts";
import type { LoggedCapturePorts } from "./logged-capture.ts";

export interface ContextPorts {
  /** Absent: nobody is asked what was usual before. */
  readonly metrics?: MetricsCatalog;
  /** Absent: nobody is asked which configuration changed. */
  readonly configs?: Pick<ConfigCatalog, "of">;
  /** Hears why nobody could be asked. */
  readonly onTrouble: (message: string) => void;
}

/**
 * What can be asked beside a capture of a service: its past of a metrics server, which is open for as long as `work` takes,
 * and what changed.
 */
export async function withContext<T>(
  incident: Incident,
  ports: ContextPorts,
  work: (around: Pick<LoggedCapturePorts, "context" | "config">) => Promise<T>,
): Promise<T> {
  const context = await contextOf(incident, ports);
  const config = configOf(incident, ports);
  if (context === undefined) return await work(config);
  try {
    return await work({ ...config, context });
  } finally {
    await context.server.close();
  }
}

/** The catalog's histories are open for as long as gofire runs. */
function configOf(
  { service, origin: { page } }: Incident,
  { configs }: ContextPorts,
): Pick<LoggedCapturePorts, "config"> {
  const files = configs?.of(service);
  if (files === undefined) return {};
  return { config: { ...files, ...(page === undefined ? {} : { sinceMs: page.sinceMs }) } };
}

/** A missing secret keeps nobody from capturing; the file of who runs gofire is to be mended. */
async function contextOf(
  { id, service, origin: { page } }: Incident,
  { metrics, onTrouble }: ContextPorts,
): Promise<ContextSource | undefined> {
  try {
    const past = await metrics?.open(service);
    if (past === undefined || page === undefined) return past;
    return { ...past, sinceMs: page.sinceMs, ...(page.labels === undefined ? {} : { alert: page.labels }) };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    onTrouble(`${id}: Prometheus is not asked: ${error.message}`);
    return undefined;
  }
}
