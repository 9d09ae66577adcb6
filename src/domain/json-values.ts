/** What was read of a text of JSON values, one behind the other, and where that ended. */
export interface JsonValues {
  /** Whole ones, and last one that is not: what stands before `brokenAt` is in it. */
  readonly values: readonly unknown[];
  /**
   * Index of the first character that is not JSON or stands behind the last value that was asked for, or the text's length
   * where a value is cut off; absent when all was read. Of a string that is none, a control character in it say, where it
   * begins.
   */
  readonly brokenAt?: number;
  /** Index at which an object or list of these values begins. */
  readonly at: (value: object) => number;
}

/** Deeper ones are not read: each level is a call. No document that is read elsewhere may be deeper than 100. */
const mostDepth = 128;
const blank = /[ \t\r\n]*/y;
/** Numbers without a zero before them (RFC 8259, section 6), and the three words. */
const plain = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

class Broken extends Error {}

/**
 * Reads JSON as far as it goes, `most` values at most: JSON.parse gives nothing of a text that is cut off, and does not always
 * say where it breaks. Objects have no prototype, so that every name in them is the text's own.
 */
export function readJsonValues(text: string, most = Number.POSITIVE_INFINITY): JsonValues {
  const starts = new WeakMap<object, number>();
  const values: unknown[] = [];
  let at = 0;

  function passBlanks(): string {
    blank.lastIndex = at;
    blank.test(text);
    at = blank.lastIndex;
    return text.charAt(at);
  }
  function string(): string {
    const start = at;
    let end = start;
    let slashes: number;
    do {
      end = text.indexOf('"', end + 1);
      if (end === -1) {
        at = text.length;
        throw new Broken();
      }
      slashes = 0;
      while (text.charAt(end - 1 - slashes) === "\\") slashes++;
    } while (slashes % 2 === 1);
    at = end + 1;
    try {
      return String(JSON.parse(text.slice(start, at)));
    } catch {
      at = start;
      throw new Broken();
    }
  }
  function value(keep: (value: unknown) => void, depth: number): void {
    const first = passBlanks();
    if (first === '"') keep(string());
    else if (first === "{" || first === "[") {
      if (depth === mostDepth) throw new Broken();
      // Kept before it is read, so that what is read of it stays when it breaks off.
      if (first === "{") {
        const object: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
        starts.set(object, at);
        keep(object);
        members("}", () => {
          if (passBlanks() !== '"') throw new Broken();
          const name = string();
          expect(":");
          value((inner) => (object[name] = inner), depth + 1);
        });
      } else {
        const list: unknown[] = [];
        starts.set(list, at);
        keep(list);
        members("]", () => value((inner) => list.push(inner), depth + 1));
      }
    } else {
      plain.lastIndex = at;
      const found = plain.exec(text)?.[0];
      if (found === undefined) throw new Broken();
      at += found.length;
      keep(JSON.parse(found));
    }
  }
  function members(close: string, member: () => void): void {
    at++;
    if (passBlanks() === close) {
      at++;
      return;
    }
    for (;;) {
      member();
      const next = passBlanks();
      if (next === close) {
        at++;
        return;
      }
      expect(",");
    }
  }
  function expect(character: string): void {
    if (passBlanks() !== character) throw new Broken();
    at++;
  }

  const found = { values, at: (object: object) => starts.get(object) ?? 0 };
  try {
    while (passBlanks() !== "" && values.length < most) value((one) => values.push(one), 0);
    return at === text.length ? found : { ...found, brokenAt: at };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return { ...found, brokenAt: at };
  }
}
