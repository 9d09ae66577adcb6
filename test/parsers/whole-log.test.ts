import { describe, expect, it } from "vitest";
import { artifactParser } from "../../src/parsers/artifact.ts";
import { damaged, randomNumbers } from "./damage.ts";
import { capture, failure, feed, whole } from "./feed.ts";

const dumps = ["dump", "panic", "quit", "counts"].map((kind) => {
  const text = capture(`goroutine-${kind}-go1.26.txt`).toString("utf8");
  return [kind, text.trimEnd().split("\n")] as const;
});
const startMs = Date.parse("2026-11-23T10:00:00Z");

/** What is written once a millisecond, and ten lines of it at the same one. */
function atMs(line: number): number {
  return startMs + Math.floor(line / 10);
}
function iso(line: number): string {
  return new Date(atMs(line)).toISOString();
}
function ns(line: number): string {
  return `${startMs}${String(line).padStart(6, "0")}`;
}

function loki(lines: readonly string[], streamOf: (line: number) => object): string {
  const streams = new Map<string, [string, string][]>();
  for (const [at, line] of lines.entries()) {
    const key = JSON.stringify(streamOf(at));
    streams.set(key, [...(streams.get(key) ?? []), [ns(at), line]]);
  }
  const result = [...streams].map(([stream, values]) => ({
    stream: JSON.parse(stream) as object,
    values: values.toReversed(),
  }));
  return JSON.stringify({ status: "success", data: { resultType: "streams", result, stats: {} } });
}

function searchHits(lines: readonly string[]): object[] {
  const hits = lines.map((message, at) => ({
    _index: "logs-2026.11.23",
    _id: String(at),
    _score: null,
    _source: {
      "@timestamp": iso(at),
      message,
      log: { offset: at, file: { path: "/var/log/containers/order.log" } },
      kubernetes: { pod: { name: "order-7c9" } },
    },
    sort: [atMs(at)],
  }));
  // Newest first; hits of one moment stay in the order in which they were indexed.
  return hits.toSorted((one, other) => (other.sort[0] ?? 0) - (one.sort[0] ?? 0));
}

