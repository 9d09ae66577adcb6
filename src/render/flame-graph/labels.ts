import { shortName } from "../../domain/symbol-names.ts";
import type { Box } from "./boxes.ts";
import { fitted, textWidth } from "./text-width.ts";

/** The most telling words for a box that fit into it; empty when none do. `place` is its file and line. */
export function boxLabel(box: Box, place: string, figure: string, fontPx: number, widthPx: number): string {
  const names = boxNames(box, place);
  for (const name of names) {
    for (const candidate of [`${name} · ${figure}`, name]) {
      if (textWidth(candidate, fontPx) <= widthPx) return candidate;
    }
  }
  return fitted(names.at(-1) ?? "", fontPx, widthPx);
}

/** From the longest to the shortest. */
function boxNames({ frames }: Box, place: string): string[] {
  const first = plainName(frames[0]?.function ?? "");
  const last = plainName(frames.at(-1)?.function ?? "");
  const withoutPackage = first.slice(first.indexOf(".") + 1);
  const names = [first, withoutPackage, withoutPackage.slice(withoutPackage.lastIndexOf(".") + 1)];
  if (frames.length > 1) {
    return [`${first} … ${last} (${frames.length} calls)`, `${first} (${frames.length} calls)`, ...names];
  }
  return place === "" ? names : [`${first} ${place}`, ...names];
}

/** `ledger.Store.Post` of `shop/ledger.(*Store).Post`: the short name without what a narrow box has no room for. */
export function plainName(symbol: string): string {
  return shortName(symbol)
    .replace(/\[\.\.\.\]/g, "")
    .replace(/\(\*?([^()]+)\)/g, "$1")
    .replace(/%2e/g, ".");
}
