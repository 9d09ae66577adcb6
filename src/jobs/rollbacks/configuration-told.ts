import { PortError } from "../../domain/errors.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import type { Artifacts } from "../../ports/artifacts.ts";
import { textOf } from "../thread/contents.ts";

/** Of an exposition that large nobody put a label for this. */
const mostCharacters = 200;

/**
 * Which configuration a process says it has loaded: the labels of a series `config_info` on its metrics page, as
 * Prometheus' own convention for such facts is (prometheus.io/docs/practices/naming, `_info`). Undefined where there is
 * none; nothing is read into what it says.
 */
export async function configurationIn(
  { bundle, steps }: Pick<Incident, "bundle" | "steps">,
  artifacts: Artifacts,
  signal: AbortSignal,
): Promise<string | undefined> {
  const file = steps.findLast((step) => step.kind === "metrics" && step.file !== undefined)?.file;
  if (bundle === undefined || file === undefined || file.endsWith(".gz")) return undefined;
  try {
    const page = await textOf(`${bundle}${file}`, artifacts, signal);
    return /^config_info\{([^}\n]*)\}\s+1(?:\.0+)?(?:\s+\d+)?\s*$/m.exec(page)?.[1]?.slice(0, mostCharacters);
  } catch (error) {
    if (error instanceof PortError && error.code === "not-found") return undefined;
    throw error;
  }
}
