import type { ParseResult } from "../domain/evidence/parse-result.ts";
import { type ConfigValue, type ConfigValues, mostValues } from "./values.ts";

/**
 * `name=value` lines. `.properties` as java.util.Properties reads them (docs.oracle.com, Properties.load): `#` and `!` begin
 * comments, `=`, `:` or a space end the name, a backslash at the end continues the line. `.env` as shells and Compose read
 * them: `#` begins a comment, `export` may stand in front, quotes around the whole value are none of it.
 */
export function linesValues(text: string, format: "properties" | "env"): ParseResult<ConfigValues> {
  const values = new Map<string, ConfigValue>();
  const lines = text.split(/\r\n|\r|\n/);
  for (let index = 0; index < lines.length; index++) {
    const line = index + 1;
    let whole = (lines[index] ?? "").trimStart();
    if (whole === "" || (format === "env" ? /^#/ : /^[#!]/).test(whole)) continue;
    if (format === "properties") {
      while (/(?:^|[^\\])(?:\\\\)*\\$/.test(whole) && index + 1 < lines.length) {
        whole = whole.slice(0, -1) + (lines[++index] ?? "").trimStart();
      }
    }
    const [name, value] = format === "env" ? envPair(whole) : propertyPair(whole);
    if (name === "") return refused("No name stands in front of the value.", line);
    if (values.has(name)) return refused(`${JSON.stringify(name)} is here for the second time.`, line);
    if (values.size >= mostValues) return refused(`There are more than ${mostValues} values.`, line);
    values.set(name, { form: "scalar", text: value, line });
  }
  return { ok: true, value: values };
}

function propertyPair(line: string): readonly [string, string] {
  const name = /^(?:[^\\=:\s]|\\.)*/.exec(line)?.[0] ?? "";
  const rest = line.slice(name.length).replace(/^\s*[=:]?\s*/, "");
  return [name.replace(/\\(.)/g, "$1"), rest];
}

function envPair(line: string): readonly [string, string] {
  const [, name = "", value = ""] = /^(?:export\s+)?([^=\s]*)\s*=?\s*(.*)$/.exec(line) ?? [];
  const quoted = /^(["'])(.*)\1\s*(?:#.*)?$/.exec(value);
  return [name, quoted?.[2] ?? value.replace(/\s+#.*$/, "").trimEnd()];
}

function refused(message: string, line: number): ParseResult<never> {
  return { ok: false, error: { code: "damaged", message, at: { unit: "line", value: line } } };
}
