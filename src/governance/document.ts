import type { ParseError, ParseResult } from "../domain/evidence/parse-result.ts";
import { linesValues } from "./lines-document.ts";
import { tomlValues } from "./toml-document.ts";
import type { ConfigValues } from "./values.ts";
import { yamlValues } from "./yaml-document.ts";

/** What a ConfigMap may hold in all (kubernetes.io/docs/concepts/configuration/configmap: 1 MiB). */
export const largestDocumentBytes = 1 << 20;

/** As people call the formats, to follow "no". */
export const documentFormats = "YAML, JSON, TOML, .properties or .env file";

type Reader = (text: string) => ParseResult<ConfigValues>;

/** By the end of the name. JSON is YAML 1.2 (yaml.org/spec/1.2.2, chapter 1.2). */
const readers: readonly (readonly [name: RegExp, read: Reader])[] = [
  [/\.(?:ya?ml|json)$/i, (text) => yamlValues(text, readInner)],
  [/\.toml$/i, tomlValues],
  [/\.properties$/i, (text) => linesValues(text, "properties")],
  [/(?:^|\/)\.?env(?:\.[\w-]+)?$|\.env$/i, (text) => linesValues(text, "env")],
];

/** Whether a file of this name is one whose values can be told. */
export function isDocumentName(name: string): boolean {
  return readers.some(([pattern]) => pattern.test(name));
}

/**
 * Reads a configuration file as values by path; its format is told by its name: YAML (several documents, too), JSON, TOML,
 * `.properties`, `.env`. Of a Kubernetes ConfigMap the documents in `data` are read as well. Refused with a line: what is
 * larger than 1 MiB, nested deeper than 100 levels or has more than 20,000 values, names that stand twice in a section,
 * aliases and merge keys (docs/decisions/0026-config-history.md). Never throws for what is in the file.
 */
export function readDocument(name: string, bytes: Uint8Array): ParseResult<ConfigValues> {
  if (bytes.byteLength > largestDocumentBytes) return refused("too-large", "It is larger than 1 MiB.", 1);
  const reader = readerOf(name);
  if (reader === undefined) {
    return refused("not-this-format", `It is no ${documentFormats} by its name.`, 1);
  }
  try {
    return reader(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return refused("damaged", "It is not UTF-8 text.", 1);
  }
}

function readerOf(name: string): Reader | undefined {
  return readers.find(([pattern]) => pattern.test(name))?.[1];
}

/** A document inside of a document; undefined where it is no document or cannot be read: it stays a text then. */
function readInner(name: string, text: string): ConfigValues | undefined {
  const read = readerOf(name)?.(text);
  return read?.ok === true ? read.value : undefined;
}

function refused(code: ParseError["code"], message: string, line: number): ParseResult<never> {
  return { ok: false, error: { code, message, at: { unit: "line", value: line } } };
}