function quoted(cell: string): string {
  return /["\n,;\t]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
function csv(separator: string, rows: readonly (readonly string[])[], end = "\n"): string {
  return rows.map((cells) => cells.map(quoted).join(separator) + end).join("");
}

/** Log stores drop what is empty. */
function filled(lines: readonly string[]): string[] {
  return lines.filter((line) => line !== "");
}

/** What these hand over, as they order it. */
const stores: Readonly<Record<string, (lines: readonly string[]) => string>> = {
  "Loki, query_range, newest first": (lines) => loki(lines, () => ({ app: "order", pod: "order-7c9" })),
  "Loki with a level detected for each line": (lines) =>
    loki(lines, (at) => ({ pod: "order-7c9", detected_level: at % 3 === 0 ? "error" : "unknown" })),
  "CloudWatch, get-log-events": (lines) =>
    JSON.stringify(
      {
        events: filled(lines).map((message, at) => ({
          timestamp: atMs(at),
          message,
          ingestionTime: startMs + 9_000,
        })),
        nextForwardToken: "f/1",
      },
      undefined,
      4,
    ),
  "CloudWatch, filter-log-events, two pages": (lines) =>
    [lines.slice(0, 40), lines.slice(40)]
      .map((page, number) =>
        JSON.stringify({
          events: filled(page).map((message, at) => ({
            logStreamName: "order/app/1",
            timestamp: atMs(at) + number * 60_000,
            message,
          })),
          searchedLogStreams: [],
        }),
      )
      .join("\n"),
  "CloudWatch Logs Insights, get-query-results": (lines) =>
    JSON.stringify({
      results: lines
        .map((line, at) => [
          {
            field: "@timestamp",
            value: iso(at * 10)
              .replace("T", " ")
              .replace("Z", ""),
          },
          { field: "@message", value: line },
          { field: "@ptr", value: "CmEK" },
        ])
        .toReversed(),
      status: "Complete",
    }),
  "Elasticsearch, newest first": (lines) =>
    JSON.stringify({ took: 3, timed_out: false, hits: { total: { value: 9 }, hits: searchHits(lines) } }),
  "Elasticsearch, its hits by jq": (lines) =>
    searchHits(lines)
      .map((hit) => JSON.stringify(hit, undefined, 2))
      .join("\n"),
  "Google Cloud, gcloud logging read --format json": (lines) =>
    JSON.stringify(
      lines
        .map((textPayload, at) => ({ textPayload, timestamp: iso(at * 10), resource: { type: "k8s_pod" } }))
        .toReversed(),
      undefined,
      2,
    ),
  "Datadog, the API": (lines) =>
    JSON.stringify({
      data: lines
        .map((message, at) => ({ id: "A", type: "log", attributes: { timestamp: iso(at * 10), message } }))
        .toReversed(),
    }),
  "fluent-bit, a list": (lines) =>
    JSON.stringify(lines.map((line, at) => ({ date: startMs / 1000 + at / 1000, log: `${line}\n` }))),
  "OpenTelemetry, OTLP/JSON": (lines) =>
    JSON.stringify({
      resourceLogs: [
        {
          scopeLogs: [
            {
              logRecords: lines.map((stringValue, at) => ({
                timeUnixNano: ns(at),
                body: { stringValue },
                attributes: [{ key: "k", value: { stringValue: "goroutine" } }],
              })),
            },
          ],
        },
      ],
    }),
  "one entry with all of it": (lines) =>
    JSON.stringify({ events: [{ message: "start" }, { message: lines.join("\n") }] }),
  "CloudWatch, CSV": (lines) =>
    csv(",", [["timestamp", "message"], ...lines.map((line, at) => [String(atMs(at)), line])], "\r\n"),
  "Datadog, CSV, newest first": (lines) =>
    csv(",", [
      ["Date", "Host", "Service", "Content"],
      ...lines.map((line, at) => [iso(at), "ip-10-0-0-5", "order", line]).toReversed(),
    ]),
  "Kibana, CSV": (lines) =>
    csv(";", [
      ["@timestamp", "message"],
      ...lines
        .map((line, at) => [`Nov 23, 2026 @ 10:00:${(10 + at * 0.03).toFixed(3).padStart(6, "0")}`, line])
        .toReversed(),
    ]),
  "a cell with all of it": (lines) =>
    csv(",", [
      ["date", "message"],
      ["2026-11-23", lines.join("\n")],
    ]),
  "JSON lines with nested texts": (lines) =>
    lines
      .map((message) => `${JSON.stringify({ preview: false, result: { _raw: message, _time: "x" } })}\n`)
      .join(""),
};

/** What matters of a reading: places in the file differ. */
function told(text: string, pieceBytes?: number) {
  const artifact = whole(feed(artifactParser("answer"), text, pieceBytes));
  if (artifact.type !== "goroutines") throw new Error(`read as ${artifact.type}`);
  const { snapshot, crash } = artifact;
  return { snapshot, crash: crash && { kind: crash.kind, message: crash.message } };
}

/** `..` of jq: the value, then all below it in the order of the file (jq's manual, Recursive Descent). */
function everyValue(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [value];
  return [value, ...Object.values(value).flatMap(everyValue)];
}

/** `.name?` of jq: null for an object without it; nothing, which `strings` drops as well, for what is no object. */
function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return (value as Readonly<Record<string, unknown>>)[name] ?? null;
}

describe("a log within the answer or the export of a log store", () => {
  it.each(
    Object.entries(stores).flatMap(([store, write]) =>
      dumps.map(([kind, lines]) => [store, kind, lines, write] as const),
    ),
  )("%s: a %s is read as its plain text is", (_store, _kind, lines, write) => {
    const text = write(lines);
    expect(told(text)).toEqual(told(`${lines.join("\n")}\n`));
    expect(told(text, 1_001)).toEqual(told(text));
  });

  it("keeps the lines of two processes apart", () => {
    const [, lines] = dumps[1] ?? ["", []];
    const mixed = lines.flatMap((line) => [
      { time: startMs, pod: "order-1", log: line },
      { time: startMs, pod: "order-2", log: line },
    ]);
    const { snapshot } = told(JSON.stringify(mixed));
    expect(snapshot.groups.map(({ stack }) => stack.length)).toEqual(
      told(lines.join("\n")).snapshot.groups.map(({ stack }) => stack.length),
    );
  });

  it("has its places in the lines of the file", () => {
    const [, lines] = dumps[1] ?? ["", []];
    const events = JSON.stringify({ events: lines.map((message) => ({ message })) }, undefined, 1);
    const line = events.split("\n").findIndex((one) => one.includes("panic: boom"));
    expect(whole(feed(artifactParser("a"), events))).toMatchObject({ crash: { at: { value: line } } });
    const table = csv(",", [["time", "message"], ["1", "two\nlines"], ...lines.map((one) => ["1", one])]);
    expect(whole(feed(artifactParser("a"), table))).toMatchObject({ crash: { at: { value: 4 } } });
  });

  it("that is cut off gives what is there, and is not whole wherever it is cut", () => {
    const [, lines] = dumps[0] ?? ["", []];
    for (const name of ["CloudWatch, get-log-events", "CloudWatch, CSV"]) {
      const text = stores[name]?.(lines) ?? "";
      for (let end = Math.floor(text.length * 0.6); end < text.length - 40; end += 1_499) {
        const result = feed(artifactParser("a"), text.slice(0, end));
        if (!result.ok || result.value.type !== "goroutines") throw new Error(`${name} cut at ${end}`);
        expect(result.value.snapshot.counted).toBeGreaterThan(5);
        if (name.endsWith("CSV")) continue; // A table may end behind any row.
        expect(result.damage?.message).toMatch(/breaks off/);
        expect(result.value.snapshot.incomplete).toBeDefined();
      }
    }
    const open = `message\n"${lines.slice(0, 40).join("\n")}`;
    expect(feed(artifactParser("a"), open)).toMatchObject({
      ok: true,
      damage: { message: expect.stringContaining("quotation mark"), at: { value: 2 } },
    });
  });

  it("of a form that is not known is refused with the command that makes text of it", () => {
    const [, lines] = dumps[0] ?? ["", []];
    const text = JSON.stringify({ rows: lines.map((wat) => ({ wat })) });
    const { code, message } = failure(feed(artifactParser("a"), text));
    expect(code).toBe("not-this-format");
    const [, filters] = /jq -r '([^']+)' FILE/.exec(message) ?? [];
    expect(filters).toBe(".. | .message? | strings");
    const texts = everyValue(JSON.parse(text))
      .map((value) => fieldOf(value, "wat"))
      .filter((field) => typeof field === "string");
    expect(`${texts.join("\n")}\n`).toBe(`${lines.join("\n")}\n`);
  });

  it.each([
    ["an error", '{"error":"unauthorized"}'],
    ["deep", `${"[{".repeat(3)}"a":${"[".repeat(100_000)}`],
    ["a name of its own", '{"__proto__":{"message":"x"},"constructor":[{"message":3}]}'],
    ["no JSON at all", '{"a": nothing'],
    ["numbers that are none", '{"a": 01, "b": -}'],
    ["a table without rows", "time,message\n"],
  ])("without a goroutine is refused: %s", (_what, text) => {
    expect(failure(feed(artifactParser("a"), text)).code).toBe("not-this-format");
  });

  it("of one column comes to an end, however many rows it has", () => {
    // Minutes, when each line was searched to the end of the text for a second cell.
    const rows = Array.from({ length: 600_000 }, () => ["x".repeat(40)]);
    const table = csv(",", [["message"], ...rows]);
    expect(failure(feed(artifactParser("a"), table)).code).toBe("not-this-format");
  });

  it("larger than what is read as a whole is read as it is, or refused with the bound", () => {
    const noise = `{"events":[${`{"timestamp":1,"message":"${"x".repeat(1_000)}"},\n`.repeat(66_000)}`;
    expect(failure(feed(artifactParser("a"), noise, 1 << 20)).message).toContain("64 MiB");
  });

  it("is read or refused however it is damaged, alike for every way it is cut", () => {
    const random = randomNumbers(0x206);
    const [, lines] = dumps[1] ?? ["", []];
    for (const [name, write] of Object.entries(stores)) {
      const seed = Buffer.from(write(lines));
      for (let i = 0; i < 12; i++) {
        const input = damaged(seed, ['{"', "}]", "\\n", "\\u00", '"', '""', ",", "[", "1e999"], random);
        const result = feed(artifactParser("a"), input);
        const cut = feed(artifactParser("a"), input, 1 + random(20_000));
        expect(cut, `${name} ${i}`).toEqual(result);
      }
    }
  });
});
