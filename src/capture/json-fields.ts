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
  /** A moment in ISO 8601. */
  time(name: string): string;
  optionalTime(name: string): string | undefined;
  /** One of `words`. */
  oneOf<Word extends string>(name: string, words: readonly Word[], fallback: NoInfer<Word>): Word;
  matching(name: string, pattern: RegExp, what: string): string | undefined;
  object(name: string): JsonFields;
  list(name: string): readonly JsonFields[];
  complain(name: string, what: string): void;
}

export function jsonFields(value: unknown, place: string, errors: string[]): JsonFields {
  const object = isObject(value) ? value : {};
  if (!isObject(value)) errors.push(`${place === "" ? "the document" : place}: must be an object`);

  function complain(name: string, what: string): void {
    const got = object[name];
    const path = place === "" ? name : `${place}.${name}`;
    errors.push(got === undefined ? `${path}: missing` : `${path}: ${what}, not ${shown(got)}`);
  }
  function required<T>(name: string, is: (value: unknown) => value is T, what: string, fallback: T): T {
    const got = object[name];
    if (is(got)) return got;
    if (isObject(value)) complain(name, what);
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

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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
function isTime(value: unknown): value is string {
  return typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
