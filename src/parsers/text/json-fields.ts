import { isJsonObject } from "../../domain/json-object.ts";

/** Reads one JSON object field by field; every complaint names its place and goes to a shared list. */
export interface JsonFields {
  all(): Readonly<Record<string, unknown>>;
  text(name: string): string;
  optionalText(name: string): string | undefined;
  /** A whole number of at least 0. */
  count(name: string): number;
  optionalCount(name: string): number | undefined;
  /** A finite number of at least 0. */
  amount(name: string): number;
  optionalAmount(name: string): number | undefined;
  /** A finite number. */
  number(name: string): number;
  optionalNumber(name: string): number | undefined;
  truth(name: string): boolean;
  /** A list of at most `most` texts. */
  texts(name: string, most: number): readonly string[];
  /** A moment in ISO 8601. */
  time(name: string): string;
  optionalTime(name: string): string | undefined;
  /** One of `words`. */
  oneOf<Word extends string>(name: string, words: readonly Word[], fallback: NoInfer<Word>): Word;
  /** A text that `pattern` matches, `what` in words; absent is no complaint. */
  matching(name: string, pattern: RegExp, what: string): string | undefined;
  object(name: string): JsonFields;
  list(name: string): readonly JsonFields[];
  complain(name: string, what: string): void;
}

export function jsonFields(value: unknown, place: string, errors: string[]): JsonFields {
  const object = isJsonObject(value) ? value : {};
  if (!isJsonObject(value)) errors.push(`${place === "" ? "the document" : place}: must be an object`);

  function complain(name: string, what: string): void {
    const got = object[name];
    const path = place === "" ? name : `${place}.${name}`;
    errors.push(got === undefined ? `${path}: missing` : `${path}: ${what}, not ${shown(got)}`);
  }
  function required<T>(name: string, is: (value: unknown) => value is T, what: string, fallback: T): T {
    const got = object[name];
    if (is(got)) return got;
    if (isJsonObject(value)) complain(name, what);
    return fallback;
  }
  function optional<T>(name: string, is: (value: unknown) => value is T, what: string): T | undefined {
    const got = object[name];
    if (got === undefined || is(got)) return got;
    complain(name, what);
    return undefined;
  }

  return {
    complain,
    all: () => object,
    text: (name) => required(name, isText, "must be a text", ""),
    optionalText: (name) => optional(name, isText, "must be a text"),
    count: (name) => required(name, isCount, "must be a whole number of at least 0", 0),
    optionalCount: (name) => optional(name, isCount, "must be a whole number of at least 0"),
    amount: (name) => required(name, isAmount, "must be a number of at least 0", 0),
    optionalAmount: (name) => optional(name, isAmount, "must be a number of at least 0"),
    number: (name) => required(name, isNumber, "must be a number", 0),
    optionalNumber: (name) => optional(name, isNumber, "must be a number"),
    truth: (name) => required(name, isTruth, "must be true or false", false),
    texts: (name, most) =>
      required(name, (got) => isTexts(got, most), `must be a list of at most ${most} texts`, []),
    time: (name) => required(name, isTime, "must be a time like 2024-05-21T03:12:00.000Z", ""),
    optionalTime: (name) => optional(name, isTime, "must be a time like 2024-05-21T03:12:00.000Z"),
    oneOf<Word extends string>(name: string, words: readonly Word[], fallback: NoInfer<Word>): Word {
      const isWord = (got: unknown): got is Word => words.some((word) => word === got);
      return required(name, isWord, `must be one of ${words.join(", ")}`, fallback);
    },
    matching(name, pattern, what) {
      return optional(name, (got): got is string => isText(got) && pattern.test(got), `must be ${what}`);
    },
    object(name) {
      const got = object[name];
      return jsonFields(got, place === "" ? name : `${place}.${name}`, errors);
    },
    list(name) {
      return required(name, isList, "must be a list", []).map((entry, index) =>
        jsonFields(entry, `${place === "" ? name : `${place}.${name}`}[${index}]`, errors),
      );
    },
  };
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
function isText(value: unknown): value is string {
  return typeof value === "string";
}
function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && isAmount(value);
}
function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
function isTruth(value: unknown): value is boolean {
  return typeof value === "boolean";
}
function isTexts(value: unknown, most: number): value is readonly string[] {
  return isList(value) && value.length <= most && value.every(isText);
}
/** A date and a time of day with its zone. */
const isoTime =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

function isTime(value: unknown): value is string {
  return typeof value === "string" && isoTime.test(value);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
