/** What a line `goroutine N [state, ...]:` says, as numbers and offsets: no string is made for it. */
export interface HeaderFields {
  id: number;
  /** `bytes[stateStart .. stateEnd]`, e.g. "chan receive (nil chan) (scan)". */
  stateStart: number;
  stateEnd: number;
  /** 0 when the header gives none. */
  waitMinutes: number;
  lockedToThread: boolean;
  /** The frames carry `fp= sp= pc=` (GOTRACEBACK=system or a dying goroutine: the header has `gp=`). */
  withRegisters: boolean;
  /** `bytes[labelsStart .. labelsEnd]` with its braces; both 0 when there are none. */
  labelsStart: number;
  labelsEnd: number;
}

export function emptyHeader(): HeaderFields {
  return {
    id: 0,
    stateStart: 0,
    stateEnd: 0,
    waitMinutes: 0,
    lockedToThread: false,
    withRegisters: false,
    labelsStart: 0,
    labelsEnd: 0,
  };
}

/** The bytes of `text`, which must be ASCII. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** True when `word` stands at `at` and ends at or before `end`. */
export function standsAt(bytes: Uint8Array, at: number, end: number, word: Uint8Array): boolean {
  if (at + word.length > end) return false;
  for (let i = 0; i < word.length; i++) {
    if (bytes[at + i] !== word[i]) return false;
  }
  return true;
}

export const headerWord = ascii("goroutine ");
const labelsWord = ascii(" labels:{");
const minutesWord = ascii(" minutes");
const lockedWord = ascii("locked to thread");

const space = 0x20;
const colon = 0x3a;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const letterG = 0x67;

/**
 * Reads the header in `bytes[start .. end]`, a line without its line feed. False when it is not one.
 *
 * `goroutine ID( gp=ADDR m=N mp=ADDR) [STATE(, N minutes)(, locked to thread)(, synctest bubble N)]:`
 * (Go source: runtime/traceback.go goroutineheader). Labels come in three forms: ` labels:{...}` inside the brackets
 * (Go 1.26), ` {...}` and `{...}` behind them. Their values are quoted, so they hold no line feed.
 */
export function readHeader(bytes: Uint8Array, start: number, end: number, header: HeaderFields): boolean {
  let last = end - 1;
  while (last > start && isBlank(bytes[last])) last--;
  if (bytes[last] !== colon) return false;

  let at = start + headerWord.length;
  const firstDigit = at;
  let id = 0;
  while (at < last && isDigit(bytes[at])) id = id * 10 + (bytes[at++] ?? 0) - 0x30;
  if (at === firstDigit || bytes[at] !== space) return false;
  header.id = id;

  header.withRegisters = bytes[at + 1] !== openBracket;
  if (header.withRegisters) {
    if (bytes[at + 1] !== 0x67 /* gp=, never free text */) return false;
    while (at < last && bytes[at] !== openBracket) at++;
  } else at++;
  if (bytes[at] !== openBracket) return false;
  header.stateStart = ++at;
  while (at < last && !endsState(bytes, at, last)) at++;
  header.stateEnd = at;

  header.waitMinutes = 0;
  header.lockedToThread = false;
  while (bytes[at] === comma) at = readAttribute(bytes, at + 2, last, header);

  header.labelsStart = 0;
  header.labelsEnd = 0;
  if (bytes[at] === closeBracket) {
    at++;
    while (bytes[at] === space) at++;
    if (at === last) return true;
    return bytes[at] === openBrace && setLabels(bytes, at, last, header);
  }
  if (bytes[at] !== space || bytes[last - 1] !== closeBracket) return false;
  return setLabels(bytes, at + labelsWord.length - 1, last - 1, header);
}

/** Reads what stands behind a ", " and returns where the next attribute, the labels or the bracket begin. */
function readAttribute(bytes: Uint8Array, start: number, last: number, header: HeaderFields): number {
  let at = start;
  if (isDigit(bytes[at])) {
    let minutes = 0;
    while (at < last && isDigit(bytes[at])) minutes = minutes * 10 + (bytes[at++] ?? 0) - 0x30;
    if (standsAt(bytes, at, last, minutesWord)) header.waitMinutes = minutes;
  } else if (standsAt(bytes, at, last, lockedWord)) {
    header.lockedToThread = true;
    at += lockedWord.length;
  }
  while (at < last && !endsState(bytes, at, last)) at++;
  return at;
}

function endsState(bytes: Uint8Array, at: number, last: number): boolean {
  const byte = bytes[at];
  if (byte === comma || byte === closeBracket) return true;
  return byte === space && bytes[at + 1] === 0x6c && standsAt(bytes, at, last, labelsWord);
}

function setLabels(bytes: Uint8Array, start: number, end: number, header: HeaderFields): boolean {
  let last = end - 1;
  while (last > start && bytes[last] === space) last--;
  if (bytes[last] !== closeBrace) return false;
  header.labelsStart = start;
  header.labelsEnd = last + 1;
  return true;
}

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isBlank(byte: number | undefined): boolean {
  return byte === space || byte === 0x0d || byte === 0x09;
}

/** The first letters of "goroutine " and nothing more: some of them, so that no stray letter is taken for it. */
export function endsInHeaderWord(bytes: Uint8Array, start: number, to: number): boolean {
  const length = to - start;
  return (
    length >= 4 && length <= headerWord.length && standsAt(headerWord, 0, length, bytes.subarray(start, to))
  );
}

/** Whether `goroutine 12 [` or `goroutine 12 gp=` begins at `start`, as far as it stands before `to`: a sentence that begins with "goroutine" is not a header. */
export function beginsHeader(bytes: Uint8Array, start: number, to: number): boolean {
  if (!standsAt(bytes, start, to, headerWord)) return false;
  let at = start + headerWord.length;
  if (!isDigit(bytes[at])) return false;
  while (at < to && isDigit(bytes[at])) at++;
  if (at === to) return true;
  if (bytes[at] !== space) return false;
  return at + 1 >= to || bytes[at + 1] === openBracket || bytes[at + 1] === letterG;
}
