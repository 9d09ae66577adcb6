import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  Parser,
  type Scalar,
  type YAMLMap,
} from "yaml";
import type { LintProblem } from "../domain/configuration/lint-problem.ts";
import { firstTooDeep } from "../domain/configuration/yaml-depth.ts";
import { ambiguityOf } from "./ambiguous.ts";
import { isSecretPath } from "./diff.ts";
import { below, deepest } from "./values.ts";
import { composing, offsetOf, repeatedKeys, repeatedName, syntaxText } from "./yaml-document.ts";

/** Problems of a document that stands in another one, by its name there. */
export type LintInner = (name: string, text: string) => readonly LintProblem[];

const coreTags = new Set(
  ["str", "int", "float", "bool", "null", "map", "seq"].map((name) => `tag:yaml.org,2002:${name}`),
);

/** What of a YAML text readers could take differently; nested deeper than can be read it is one problem. */
export function yamlProblems(source: string, lintInner: LintInner): readonly LintProblem[] {
  const lines = new LineCounter();
  const tokens = [...new Parser(lines.addNewLine).parse(source)];
  const found = new Found(source, lines, lintInner);
  const tooDeep = firstTooDeep(tokens, deepest);
  if (tooDeep !== undefined) {
    found.unreadable(tooDeep, `It is nested deeper than ${deepest} levels.`);
    return found.problems;
  }
  for (const document of new Composer(composing).compose(tokens, false, source.length)) {
    for (const problem of document.errors) found.unreadable(problem.pos[0], syntaxText(problem));
    if (document.directives.yaml.explicit === true) {
      found.unreadable(
        Math.max(0, source.indexOf("%YAML")),
        "%YAML says which version this is, and not every reader listens: leave it out.",
      );
    }
    found.look(document.contents, "");
  }
  return found.problems;
}

class Found {
  readonly problems: LintProblem[] = [];
  readonly #source: string;
  readonly #lines: LineCounter;
  readonly #lintInner: LintInner;

  constructor(source: string, lines: LineCounter, lintInner: LintInner) {
    this.#source = source;
    this.#lines = lines;
    this.#lintInner = lintInner;
  }

  unreadable(offset: number, message: string): void {
    this.problems.push({ kind: "unreadable", ...this.#placeOf(offset), message, key: "" });
  }

  look(node: unknown, path: string): void {
    if (isAlias(node)) {
      const message = `An alias stands for what is elsewhere, and not every reader expands it: write the value itself.`;
      this.unreadable(offsetOf(node), message);
      return;
    }
    this.#tag(node);
    if (isMap(node)) this.#map(node, path);
    else if (isSeq(node))
      for (const [index, item] of node.items.entries()) this.look(item, `${path}[${index}]`);
    else if (isScalar(node)) this.#scalar(node, path);
  }

  #map(map: YAMLMap, path: string): void {
    for (const key of repeatedKeys(map)) this.unreadable(offsetOf(key), repeatedName);
    const isConfigMap = path === "" && textAt(map, "kind") === "ConfigMap" && map.has("apiVersion");
    for (const { key, value } of map.items) {
      if (!isScalar(key)) {
        this.unreadable(offsetOf(key), "A name must be plain text.");
        continue;
      }
      const name = key.source ?? String(key.value);
      if (name === "<<" && key.type === "PLAIN") {
        this.unreadable(
          offsetOf(key),
          'A merge key ("<<") is a setting like any other to some readers: write out what it brings.',
        );
        continue;
      }
      const at = below(path, name);
      this.look(key, at);
      if (isConfigMap && name === "data" && isMap(value)) this.#data(value, at);
      else this.look(value, at);
    }
  }

  /** A ConfigMap's documents are read by programs of their own. */
  #data(data: YAMLMap, path: string): void {
    for (const { key, value } of data.items) {
      const name = isScalar(key) ? String(key.value) : "";
      const at = below(path, name);
      const isText = isScalar(value) && typeof value.value === "string" && value.type !== "PLAIN";
      if (!isText) {
        this.look(value, at);
        continue;
      }
      for (const problem of this.#lintInner(name, String(value.value))) {
        this.problems.push({
          ...problem,
          ...this.#outer(value, problem),
          key: problem.key === "" ? "" : `${at} ${problem.key}`,
        });
      }
    }
  }

  /** Where a place of a document inside is in the file: in a block the lines are the file's, only further in. */
  #outer(node: Scalar, { line, column }: LintProblem): Pick<LintProblem, "line" | "column"> {
    const first = this.#placeOf(offsetOf(node));
    if (node.type !== "BLOCK_LITERAL") return first;
    const inside = String(node.value).split("\n")[line - 1] ?? "";
    const start = this.#lines.lineStarts[first.line + line - 1] ?? 0;
    const end = this.#source.indexOf("\n", start);
    const outside = this.#source.slice(start, end < 0 ? undefined : end).replace(/\r$/, "");
    return { line: first.line + line, column: column + Math.max(0, outside.length - inside.length) };
  }

  #scalar(node: Scalar, path: string): void {
    const { source = "", type, tag } = node;
    if (type !== "PLAIN" || tag !== undefined) return;
    const ambiguity = ambiguityOf(source);
    if (ambiguity === undefined) return;
    const { what, instead } = ambiguity;
    this.problems.push({
      kind: "ambiguous",
      ...this.#placeOf(offsetOf(node)),
      message: isSecretPath(path)
        ? `This value (not shown) ${what}: put it in quotes.`
        : `${source} ${what}: write ${instead}.`,
      key: `${path} ${source}`,
    });
  }

  #tag(node: unknown): void {
    const { tag } = (node ?? {}) as { readonly tag?: string };
    if (tag === undefined || coreTags.has(tag)) return;
    const message =
      "This tag is for a certain program, and others read something else or nothing: leave it out.";
    this.unreadable(offsetOf(node), message);
  }

  #placeOf(offset: number): Pick<LintProblem, "line" | "column"> {
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: col };
  }
}

function textAt(map: YAMLMap, name: string): string | undefined {
  const node = map.get(name, true);
  return isScalar(node) && typeof node.value === "string" ? node.value : undefined;
}
