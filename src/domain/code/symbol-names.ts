import type { Frame } from "./frame.ts";

const renamed = new WeakMap<Frame, Frame>();

/**
 * Profiles spell the type arguments of generic functions out as shapes, dumps put `[...]` in their place (Go source:
 * runtime/symtab.go, funcNameForPrint). Captures of both kinds are compared, so both get the dumps' name.
 */
export function asDumped(frame: Frame): Frame {
  const from = frame.function.indexOf("[");
  if (from === -1) return frame;
  let dumped = renamed.get(frame);
  if (dumped === undefined) {
    const to = frame.function.lastIndexOf("]");
    const name = `${frame.function.slice(0, from)}[...]${frame.function.slice(to + 1)}`;
    dumped = to < from || name === frame.function ? frame : { ...frame, function: name };
    renamed.set(frame, dumped);
  }
  return dumped;
}

/** `payments.(*Client).Authorize` of `example.com/shop/payments.(*Client).Authorize`: enough for a title. */
export function shortName(symbol: string): string {
  const brackets = symbol.search(/[[(]/);
  const end = brackets === -1 ? symbol.length : brackets;
  return symbol.slice(symbol.lastIndexOf("/", end) + 1);
}
