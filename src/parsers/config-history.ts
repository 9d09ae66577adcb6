import {
  type ConfigChange,
  type ConfigHistoryFacts,
  type ConfigRevision,
  changeKinds,
} from "../domain/configuration/config-change.ts";
import type { ByteParser, ParseResult } from "../domain/evidence/parse-result.ts";
import { jsonDocumentParser } from "./text/json-document.ts";
import { type JsonFields, jsonFields } from "./text/json-fields.ts";
import { lineError } from "./text/line-error.ts";

/** What a capture keeps is a few KiB; twenty revisions with fifty changes each are some 300. */
const bounds = { maxBytes: 2 << 20, maxDepth: 8 };
const mostEntries = 500;
const mostErrors = 3;

/** Stands first in the file, so that its beginning tells the format. */
const mark = "gofireConfigHistory";
/** Of the file's own layout. */
const version = 1;

/** The file that keeps what changed in a bundle. */
export function configHistoryText(facts: Omit<ConfigHistoryFacts, "artifact">): string {
  return `${JSON.stringify({ [mark]: version, ...facts }, undefined, 1)}\n`;
}

export function looksLikeConfigHistory(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 256)).toString("latin1");
  return new RegExp(`^\\s*\\{\\s*"${mark}"\\s*:`).test(text);
}

/** Reads what `configHistoryText` wrote, whoever has changed it since. Fields that are not known are left out. */
export function configHistoryParser(artifact: string): ByteParser<ConfigHistoryFacts> {
  return jsonDocumentParser(bounds, (value) => factsOf(artifact, value));
}

function factsOf(artifact: string, value: unknown): ParseResult<ConfigHistoryFacts> {
  const errors: string[] = [];
  const root = jsonFields(value, "", errors);
  const found = root.all()[mark];
  if (found !== version) {
    const message =
      found === undefined
        ? "This is no history of configuration that gofire has kept."
        : `${mark} is ${JSON.stringify(found)?.slice(0, 40)}; this gofire reads ${version}.`;
    return { ok: false, error: lineError("not-this-format", message, 1) };
  }
  const revisions = root.list("revisions");
  if (revisions.length > mostEntries) {
    return { ok: false, error: lineError("too-large", `There are more than ${mostEntries} revisions.`, 1) };
  }
  const facts: ConfigHistoryFacts = {
    artifact,
    repository: root.text("repository"),
    paths: root.texts("paths", mostEntries),
    atMs: root.amount("atMs"),
    windowMs: root.amount("windowMs"),
    revisions: revisions.map(revisionOf),
    notes: root.texts("notes", mostEntries),
  };
  if (errors.length === 0) return { ok: true, value: facts };
  return { ok: false, error: lineError("damaged", `${errors.slice(0, mostErrors).join("; ")}.`, 1) };
}

function revisionOf(fields: JsonFields): ConfigRevision {
  const tag = fields.optionalText("tag");
  return {
    revision: fields.text("revision"),
    ...(tag === undefined ? {} : { tag }),
    author: fields.text("author"),
    subject: fields.text("subject"),
    atMs: fields.amount("atMs"),
    changes: fields.list("changes").map(changeOf),
    more: fields.count("more"),
    uncompared: fields
      .list("uncompared")
      .map((entry) => ({ file: entry.text("file"), reason: entry.text("reason") })),
  };
}

function changeOf(fields: JsonFields): ConfigChange {
  const [from, to, line] = [
    fields.optionalText("from"),
    fields.optionalText("to"),
    fields.optionalCount("line"),
  ];
  return {
    file: fields.text("file"),
    path: fields.text("path"),
    kind: fields.oneOf("kind", changeKinds, "changed"),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(fields.all()["secret"] === undefined || !fields.truth("secret") ? {} : { secret: true }),
    ...(line === undefined ? {} : { line }),
  };
}
