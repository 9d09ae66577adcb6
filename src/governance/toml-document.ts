import { type AST, ParseError, parseTOML } from "toml-eslint-parser";
import type { ParseResult } from "../domain/evidence/parse-result.ts";
import { below, type ConfigValue, type ConfigValues, deepest, listNames, mostValues } from "./values.ts";

/** The library takes a second for what somebody wrote to keep it busy; people write a tenth of this. */
const mostCharacters = 256 * 1024;

/** A part of a document: what its keys say, wherever in the file they stand. */
type Item =
  | { readonly kind: "table"; readonly entries: Map<string, Item>; readonly line: number }
  | { readonly kind: "list"; readonly items: Item[]; readonly line: number }
  | { readonly kind: "scalar"; readonly text: string; readonly line: number };

type Table = Extract<Item, { kind: "table" }>;

/** What a document cannot be read for. */
class Refusal extends Error {
  readonly code: "damaged" | "too-large";
  readonly line: number;

  constructor(code: "damaged" | "too-large", message: string, line: number) {
    super(message);
    this.code = code;
    this.line = line;
  }
}

/** Values of a TOML text, version 1.0 (toml.io/en/v1.0.0), which is what most of Go's readers read. */
export function tomlValues(source: string): ParseResult<ConfigValues> {
  try {
    if (source.length > mostCharacters)
      throw new Refusal("too-large", "TOML of more than 256 KiB is not read.", 1);
    const values = new Map<string, ConfigValue>();
    flatten(values, documentOf(source), "", 0);
    return { ok: true, value: values };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    const { code, message, line } = refusal;
    return { ok: false, error: { code, message, at: { unit: "line", value: line } } };
  }
}

function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  // Its messages name no text of the document, where a secret may stand.
  if (error instanceof ParseError) {
    return new Refusal("damaged", `It is not TOML: ${error.message}.`, error.lineNumber);
  }
  // The library goes down by one call per level, and takes the characters of a text as arguments of one call.
  if (!(error instanceof RangeError)) return undefined;
  return new Refusal(
    "too-large",
    "It is nested too deep, or has a value of more than 100,000 characters.",
    1,
  );
}

function documentOf(source: string): Table {
  const root = tableOf(1);
  for (const node of parseTOML(source).body[0].body) {
    if (node.type === "TOMLKeyValue") addPair(root, node, source);
    else {
      const table = tableAt(root, node.resolvedKey, lineOf(node));
      for (const pair of node.body) addPair(table, pair, source);
    }
  }
  return root;
}

function addPair(table: Table, { key, value }: AST.TOMLKeyValue, source: string): void {
  const names = key.keys.map((part) => (part.type === "TOMLBare" ? part.name : part.value));
  const last = names.pop() ?? "";
  tableAt(table, names, lineOf(key)).entries.set(last, itemOf(value, source));
}

function itemOf(node: AST.TOMLContentNode, source: string): Item {
  const line = lineOf(node);
  if (node.type === "TOMLArray") {
    return { kind: "list", items: node.elements.map((element) => itemOf(element, source)), line };
  }
  if (node.type === "TOMLInlineTable") {
    const table = tableOf(line);
    for (const pair of node.body) addPair(table, pair, source);
    return table;
  }
  return {
    kind: "scalar",
    text: node.kind === "string" ? stringText(node.value) : sourceOf(node, source),
    line,
  };
}

/** The table at `path` below `table`, made where it is not there yet; a number is a place in an array of tables. */
function tableAt(table: Table, path: readonly (string | number)[], line: number): Table {
  let item: Item = table;
  for (const [depth, part] of path.entries()) {
    const next = typeof path[depth + 1] === "number" ? listOf(line) : tableOf(line);
    item = typeof part === "number" ? itemIn(item, part, next) : entryOf(item, part, next);
  }
  if (item.kind !== "table") throw new Refusal("damaged", "A table stands where something else does.", line);
  return item;
}

function entryOf(item: Item, name: string, otherwise: Item): Item {
  if (item.kind !== "table") throw new Refusal("damaged", "A name stands below a value.", otherwise.line);
  const known = item.entries.get(name);
  if (known === undefined) item.entries.set(name, otherwise);
  return known ?? otherwise;
}

function itemIn(item: Item, index: number, otherwise: Item): Item {
  if (item.kind !== "list")
    throw new Refusal("damaged", "A table of a list stands below a value.", otherwise.line);
  return (item.items[index] ??= otherwise);
}

function tableOf(line: number): Table {
  return { kind: "table", entries: new Map(), line };
}

function listOf(line: number): Item {
  return { kind: "list", items: [], line };
}

function flatten(values: Map<string, ConfigValue>, item: Item, path: string, depth: number): void {
  if (depth > deepest)
    throw new Refusal("too-large", `It is nested deeper than ${deepest} levels.`, item.line);
  const { line } = item;
  if (item.kind === "scalar") set(values, path, { form: "scalar", text: item.text, line });
  else if (item.kind === "list") flattenList(values, item, path, depth);
  else if (item.entries.size === 0 && path !== "") set(values, path, { form: "empty", text: "{}", line });
  else for (const [name, entry] of item.entries) flatten(values, entry, below(path, name), depth + 1);
}

function flattenList(
  values: Map<string, ConfigValue>,
  { items, line }: Extract<Item, { kind: "list" }>,
  path: string,
  depth: number,
): void {
  if (items.length === 0) {
    set(values, path, { form: "empty", text: "[]", line });
    return;
  }
  const texts = items.flatMap((item) => (item.kind === "scalar" ? [item.text] : []));
  if (texts.length === items.length) {
    set(values, path, { form: "list", text: `[${texts.join(", ")}]`, items: texts, line });
    return;
  }
  const named = listNames(items, textAt);
  if (named !== undefined) {
    const { names } = named;
    set(values, path, { form: "order", text: `[${names.join(", ")}]`, items: names, line });
  }
  for (const [index, item] of items.entries()) {
    const place = named === undefined ? index : `${named.by}=${named.names[index]}`;
    flatten(values, item, `${path}[${place}]`, depth + 1);
  }
}

function textAt(item: Item, name: string): string | undefined {
  const entry = item.kind === "table" ? item.entries.get(name) : undefined;
  return entry?.kind === "scalar" ? entry.text : undefined;
}

function set(values: Map<string, ConfigValue>, path: string, value: ConfigValue): void {
  if (values.has(path)) throw new Refusal("damaged", `${path} is here for the second time.`, value.line);
  if (values.size >= mostValues) {
    throw new Refusal("too-large", `There are more than ${mostValues} values.`, value.line);
  }
  values.set(path, value);
}

/** What is a number, a truth value or a time without its quotes. */
const otherType =
  /^(?:true|false|[-+]?(?:inf|nan|\d[\d_]*(?:\.[\d_]+)?(?:[eE][-+]?[\d_]+)?)|0[xob][\da-fA-F_]+|\d{4}-\d{2}-\d{2}.*|\d{2}:\d{2}:\d{2}.*)$/;

/** Without quotes where they change nothing: TOML's readers do not take `"200"` where they want 200. */
function stringText(text: string): string {
  return otherType.test(text) ? JSON.stringify(text) : text;
}

function sourceOf({ range }: AST.TOMLContentNode, source: string): string {
  return source.slice(range[0], range[1]);
}

function lineOf({ loc }: AST.TOMLNode): number {
  return loc.start.line;
}
