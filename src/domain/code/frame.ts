/** One call in a stack. Parsers share equal frames, so identity comparison is a fast path, not a guarantee. */
export interface Frame {
  /** Full Go symbol, e.g. `shop/ledger.(*Store).Post` or `main.main.func1`; no arguments. */
  readonly function: string;
  /** As the capture has it: absolute, or module-relative when built with -trimpath. */
  readonly file: string;
  /** 1-based; 0 when unknown. */
  readonly line: number;
}

/**
 * The import path of a frame's function: `net/http` of `net/http.(*conn).serve`.
 * The path ends at the first dot after the last slash that stands before any parenthesis or bracket; dots
 * inside the last path element are escaped as %2e by the linker.
 */
export function packagePath(symbol: string): string {
  const end = Math.min(endAt(symbol, "("), endAt(symbol, "["));
  const slash = symbol.lastIndexOf("/", end - 1);
  const dot = symbol.indexOf(".", slash + 1);
  return dot === -1 || dot > end ? symbol.slice(0, end) : symbol.slice(0, dot);
}

function endAt(symbol: string, mark: string): number {
  const at = symbol.indexOf(mark);
  return at === -1 ? symbol.length : at;
}
