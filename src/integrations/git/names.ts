/** Names of files, as people and file systems take them. */

/** As file systems compare names that take no heed of case, of how letters are composed, and of what is not shown. */
export function folded(path: string): string {
  return path
    .normalize("NFKD")
    .replace(/\p{Cf}/gu, "")
    .toUpperCase()
    .toLowerCase();
}

/** Control and format characters, those of private use, Hangul fillers, and every space but the usual one. */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\u115f\u1160\u3164\uffa0]|(?! )\p{Zs}/gu;

/** With everything that would not be seen written out. */
export function shownPath(path: string): string {
  return path.replace(hidden, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** Alphabets with letters that look like Latin ones (unicode.org/reports/tr39, "mixed-script confusables"). */
const lookalikes = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;

/** Why people may take a name for another one, in words after it; undefined where they do not. */
export function misreadName(path: string): string | undefined {
  if (shownPath(path) !== path)
    return "has a character in its name that is not shown, or looks like a space: rename it";
  const isMixed = path
    .split(/[^\p{L}\p{M}]+/u)
    .some((word) => /\p{Script=Latin}/u.test(word) && lookalikes.test(word));
  return isMixed ? "mixes letters of alphabets that look alike in its name: rename it" : undefined;
}
