/**
 * - `scalar`: one value. - `empty`: a map or a list without anything in it.
 * - `list`: values in order; `text` is all of them, `items` each.
 * - `order`: names of the items of a list, whose values stand at paths of their own.
 */
export type ValueForm = "scalar" | "empty" | "list" | "order";

/** A value as it stands in a configuration file. */
export interface ConfigValue {
  readonly form: ValueForm;
  /**
   * As a person would write it. A plain YAML scalar keeps its spelling: `no` and `false` are two values here, because YAML
   * 1.1 and 1.2 do not agree on what they are, and a reader of either sees a change. A text keeps its quotes where it would be
   * of another type without them: so are `"200"` and 200.
   */
  readonly text: string;
  readonly items?: readonly string[];
  /** 1-based; 0 where it is not known. */
  readonly line: number;
  /** It stands where only secrets do, whatever it is called. */
  readonly secret?: true;
}

/** Values by their path, in the order of the file. */
export type ConfigValues = ReadonlyMap<string, ConfigValue>;

/** `redis` and `max_active` -> `redis.max_active`; names that are no plain words are quoted: `data["app.yaml"]`. */
export function below(path: string, name: string): string {
  if (!/^[\w-]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}

/** Many values of one file; more than a person wrote. */
export const mostValues = 20_000;

/** A hand-written file is about ten levels deep. */
export const deepest = 100;

/** What tells the items of a list apart, the first that all of them have. */
const itemNames = ["name", "key", "id"] as const;

/** How the items of a list are called, and by which of their values; undefined where nothing tells them apart. */
export function listNames<T>(
  items: readonly T[],
  textAt: (item: T, name: string) => string | undefined,
): { readonly by: string; readonly names: readonly string[] } | undefined {
  for (const by of itemNames) {
    const names = items.flatMap((item) => textAt(item, by) ?? []);
    if (names.length === items.length && new Set(names).size === items.length) return { by, names };
  }
  return undefined;
}
