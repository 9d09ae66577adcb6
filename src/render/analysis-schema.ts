import { changeKinds } from "../domain/configuration/config-change.ts";
import { eventKinds, figureNames, figureTimes, figureUnits } from "../domain/context/service-context.ts";
import { count, list, number, object, text } from "./schema-words.ts";

/**
 * JSON Schema (draft 2020-12) of the public analysis document, `Analysis` in src/domain/findings/finding.ts. Written out
 * rather than derived, because it is a promise to other programs; a test checks every kind of document against it.
 */
export function analysisJsonSchema(): object {
  const frame = object({ function: text, file: text, line: count }, []);
  const range = rangeSchema();
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "urn:gofire:analysis:1",
    title: "gofire analysis",
    description: "What `gofire analyze --format json` and `gofire snapshot --format json` print.",
    ...object(
      {
        schemaVersion: { const: 1 },
        target: object({ service: text, instance: text, goVersion: text }, [
          "service",
          "instance",
          "goVersion",
        ]),
        verdict: { enum: ["pass", "fail", "inconclusive"] },
        captures: list(
          object(
            {
              kind: text,
              file: text,
              bytes: count,
              startedAtMs: { type: "number" },
              durationMs: { type: "number", minimum: 0 },
              status: { enum: ["ok", "partial", "skipped", "failed"] },
              reason: text,
            },
            ["file", "startedAtMs", "reason"],
          ),
        ),
        findings: list(
          object(
            {
              id: { type: "string", pattern: "^f[0-9]+$" },
              rule: { type: "string", pattern: "^[a-z0-9]+/[a-z0-9-]+$" },
              severity: { enum: ["critical", "warning", "info"] },
              confidence: { enum: ["proven", "likely", "possible"] },
              title: text,
              summary: text,
              measured: object(
                {
                  value: number,
                  limit: number,
                  unit: text,
                  usual: object(
                    { value: number, when: { enum: ["last-week", "yesterday"] }, range, server: text },
                    ["range"],
                  ),
                },
                ["usual"],
              ),
              where: list(frame),
              goroutines: count,
              waitReason: text,
              role: { enum: ["root", "symptom"] },
              causedBy: { type: "string", pattern: "^f[0-9]+$" },
              evidence: list(object({ artifact: text, excerpt: text }, [])),
              next: list(text),
            },
            ["measured", "goroutines", "waitReason", "causedBy"],
          ),
        ),
        checks: list(
          object({ rule: text, state: { enum: ["pass", "fail", "inconclusive", "skipped"] }, reason: text }, [
            "reason",
          ]),
        ),
        groups: list(
          object(
            {
              state: text,
              count: { type: "integer", minimum: 1 },
              waitMinutes: object({ min: count, max: count }, []),
              stack: list(frame),
              createdBy: frame,
            },
            ["waitMinutes", "createdBy"],
          ),
        ),
        context: contextSchema(),
        config: configSchema(),
      },
      ["context", "config"],
    ),
  };
}

/** `ServiceContext` in src/domain/context/service-context.ts, which says what each figure is. */
function contextSchema(): object {
  const range = rangeSchema();
  const name = { enum: [...figureNames] };
  const when = { enum: [...figureTimes] };
  return object(
    {
      server: text,
      atMs: number,
      service: text,
      process: text,
      startedAtMs: number,
      processes: count,
      figures: list(
        object(
          {
            name,
            when,
            value: number,
            unit: { enum: [...figureUnits] },
            atMs: number,
            windowMs: number,
            of: { enum: ["process", "service"] },
            range,
            query: text,
          },
          ["windowMs", "range"],
        ),
      ),
      missing: list(object({ name, when, missing: text, query: text }, ["query"])),
      events: list(
        object(
          {
            kind: { enum: [...eventKinds] },
            atMs: number,
            count,
            windowMs: number,
            detail: text,
            inferred: { type: "boolean" },
            query: text,
          },
          ["atMs"],
        ),
      ),
      notes: list(text),
    },
    ["service", "process", "startedAtMs", "processes"],
  );
}

/** `PublishedConfig` in src/domain/configuration/config-change.ts. */
function configSchema(): object {
  const change = object(
    {
      file: text,
      path: text,
      kind: { enum: [...changeKinds] },
      from: text,
      to: text,
      secret: { const: true },
      line: { type: "integer", minimum: 1 },
      couldExplain: object({ finding: { type: "string", pattern: "^f[0-9]+$" }, reason: text }, []),
    },
    ["from", "to", "secret", "line", "couldExplain"],
  );
  return object(
    {
      repository: text,
      paths: list(text),
      atMs: number,
      windowMs: number,
      revisions: list(
        object(
          {
            revision: text,
            tag: text,
            author: text,
            subject: text,
            atMs: number,
            changes: list(change),
            more: count,
            uncompared: list(object({ file: text, reason: text }, [])),
          },
          ["tag"],
        ),
      ),
      notes: list(text),
    },
    [],
  );
}

/** The bucket of a histogram that a value lies in; the last one has no end. */
function rangeSchema(): object {
  return object({ above: number, upTo: number }, ["upTo"]);
}
