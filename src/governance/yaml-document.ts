import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { firstTooDeep } from "../domain/configuration/yaml-depth.ts";
import type { ParseError, ParseResult } from "../domain/evidence/parse-result.ts";
import { ambiguityOf } from "./ambiguous.ts";
import { below, type ConfigValue, type ConfigValues, deepest, listNames, mostValues } from "./values.ts";

/** The library looks for a name by going through all before it: with some 100,000 in one section that takes minutes. */
export const composing = { prettyErrors: false, resolveKnownTags: false, uniqueKeys: false } as const;
export const repeatedName = "A name is here for the second time in its section.";

type ReadInner = (name: string, text: string) => ConfigValues | undefined;

/** What a document cannot be read for. */
class Refusal extends Error {
  readonly code: ParseError["code"];
  readonly offset: number;

  constructor(code: ParseError["code"], message: string, offset: number) {
    super(message);
    this.code = code;
    this.offset = offset;
  }
}

/** Values of all documents of a YAML text. `readInner` reads what stands in the `data` of a ConfigMap. */
export function yamlValues(source: string, readInner: ReadInner): ParseResult<ConfigValues> {
  const lines = new LineCounter();
  try {
    return { ok: true, value: valuesOf(source, lines, readInner) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, message, offset } = error;
    return { ok: false, error: { code, message, at: { unit: "line", value: lines.linePos(offset).line } } };
  }
}

function valuesOf(source: string, lines: LineCounter, readInner: ReadInner): ConfigValues {
  const tokens = [...new Parser(lines.addNewLine).parse(source)];
  // The library composes recursively: what is too deep has to be found before.
  const tooDeep = firstTooDeep(tokens, deepest);
  if (tooDeep !== undefined) {
    throw new Refusal("too-large", `It is nested deeper than ${deepest} levels.`, tooDeep);
  }
  const documents = [...new Composer(composing).compose(tokens, false, source.length)];
  const values = new Map<string, ConfigValue>();
  for (const [index, document] of documents.entries()) {
    const [problem] = document.errors;
    if (problem !== undefined) throw new Refusal("damaged", syntaxText(problem), problem.pos[0]);
    const path = documents.length === 1 ? "" : documentName(document, index);
    new Flattener(values, lines, readInner).add(document.contents, path);
  }
  return values;
}

/** What the library found wrong, without what stands there. */
export function syntaxText({ message }: Document.Parsed["errors"][number]): string {
  // Behind the colon the library repeats what stands there, which may be a secret.
  return `It is not YAML: ${message.replace(/(?<! ): .*$/s, "")}.`;
}

/** `ConfigMap/order` for what Kubernetes would call so, else its place: `document[2]`. */
function documentName({ contents }: Document.Parsed, index: number): string {
  const kind = textAt(contents, "kind");
  const metadata = isMap(contents) ? contents.get("metadata", true) : undefined;
  const name = textAt(metadata, "name");
  return kind === undefined || name === undefined ? `document[${index + 1}]` : `${kind}/${name}`;
}

function textAt(node: unknown, name: string): string | undefined {
  const value = isMap(node) ? node.get(name, true) : undefined;
  return isScalar(value) && typeof value.value === "string" ? value.value : undefined;
}

class Flattener {
  readonly #values: Map<string, ConfigValue>;
  readonly #lines: LineCounter;
  readonly #readInner: ReadInner;

  constructor(values: Map<string, ConfigValue>, lines: LineCounter, readInner: ReadInner) {
    this.#values = values;
    this.#lines = lines;
    this.#readInner = readInner;
  }

  add(root: unknown, path: string): void {
    const kind = textAt(root, "kind");
    const isKubernetes = textAt(root, "apiVersion") !== undefined;
    if (isKubernetes && kind === "Secret" && isMap(root)) this.#addSecret(root, path);
    else if (isKubernetes && kind === "ConfigMap" && isMap(root)) this.#addConfigMap(root, path);
    else this.#node(root, path, 0);
  }

