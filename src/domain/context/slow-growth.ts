import { isUnknown } from "../metrics/counters.ts";
import { type Figure, type FigureName, figure, type ServiceContext } from "./service-context.ts";
import { isAbove, mostUsual, type Usual, usualOf } from "./usual-figures.ts";

/** A figure that has risen for so long that no capture shows it. */
export interface SlowGrowth {
  readonly now: Figure;
  /** By linear regression over `windowMs`. */
  readonly grownBy: number;
  readonly windowMs: number;
  readonly rise: Figure;
  /** What was usual at this hour, which it is above; absent where nobody knows: every hour may rise like that. */
  readonly usual?: Usual;
  /** The least that would have counted. */
  readonly limit: number;
}

/**
 * Growth of `name` over an hour, or over a quarter of one, of at least `least` and `ratio` of what was there before, unless
 * so much is usual at this hour.
 */
export function slowGrowth(
  context: ServiceContext | undefined,
  name: FigureName,
  { ratio, least }: { readonly ratio: number; readonly least: number },
): SlowGrowth | undefined {
  const now = context === undefined ? undefined : figure(context, name);
  if (context === undefined || now === undefined) return undefined;
  const known = usualOf(context, name);
  const usual = isUnknown(known) ? undefined : known;
  if (usual !== undefined && !isAbove(now.value, usual)) return undefined;
  for (const when of ["rise-1h", "rise-15m"] as const) {
    const rise = figure(context, name, when);
    if (rise?.windowMs === undefined) continue;
    const grownBy = (rise.value * rise.windowMs) / 1000;
    const before = now.value - grownBy;
    const counts = Math.max(least, before * ratio);
    if (grownBy < counts) continue;
    return {
      now,
      grownBy,
      windowMs: rise.windowMs,
      rise,
      ...(usual === undefined ? {} : { usual }),
      limit: Math.max(before + counts, usual === undefined ? 0 : mostUsual(usual)),
    };
  }
  return undefined;
}
