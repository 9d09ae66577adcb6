import {
  type ContextEvent,
  eventKinds,
  type Figure,
  figureNames,
  figureTimes,
  figureUnits,
  type MissingFigure,
  type ServiceContext,
} from "../domain/context/service-context.ts";
import type { ByteParser, ParseResult } from "../domain/evidence/parse-result.ts";
import { jsonDocumentParser } from "./text/json-document.ts";
import { type JsonFields, jsonFields } from "./text/json-fields.ts";
import { lineError } from "./text/line-error.ts";

/** What `gatherContext` makes is some 20 KiB. */
const bounds = { maxBytes: 1 << 20, maxDepth: 8 };
const mostEntries = 500;
const mostErrors = 3;

/** Stands first in the file, so that its beginning tells the format. */
const mark = "gofireContext";
/** Of the file's own layout. */
const version = 1;

/** The file that keeps a context in a bundle. */
export function contextText(context: Omit<ServiceContext, "artifact">): string {
  return `${JSON.stringify({ [mark]: version, ...context }, undefined, 1)}\n`;
}

export function looksLikeServiceContext(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 256)).toString("latin1");
  return new RegExp(`^\\s*\\{\\s*"${mark}"\\s*:`).test(text);
}

/** Reads what `contextText` wrote, whoever has changed it since. Fields that are not known are left out. */
export function serviceContextParser(artifact: string): ByteParser<ServiceContext> {
  return jsonDocumentParser(bounds, (value) => contextOf(artifact, value));
}

function contextOf(artifact: string, value: unknown): ParseResult<ServiceContext> {
  const errors: string[] = [];
  const root = jsonFields(value, "", errors);
  const found = root.all()[mark];
  if (found !== version) {
    const message =
      found === undefined
        ? "This is no context that gofire has kept."
        : `${mark} is ${JSON.stringify(found)?.slice(0, 40)}; this gofire reads ${version}.`;
    return { ok: false, error: lineError("not-this-format", message, 1) };
  }
  const lists = { figures: root.list("figures"), missing: root.list("missing"), events: root.list("events") };
  for (const [name, entries] of Object.entries(lists)) {
    if (entries.length > mostEntries) {
      return { ok: false, error: lineError("too-large", `${name} has more than ${mostEntries} entries.`, 1) };
    }
  }
  const service = root.optionalText("service");
  const process = root.optionalText("process");
  const startedAtMs = root.optionalAmount("startedAtMs");
  const processes = root.optionalCount("processes");
  const context: ServiceContext = {
    artifact,
    server: root.text("server"),
    atMs: root.amount("atMs"),
    ...(service === undefined ? {} : { service }),
    ...(process === undefined ? {} : { process }),
    ...(startedAtMs === undefined ? {} : { startedAtMs }),
    ...(processes === undefined ? {} : { processes }),
    figures: lists.figures.map(figureOf),
    missing: lists.missing.map(missingOf),
    events: lists.events.map(eventOf),
    notes: root.texts("notes", mostEntries),
  };
  if (errors.length === 0) return { ok: true, value: context };
  return { ok: false, error: lineError("damaged", `${errors.slice(0, mostErrors).join("; ")}.`, 1) };
}

function figureOf(fields: JsonFields): Figure {
  const windowMs = fields.optionalAmount("windowMs");
  const range = fields.all()["range"] === undefined ? undefined : fields.object("range");
  const upTo = range?.optionalNumber("upTo");
  return {
    name: fields.oneOf("name", figureNames, "goroutines"),
    when: fields.oneOf("when", figureTimes, "now"),
    value: fields.number("value"),
    unit: fields.oneOf("unit", figureUnits, "count"),
    atMs: fields.amount("atMs"),
    ...(windowMs === undefined ? {} : { windowMs }),
    of: fields.oneOf("of", ["process", "service"], "service"),
    ...(range === undefined
      ? {}
      : { range: { above: range.number("above"), ...(upTo === undefined ? {} : { upTo }) } }),
    query: fields.text("query"),
  };
}

function missingOf(fields: JsonFields): MissingFigure {
  const query = fields.optionalText("query");
  return {
    name: fields.oneOf("name", figureNames, "goroutines"),
    when: fields.oneOf("when", figureTimes, "now"),
    missing: fields.text("missing"),
    ...(query === undefined ? {} : { query }),
  };
}

function eventOf(fields: JsonFields): ContextEvent {
  const atMs = fields.optionalAmount("atMs");
  return {
    kind: fields.oneOf("kind", eventKinds, "restart"),
    ...(atMs === undefined ? {} : { atMs }),
    count: fields.count("count"),
    windowMs: fields.amount("windowMs"),
    detail: fields.text("detail"),
    inferred: fields.truth("inferred"),
    query: fields.text("query"),
  };
}
