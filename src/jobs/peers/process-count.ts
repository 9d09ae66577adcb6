import { PortError, UsageError } from "../../domain/errors.ts";
import type { Services } from "../../ports/services.ts";

/** How many processes of the service gofire knows; 0 when nobody can be asked: then there is nothing to compare with. */
export async function processCount(
  service: string,
  services: Pick<Services, "processes">,
  signal: AbortSignal,
): Promise<number> {
  try {
    return (await services.processes(service, signal)).processes.length;
  } catch (error) {
    if (error instanceof PortError || error instanceof UsageError) return 0;
    throw error;
  }
}
