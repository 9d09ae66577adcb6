import type { LintProblem } from "../domain/configuration/lint-problem.ts";
import { readJsonValues } from "../domain/json-values.ts";
import { isDocumentName, largestDocumentBytes, readDocument } from "./document.ts";
import { yamlProblems } from "./yaml-lint.ts";

/** Further ones of a file are of the same kind. */
const mostProblems = 50;

/**
 * Why two readers could take a configuration file differently, so that what somebody approved is not what a program reads. A
 * file that is no document by its name has none: its values are told to nobody. Never throws for what is in the file.
 */
export function lintDocument(name: string, bytes: Uint8Array): readonly LintProblem[] {
  if (!isDocumentName(name)) return [];
  if (bytes.byteLength > largestDocumentBytes) return [unreadable("It is larger than 1 MiB: split it.")];
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return [unreadable("It is not UTF-8 text: save it as UTF-8.")];
  }
  return lintText(name, text, bytes);
}

function lintText(name: string, text: string, bytes: Uint8Array): readonly LintProblem[] {
  const isJson = /\.json$/i.test(name);
  const problems = [
    ...hiddenCharacters(text),
    ...(isJson || /\.ya?ml$/i.test(name) ? yamlProblems(text, lintInner) : []),
  ].filter(({ kind }) => !isJson || kind === "unreadable");
  const isUnreadable = problems.some(({ kind }) => kind === "unreadable");
  if (isJson && !isUnreadable) problems.push(...jsonProblems(text));
  // Whatever else keeps its values from being told: too many of them, names that are the same by their paths.
  const read = readDocument(name, bytes);
  if (!read.ok && !isUnreadable) {
    problems.push({ ...unreadable(read.error.message), line: read.error.at.value });
  }
  const isTemplate = /\{\{|<%/.test(text);
  return problems.slice(0, mostProblems).map((problem) => (isTemplate ? withTemplateHint(problem) : problem));
}

function lintInner(name: string, text: string): readonly LintProblem[] {
  return isDocumentName(name) ? lintText(name, text, new TextEncoder().encode(text)) : [];
}

/**
 * Line breaks to readers of YAML 1.1 alone (yaml.org/spec/1.1, chapter 4.1.4); characters that turn the order around in which
 * people see a line (trojansource.codes); and such that are not seen at all (unicode.org/reports/tr44,
 * Default_Ignorable_Code_Point), but for what joins and colours emoji. At the beginning of a file it is the byte order mark.
 */
const hidden =
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u0085\u2028\u2029]|(?!^\ufeff|(?<=\p{Extended_Pictographic}\ufe0f?)(?:\u200d|\ufe0f))[\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/gu;

function hiddenCharacters(text: string): readonly LintProblem[] {
  return [...text.matchAll(hidden)].slice(0, mostProblems).map(({ 0: character, index }) => {
    const before = text.slice(0, index).split("\n");
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return {
      ...unreadable(`U+${code} is here, which people do not see and readers take differently: take it out.`),
      line: before.length,
      column: (before.at(-1) ?? "").length + 1,
    };
  });
}

function jsonProblems(text: string): readonly LintProblem[] {
  const json = text.replace(/^\ufeff/, " ");
  try {
    JSON.parse(json);
    return [];
  } catch {
    // The error's message repeats the text, where a secret may stand, and does not always say where it breaks.
    const { brokenAt = 0 } = readJsonValues(json, 1);
    const before = json.slice(0, brokenAt).split("\n");
    return [
      {
        ...unreadable("It is YAML and not JSON: readers of JSON refuse it."),
        line: before.length,
        column: (before.at(-1) ?? "").length + 1,
      },
    ];
  }
}

function withTemplateHint(problem: LintProblem): LintProblem {
  const hint = "It looks like a template: keep what comes out of it here, and the template elsewhere.";
  if (problem.kind !== "unreadable" || problem.message.includes(hint)) return problem;
  return { ...problem, message: `${problem.message} ${hint}` };
}

function unreadable(message: string): LintProblem {
  return { kind: "unreadable", line: 1, column: 1, message, key: "" };
}
