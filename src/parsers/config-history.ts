import {
  type ConfigChange,
  type ConfigHistoryFacts,
  type ConfigRevision,
  changeKinds,
} from "../domain/configuration/config-change.ts";
import type { JsonFields } from "./text/json-fields.ts";
import { keptDocument, mostEntries } from "./text/kept-document.ts";

/** The file that keeps in a bundle what changed of the configuration. */
export const configHistoryDocument = keptDocument<ConfigHistoryFacts>(
  {
    mark: "gofireConfigHistory",
    version: 1,
    what: "history of configuration",
    // What a capture keeps is a few KiB; twenty revisions with fifty changes each are some 300.
    bounds: { maxBytes: 2 << 20, maxDepth: 8 },
    lists: ["revisions"],
  },
  (artifact, root) => ({
    artifact,
    repository: root.text("repository"),
    paths: root.texts("paths", mostEntries),
    atMs: root.amount("atMs"),
    windowMs: root.amount("windowMs"),
    revisions: root.list("revisions").map(revisionOf),
    notes: root.texts("notes", mostEntries),
  }),
);

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
