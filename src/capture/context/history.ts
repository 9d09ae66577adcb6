import type { MissingFigure } from "../../domain/context/service-context.ts";
import { isUnknown } from "../../domain/metrics/counters.ts";
import { durationText } from "../../domain/units.ts";
import type { Asker } from "./asker.ts";

const day = 86_400_000;
/** How far back is looked for the service's first series, and how finely. */
const lookBack = { stepMs: 3_600_000, range: "[8d:1h]" };

/** The same, where a baseline is missing because there is no history so far back: says how far it reaches. */
export async function historyOf(
  missing: readonly MissingFigure[],
  service: string,
  questions: Asker,
  atMs: number,
): Promise<readonly MissingFigure[]> {
  if (!missing.some(isBaseline)) return missing;
  const answer = await questions.ask(
    `min(min_over_time(timestamp(go_goroutines${service})${lookBack.range}))`,
  );
  if (isUnknown(answer)) return missing;
  const oldestSeconds = answer[0]?.points[0]?.value;
  // Nothing at any full hour: the service is younger than that.
  const reachMs = oldestSeconds === undefined ? 0 : Math.max(0, atMs - oldestSeconds * 1000);
  if (Number.isNaN(reachMs)) return missing;
  return missing.map((one) => {
    const neededMs = one.when === "last-week" ? 7 * day : one.when === "yesterday" ? day : 0;
    if (reachMs >= neededMs || !one.missing.startsWith("no series")) return one;
    return { ...one, missing: `Prometheus has ${reachText(reachMs)} of history of this service` };
  });
}

/** Asked for and answered with nothing: goroutines stand for all that the service exports. */
function isBaseline({ name, when, missing: why }: MissingFigure): boolean {
  return (
    name === "goroutines" && (when === "last-week" || when === "yesterday") && why.startsWith("no series")
  );
}

function reachText(ms: number): string {
  if (ms < lookBack.stepMs) return "less than an hour";
  return `only ${ms >= 2 * day ? `${Math.floor(ms / day)} days` : durationText(ms)}`;
}
