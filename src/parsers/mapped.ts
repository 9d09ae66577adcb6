import type { ByteParser, ParseError, ParseResult } from "../domain/evidence/parse-result.ts";

/** A parser whose value `map` makes something else of; `damage` is where the input broke off, if it did. */
export function mapped<From, To>(
  parser: ByteParser<From>,
  map: (value: From, damage: ParseError | undefined) => To,
): ByteParser<To> {
  return {
    ...passedOn(parser),
    end(): ParseResult<To> {
      const result = parser.end();
      return result.ok ? { ...result, value: map(result.value, result.damage) } : result;
    },
  };
}

/** Input that another parser takes as it is. */
export function passedOn<T>(parser: ByteParser<T>): Pick<ByteParser<T>, "push" | "room"> {
  return { push: (chunk) => parser.push(chunk), room: () => parser.room?.() };
}
