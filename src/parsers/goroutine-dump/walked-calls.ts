import { readPlace } from "./goroutine-text.ts";
import { ascii, isDigit, standsAt } from "./header.ts";
import type { StackWalk } from "./stack-walk.ts";
import { lineFeedAt } from "./word-scan.ts";

const creatorWord = ascii("created by ");
const creatorIdWord = ascii(" in goroutine ");

/** Index of the first call of the last walk whose function ends with `suffix`, or -1. */
export function callOf(walk: StackWalk, suffix: Uint8Array): number {
  for (let call = 0; call < walk.callCount; call++) {
    const end = walk.nameEnds[call] ?? 0;
    if (standsAt(walk.memory.bytes, end - suffix.length, end, suffix)) return call;
  }
  return -1;
}

/** The id behind the name of the creator, which is the last call; 0 when there is none. */
export function creatorId(walk: StackWalk): number {
  const { bytes } = walk.memory;
  const nameEnd = walk.nameEnds[walk.callCount - 1] ?? 0;
  if (!standsAt(bytes, nameEnd, bytes.length, creatorIdWord)) return 0;
  let id = 0;
  for (let at = nameEnd + creatorIdWord.length; isDigit(bytes[at]); at++)
    id = id * 10 + (bytes[at] ?? 0) - 0x30;
  return id;
}

export function isCreator(walk: StackWalk, call: number): boolean {
  return standsAt(walk.memory.bytes, walk.callStarts[call] ?? 0, walk.nameEnds[call] ?? 0, creatorWord);
}

/** The function and place of a call of the last walk; undefined when it is not written as calls are. */
export function plainCall(
  walk: StackWalk,
  call: number,
): { function: string; file: string; line: number } | undefined {
  const { bytes, view } = walk.memory;
  const written = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lineEnd = lineFeedAt(bytes, view, walk.nameEnds[call] ?? 0, bytes.length);
  const symbol = plainSymbol(written.toString("utf8", walk.callStarts[call], lineEnd));
  const place = readPlace(written.toString("utf8", lineEnd + 1, walk.placeEnds[call]));
  return symbol === undefined || place === undefined ? undefined : { function: symbol, ...place };
}

/** The function of a line that is a call or a creator and nothing else; names with blanks are left to a closer look. */
function plainSymbol(line: string): string | undefined {
  const words = /^(?:created by (\S+)(?: in goroutine \d+)?|([^\s(]\S*)\([^()]*\))$/.exec(line);
  return words?.[1] ?? words?.[2];
}
