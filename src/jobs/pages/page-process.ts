import { type NamedProcesses, namedProcesses } from "../../domain/alerts/alert-process.ts";
import type { ServiceAlerts } from "../../domain/alerts/alert-routing.ts";
import { PortError, UsageError } from "../../domain/errors.ts";
import type { PageFacts } from "../../domain/incidents/incident.ts";
import type { Services } from "../../ports/services.ts";

/** The alerts of one service, and which of its processes they name. */
export type PagedService = ServiceAlerts &
  NamedProcesses &
  Pick<PageFacts, "isUnsure" | "knownFrom"> & { readonly instance?: string };

/** The first sign of life is due 3 s after the page: what is not known by then, the capture finds out. */
const askWithinMs = 2_000;

/** Which processes the alerts name, as far as that can be found out at once. */
export async function withProcesses(
  about: ServiceAlerts,
  services: Pick<Services, "processes">,
  signal: AbortSignal,
): Promise<PagedService> {
  const bound = AbortSignal.timeout(askWithinMs);
  try {
    const { processes, knownFrom } = await services.processes(
      about.service,
      AbortSignal.any([signal, bound]),
    );
    return { ...about, ...namedProcesses(about.alerts, processes), knownFrom };
  } catch (error) {
    signal.throwIfAborted();
    if (!bound.aborted && !(error instanceof PortError) && !(error instanceof UsageError)) throw error;
    return { ...about, ...namedProcesses(about.alerts, []), isUnsure: true };
  }
}

/** What an incident keeps of that. */
export function processFacts({
  named,
  unknownInstance,
  unknownLabel,
  isUnnamed,
  isUnsure,
  knownFrom,
}: PagedService): Partial<PageFacts> {
  return {
    ...(named === undefined ? {} : { named }),
    ...(unknownInstance === undefined ? {} : { unknownInstance }),
    ...(unknownLabel === undefined ? {} : { unknownLabel }),
    ...(isUnnamed === undefined ? {} : { isUnnamed }),
    ...(isUnsure === undefined ? {} : { isUnsure }),
    ...(knownFrom === undefined ? {} : { knownFrom }),
  };
}
