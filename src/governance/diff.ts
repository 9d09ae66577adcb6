import type { ConfigChange } from "../domain/configuration/config-change.ts";
import { looksLikeSecret } from "../domain/configuration/secret-shapes.ts";
import { unquoted } from "./quantity.ts";
import type { ConfigValue, ConfigValues } from "./values.ts";

/** A number, an address, a duration; longer texts are told by their length. */
const mostCharacters = 120;

/**
 * What is another value in `after` than in `before`, in the order of the newer file, what was removed last. Comments and
 * the order of names say nothing to a program and are no changes; the order of a list's items is told apart. What may be a
 * secret by its name or its shape is told without its values.
 */
export function changesBetween(
  file: string,
  before: ConfigValues,
  after: ConfigValues,
): readonly ConfigChange[] {
  const changes: ConfigChange[] = [];
  for (const [path, now] of after) {
    const was = before.get(path);
    if (was === undefined) {
      if (now.form !== "order") changes.push(changeOf(file, path, undefined, now));
    } else if (isOther(was, now)) {
      changes.push(changeOf(file, path, was, now));
    }
  }
  for (const [path, was] of before) {
    if (!after.has(path) && was.form !== "order") changes.push(changeOf(file, path, was, undefined));
  }
  return changes;
}

function isOther(was: ConfigValue, now: ConfigValue): boolean {
  if (was.form === "order" && now.form === "order") return isReordered(was, now);
  // What became a list of other things is told by its values.
  if (was.form === "order" || now.form === "order") return false;
  return was.text !== now.text || was.form !== now.form;
}

/** Whether the items that are in both lists stand in another order. */
function isReordered({ items: were = [] }: ConfigValue, { items: are = [] }: ConfigValue): boolean {
  const [before, after] = [new Set(were), new Set(are)];
  const keptBefore = were.filter((item) => after.has(item));
  const keptAfter = are.filter((item) => before.has(item));
  return keptBefore.some((item, index) => keptAfter[index] !== item);
}

function changeOf(
  file: string,
  path: string,
  was: ConfigValue | undefined,
  now: ConfigValue | undefined,
): ConfigChange {
  const line = (now ?? was)?.line ?? 0;
  // Quotes tell a text from a number: where both are texts, as all environment variables are, they tell nothing.
  const areTexts = [was, now].every((value) => value !== undefined && unquoted(value.text) !== value.text);
  const told = areTexts ? (text: string) => unquoted(text) : (text: string) => text;
  return {
    file,
    path,
    kind: kindOf(was, now),
    ...(isSecretPath(path) || isSecret(was) || isSecret(now)
      ? { secret: true }
      : {
          ...(was === undefined ? {} : { from: shown(told(was.text)) }),
          ...(now === undefined ? {} : { to: shown(told(now.text)) }),
        }),
    ...(line > 0 ? { line } : {}),
  };
}

function kindOf(was: ConfigValue | undefined, now: ConfigValue | undefined): ConfigChange["kind"] {
  if (was === undefined) return "added";
  if (now === undefined) return "removed";
  const isSame = (was.items ?? []).toSorted().join("\n") === (now.items ?? []).toSorted().join("\n");
  return now.form === "order" || (was.form === "list" && now.form === "list" && isSame)
    ? "reordered"
    : "changed";
}

function isSecret(value: ConfigValue | undefined): boolean {
  if (value === undefined) return false;
  return value.secret === true || [value.text, ...(value.items ?? [])].some((text) => looksSecret(text));
}

/** A secret may stand anywhere in a text that has several lines or words. */
function looksSecret(text: string): boolean {
  return looksLikeSecret(text) || text.split(/[\s"',;=]+/).some((word) => looksLikeSecret(word));
}

/** Words in the names of settings that hold secrets. `max_tokens` is caught, too: rather that than the other way. */
const secretName =
  /pass(?:word|wd|phrase|code)|(?:^|[^a-z])(?:pass|pwd|pw|dsn|salt|pin)(?:[^a-z]|$)|secret|token|credential|private[-_.]?key|api[-_.]?key|access[-_.]?key|signing[-_.]?key|encryption[-_.]?key|connection[-_.]?string|authorization|cookie/i;

/** Whether what a setting is called says that its value is a secret. */
export function isSecretPath(path: string): boolean {
  return secretName.test(path);
}

/** Whether a change does not say what a value is or was, but how long. A value of these very words is taken for one, too. */
export function isToldByLength({ from = "", to = "" }: ConfigChange): boolean {
  return [from, to].some((text) => /^text of \d+ characters$/.test(text));
}

function shown(text: string): string {
  const isLong = text.length > mostCharacters || text.includes("\n");
  return isLong ? `text of ${text.length} characters` : text;
}
