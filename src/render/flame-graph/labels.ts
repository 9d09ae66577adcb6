import type { Frame } from "../../domain/code/frame.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import type { Box } from "./boxes.ts";
import { fitted, textWidth } from "./text-width.ts";

export interface Label {
  /** Empty when no words fit. */
  readonly text: string;
  readonly fontPx: number;
}

/**
 * The most telling words for a box in the largest letters that they fit in. `place` is its file and line; `fontsPx`
 * go from large to small.
 */
export function boxLabel(
  box: Box,
  place: string,
  figure: string,
  fontsPx: readonly number[],
  widthPx: number,
): Label {
  const names = boxNames(box, place);
  for (const fontPx of fontsPx) {
    for (const name of names) {
      for (const text of [`${name} · ${figure}`, name]) {
        if (textWidth(text, fontPx) <= widthPx) return { text, fontPx };
      }
    }
  }
  const fontPx = fontsPx.at(-1) ?? 0;
  return { text: fitted(names.at(-1) ?? "", fontPx, widthPx, 4), fontPx };
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

/**
 * `ledger.Store.Post` of `shop/ledger.(*Store).Post`: the short name without what a narrow box has no room for.
 * A major version is no package name: `chi.Mux.ServeHTTP` of `github.com/go-chi/chi/v5.(*Mux).ServeHTTP`.
 */
export function plainName(symbol: string): string {
  return shortName(symbol.replace(/\/v\d+(?=\.[^/]*$)/, ""))
    .replace(/\[\.\.\.\]/g, "")
    .replace(/\(\*?([^()]+)\)/g, "$1")
    .replace(/%2e/g, ".");
}

/** `ledger.go:88`; empty when it is not known. */
export function placeOf({ file, line }: Frame): string {
  return line === 0 || file === "" ? "" : `${file.slice(file.lastIndexOf("/") + 1)}:${line}`;
}
