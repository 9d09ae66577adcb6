import type { ContextSource } from "../capture/context/keep.ts";
import { UsageError } from "../domain/errors.ts";
import type { Incident } from "../domain/incident.ts";
import type { MetricsCatalog } from "../ports/metrics-server.ts";
import type { LoggedCapturePorts } from "./logged-capture.ts";

export interface ContextPorts {
  /** Absent: nobody is asked what was usual before. */
  readonly metrics?: MetricsCatalog;
  /** Hears why nobody could be asked. */
  readonly onTrouble: (message: string) => void;
}

/** Opens what the service's past can be asked of, for as long as `work` takes. */
export async function withContext<T>(
  incident: Incident,
  ports: ContextPorts,
  work: (context: Pick<LoggedCapturePorts, "context">) => Promise<T>,
): Promise<T> {
  const context = await contextOf(incident, ports);
  if (context === undefined) return await work({});
  try {
    return await work({ context });
  } finally {
    await context.server.close();
  }
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
