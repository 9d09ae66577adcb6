import { memoised } from "../memoised.ts";
import type { Frame } from "./frame.ts";

/**
 * Profiles spell the type arguments of generic functions out as shapes, dumps put `[...]` in their place (Go source:
 * runtime/symtab.go, funcNameForPrint). Captures of both kinds are compared, so both get the dumps' name.
 */
export function asDumped(frame: Frame): Frame {
  return frame.function.includes("[") ? renamed(frame) : frame;
}

const renamed = memoised((frame: Frame) => {
  const { function: symbol } = frame;
  const from = symbol.indexOf("[");
  const to = symbol.lastIndexOf("]");
  const name = `${symbol.slice(0, from)}[...]${symbol.slice(to + 1)}`;
  return to < from || name === symbol ? frame : { ...frame, function: name };
});

/**
 * `payments.(*Client).Authorize` of `example.com/shop/payments.(*Client).Authorize`: enough for a title. Slashes in
 * brackets belong to the import paths of type arguments.
 */
export function shortName(symbol: string): string {
  const brackets = symbol.search(/[[(]/);
  const end = brackets === -1 ? symbol.length : brackets;
  return symbol.slice(symbol.lastIndexOf("/", end) + 1);
}
