import { isUnknown } from "../metrics/counters.ts";
import { figure, type ServiceContext } from "./service-context.ts";
import { usualOf } from "./usual-figures.ts";

/** How many times as much CPU as usual the process uses; undefined where that is not known. */
export function loadRatio(context: ServiceContext | undefined): number | undefined {
  if (context === undefined) return undefined;
  const now = figure(context, "cpu");
  const usual = usualOf(context, "cpu");
  return now === undefined || isUnknown(usual) || usual.most <= 0 ? undefined : now.value / usual.most;
}

/** Work that has grown by half as much and more explains what became `ratio` times as much. */
export function explainsRise(load: number | undefined, ratio: number): boolean {
  return load !== undefined && load >= ratio / 2;
}

/** `what` is what has risen: `them`, `that`. */
export function loadSentence(load: number | undefined, ratio: number, what: string): string {
  if (load === undefined) return "Whether the load has risen as well is not known.";
  const cpu = `The process uses ${timesText(load)} the CPU that is usual at this hour`;
  return explainsRise(load, ratio)
    ? `${cpu}, so the load has probably risen, which would explain ${what} (inferred).`
    : `${cpu}, so more load alone does not explain ${what} (inferred).`;
}

/** `2.4 times` */
export function timesText(ratio: number): string {
  return `${Number(ratio.toPrecision(2))} times`;
}