  /** Of a Secret nothing but which names it has, and that a value is another one. */
  #addSecret(root: YAMLMap, path: string): void {
    this.#eachPair(root, path, (name, value, at) => {
      if ((name !== "data" && name !== "stringData") || !isMap(value)) this.#node(value, at, offsetOf(root));
      else {
        this.#eachPair(value, at, (_name, secret, place) => {
          const text = isScalar(secret) ? String(secret.value) : "";
          this.#set(place, { form: "scalar", text, line: this.#lineOf(secret), secret: true }, secret);
        });
      }
    });
  }

  #addConfigMap(root: YAMLMap, path: string): void {
    this.#eachPair(root, path, (name, value, at) => {
      if (name !== "data" || !isMap(value)) this.#node(value, at, offsetOf(root));
      else this.#eachPair(value, at, (key, text, place) => this.#inner(key, text, place));
    });
  }

  #inner(name: string, node: unknown, path: string): void {
    const text = isScalar(node) && typeof node.value === "string" ? node.value : undefined;
    const inner = text === undefined ? undefined : this.#readInner(name, text);
    if (inner === undefined || inner.size === 0) {
      this.#node(node, path, 0);
      return;
    }
    // The text of a block begins on the line below its "|"; elsewhere lines are not those of the file.
    const isBlock = isScalar(node) && node.type === "BLOCK_LITERAL";
    const first = this.#lineOf(node);
    for (const [inside, value] of inner) {
      const line = isBlock && value.line > 0 ? first + value.line : first;
      const joined = inside.startsWith("[") ? `${path}${inside}` : `${path}.${inside}`;
      this.#set(joined, { ...value, line }, node);
    }
  }

  #node(node: unknown, path: string, parentOffset: number): void {
    if (isAlias(node)) {
      throw new Refusal(
        "damaged",
        "Aliases are not read: what they stand for is not told here.",
        offsetOf(node),
      );
    }
    if (isMap(node)) {
      if (node.items.length === 0)
        this.#set(path, { form: "empty", text: "{}", line: this.#lineOf(node) }, node);
      this.#eachPair(node, path, (_name, value, at) => this.#node(value, at, offsetOf(node)));
      return;
    }
    if (isSeq(node)) {
      this.#list(node, path);
      return;
    }
    const line = isScalar(node) ? this.#lineOf(node) : this.#lines.linePos(parentOffset).line;
    this.#set(path, { form: "scalar", text: valueText(node), line }, node);
  }

  #list(list: YAMLSeq, path: string): void {
    const line = this.#lineOf(list);
    const { items } = list;
    if (items.length === 0) {
      this.#set(path, { form: "empty", text: "[]", line }, list);
      return;
    }
    const alias = items.find((item) => isAlias(item));
    if (alias !== undefined) this.#node(alias, path, 0);
    if (items.every((item) => isScalar(item))) {
      const texts = items.map(valueText);
      this.#set(path, { form: "list", text: `[${texts.join(", ")}]`, items: texts, line }, list);
      return;
    }
    const named = listNames(items, scalarAt);
    if (named === undefined) {
      for (const [index, item] of items.entries()) this.#node(item, `${path}[${index}]`, offsetOf(list));
      return;
    }
    const { by, names } = named;
    this.#set(path, { form: "order", text: `[${names.join(", ")}]`, items: names, line }, list);
    for (const [index, item] of items.entries()) {
      this.#node(item, `${path}[${by}=${names[index]}]`, offsetOf(list));
    }
  }

  #eachPair(map: YAMLMap, path: string, see: (name: string, value: unknown, path: string) => void): void {
    const [again] = repeatedKeys(map);
    if (again !== undefined) throw new Refusal("damaged", repeatedName, offsetOf(again));
    for (const { key, value } of map.items) {
      if (!isScalar(key)) throw new Refusal("damaged", "A name must be plain text.", offsetOf(key));
      const name = scalarText(key);
      if (name === "<<") throw new Refusal("damaged", 'Merge keys ("<<") are not read.', offsetOf(key));
      see(name, value ?? key, below(path, name));
    }
  }

  #set(path: string, value: ConfigValue, node: unknown): void {
    if (this.#values.has(path)) {
      throw new Refusal("damaged", `${path} is here for the second time.`, offsetOf(node));
    }
    if (this.#values.size >= mostValues) {
      throw new Refusal("too-large", `There are more than ${mostValues} values.`, offsetOf(node));
    }
    this.#values.set(path, value);
  }

  #lineOf(node: unknown): number {
    return this.#lines.linePos(offsetOf(node)).line;
  }
}

/** Names that are in a section already, as they are written or by what they mean: `1` and `0x1`. */
export function repeatedKeys(map: YAMLMap): readonly Scalar[] {
  const seen = new Set<unknown>();
  return map.items.flatMap(({ key }) => {
    if (!isScalar(key)) return [];
    const [text, value] = [`text ${scalarText(key)}`, key.value];
    const isAgain = seen.has(text) || seen.has(value);
    seen.add(text).add(value);
    return isAgain ? [key] : [];
  });
}

function scalarAt(item: unknown, name: string): string | undefined {
  const value = isMap(item) ? item.get(name, true) : undefined;
  return isScalar(value) ? scalarText(value) : undefined;
}

/** A number, a truth value or null of YAML 1.2's core schema (yaml.org/spec/1.2.2, chapter 10.3.2) when it has no quotes. */
const otherType =
  /^(?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?\d+|[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|0o[0-7]+|0x[\da-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/**
 * A value as it is told and compared: with quotes where it would be of another type to some reader without them, because
 * Go's readers do not take `"200"` where they want 200.
 */
function valueText(node: unknown): string {
  const text = scalarText(node);
  const isQuoted = isScalar(node) && (node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE");
  if (!isQuoted) return text;
  return otherType.test(text) || ambiguityOf(text) !== undefined ? JSON.stringify(text) : text;
}

/** As written where it is plain, so that `no`, `010` and `1_000` stay what people see; a name, or what is no value. */
function scalarText(node: unknown): string {
  if (!isScalar(node)) return "null";
  if (node.type === "PLAIN" && node.source !== undefined) return node.source === "" ? "null" : node.source;
  return typeof node.value === "string" ? node.value : String(node.value);
}

/** Where a node begins in the text. */
export function offsetOf(node: unknown): number {
  return (node as Node | null | undefined)?.range?.[0] ?? 0;
}
