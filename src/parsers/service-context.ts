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
import type { JsonFields } from "./text/json-fields.ts";
import { keptDocument, mostEntries } from "./text/kept-document.ts";

/** The file that keeps in a bundle what a metrics server knew of the service. */
export const serviceContextDocument = keptDocument<ServiceContext>(
  {
    mark: "gofireContext",
    version: 1,
    what: "context",
    // What `gatherContext` makes is some 20 KiB.
    bounds: { maxBytes: 1 << 20, maxDepth: 8 },
    lists: ["figures", "missing", "events"],
  },
  contextOf,
);

function contextOf(artifact: string, root: JsonFields): ServiceContext {
  const service = root.optionalText("service");
  const process = root.optionalText("process");
  const startedAtMs = root.optionalAmount("startedAtMs");
  const processes = root.optionalCount("processes");
  return {
    artifact,
    server: root.text("server"),
    atMs: root.amount("atMs"),
    ...(service === undefined ? {} : { service }),
    ...(process === undefined ? {} : { process }),
    ...(startedAtMs === undefined ? {} : { startedAtMs }),
    ...(processes === undefined ? {} : { processes }),
    figures: root.list("figures").map(figureOf),
    missing: root.list("missing").map(missingOf),
    events: root.list("events").map(eventOf),
    notes: root.texts("notes", mostEntries),
  };
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
