import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { ParsedArtifact } from "../../src/domain/evidence/artifact.ts";
import { artifactParser } from "../../src/parsers/artifact.ts";
import { capture, failure, feed, whole } from "./feed.ts";
import { type Field, functionOf, location, message, packed, strings, valueType } from "./profile-message.ts";

const parked: readonly Field[] = [
  [4, location(1, [1, 462])],
  [4, location(2, [2, 170])],
  [4, location(3, [3, 41])],
  [5, functionOf(1, 3, 4)],
  [5, functionOf(2, 5, 6)],
  [5, functionOf(3, 7, 8)],
];

function goroutineProfile(type: string, ...more: readonly Field[]): Uint8Array {
  const names = [
    "runtime.gopark",
    "proc.go",
    "runtime.chansend",
    "chan.go",
    "shop/orders.Place",
    "orders.go",
  ];
  return message([
    [11, valueType(1, 2)],
    [12, 1],
    [1, valueType(1, 2)],
    [
      2,
      [
        [1, packed(1, 2, 3)],
        [2, 4],
      ],
    ],
    ...parked,
    ...more,
    ...strings("", type, "count", ...names),
  ]);
}

const dump = `goroutine 7 [chan send, 3 minutes]:
shop/orders.Place(0xc000012345)
	/src/orders.go:41 +0x1d
created by main.main in goroutine 1
	/src/main.go:9 +0x2f
`;
const noise = Array.from(
  { length: 600 },
  (_, line) => `2026/01/02 03:04:05 request ${line} took 12 ms\n`,
).join("");
const index =
  "<html><head><title>/debug/pprof/</title></head><body>/debug/pprof/<br><table><tr><td>Count</td><td>Profile</td></tr>" +
  "<tr><td>31</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr></table></body></html>";

function savedPage(text: string): string {
  const escaped = text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("'", "&#39;");
  return `<html><head><meta name="color-scheme" content="light dark"></head><body><pre style="word-wrap: break-word;">${escaped}</pre></body></html>`;
}

const partedLog = [
  "2026-01-02T03:04:05.1Z stderr P panic: runtime error: ",
  "2026-01-02T03:04:05.1Z stdout F listening",
  "2026-01-02T03:04:05.1Z stderr F index out of range [5] with length 3",
  "2026-01-02T03:04:05.1Z stderr F ",
  ...dump.split("\n").map((line) => `2026-01-02T03:04:05.2Z stderr F ${line}`),
  "",
].join("\n");

/** As gccgo 12.2 wrote it, shortened. */
const gccgo = `panic: assignment to entry in nil map

goroutine 1 [running]:
main.main
	/src/g.go:30

goroutine 4 [semacquire]:
sync.runtime__SemacquireMutex
	../../../src/libgo/go/runtime/sema.go:71
sync.Mutex.lockSlow
	../../../src/libgo/go/sync/mutex.go:162
sync.Mutex.Lock
	../../../src/libgo/go/sync/mutex.go:81
main.main..func1
	/src/g.go:22
created by main.main
	/src/g.go:22 +0x1ed
`;

/** What an artifact was taken for, in a few words. */
function summary(artifact: ParsedArtifact): string {
  switch (artifact.type) {
    case "profile":
      return `profile of ${artifact.profile.sampleTypes.map(({ type }) => type).join(", ")}`;
    case "goroutines": {
      const { leaked, crash, snapshot } = artifact;
      return `${snapshot.counted} in a ${snapshot.form}${leaked ? ", leaked" : ""}${crash === undefined ? "" : `, ${crash.kind}`}`;
    }
    case "contention":
      return `${artifact.contention.of} text`;
    case "memstats":
      return `memstats of ${artifact.from}`;
    case "metrics":
      return artifact.scrape.samples.size > 0 ? "metrics" : "no metrics";
    case "index":
      return `index of ${artifact.index.profiles.length}`;
    case "threads":
      return `${artifact.threads} threads`;
    case "context":
      return `context of ${artifact.context.server}`;
    case "config":
      return `${artifact.config.revisions.length} revisions`;
    default:
      return `unread ${artifact.format}`;
  }
}

const inputs: readonly (readonly [string, string | Uint8Array, string])[] = [
  ["a goroutine profile", goroutineProfile("goroutine"), "4 in a profile"],
  ["a goroutineleak profile", goroutineProfile("goroutineleak"), "4 in a profile, leaked"],
  ["a threadcreate profile", goroutineProfile("threadcreate"), "4 threads"],
  ["another profile", goroutineProfile("widgets"), "profile of widgets"],
  ["a goroutine dump", dump, "1 in a dump"],
  ["a log that ends in a panic", `${noise}panic: boom\n\n${dump}`, "1 in a dump, panic"],
  [
    "goroutine counts",
    "goroutine profile: total 3\n3 @ 0x1 0x2\n#\t0x1\tmain.f+0x1\t/src/a.go:3\n\n",
    "3 in a counts",
  ],
  ["thread counts", "threadcreate profile: total 9\n8 @\n#\t0x0\n\n", "9 threads"],
  ["the pprof index", index, "index of 1"],
  ["heap text", capture("heap-go1.27.txt"), "memstats of heap-text"],
  ["mutex text", capture("mutex-go1.19.txt"), "mutex text"],
  ["block text", capture("block-go1.27.txt"), "block text"],
  ["Prometheus metrics", capture("metrics-prometheus.txt"), "metrics"],
  ["OpenMetrics", capture("metrics-openmetrics.txt"), "metrics"],
  ["expvar", capture("expvar-go1.27.json"), "memstats of expvar"],
  ["an execution trace", "go 1.23 trace\0\0\0 and then bytes", "unread trace"],
  ["a dump that PowerShell wrote", Buffer.from(`\ufeff${dump}`, "utf16le"), "1 in a dump"],
  ["UTF-16 of the other order", Buffer.from(`\ufeff${dump}`, "utf16le").swap16(), "1 in a dump"],
  ["marked UTF-8", `\ufeff${dump}`, "1 in a dump"],
  ["a page that a browser saved", savedPage(dump), "1 in a dump"],
  ["a saved page of counts", savedPage("goroutine profile: total 0\n"), "0 in a counts"],
  ["a container's log that begins with a part of a line", partedLog, "1 in a dump, panic"],
  ["a dump of a program by gccgo", gccgo, "2 in a dump, panic"],
  ["a command line", "/usr/bin/shop\0-listen\0:8080", "unread cmdline"],
];

function goroutinesOf(text: string): Extract<ParsedArtifact, { type: "goroutines" }> {
  const artifact = whole(feed(artifactParser("file"), text));
  if (artifact.type !== "goroutines") throw new Error("no goroutines");
  return artifact;
}

describe("artifactParser", () => {
  it("gives calls of gccgo the names that they have elsewhere", () => {
    const { groups } = goroutinesOf(gccgo).snapshot;
    const waiting = groups.find(({ state }) => state === "semacquire");
    expect(waiting?.stack.map((frame) => frame.function)).toEqual([
      "sync.runtime_SemacquireMutex",
      "sync.(*Mutex).lockSlow",
      "sync.(*Mutex).Lock",
      "main.main.func1",
    ]);
    expect(waiting?.createdBy?.function).toBe("main.main");
  });

  it("reads the same in a saved page as in the text", () => {
    const odd = dump.replace(
      "shop/orders.Place(0xc000012345)",
      "shop/orders.Map[go.shape.string,<é>].Place(...)",
    );
    expect(goroutinesOf(savedPage(odd))).toEqual(goroutinesOf(odd));
  });

  it("reads what was coloured for a terminal as what is below the colours", () => {
    const shown = dump.replaceAll(/^(.*)$/gm, "\u001b[36;1morder-1  | \u001b[0m\u001b[K$1\u001b[39m");
    expect(goroutinesOf(shown).snapshot).toEqual(goroutinesOf(dump).snapshot);
    const nested = `${"\u001b".repeat(3_000)}[0m\n${shown}`;
    expect(goroutinesOf(nested).snapshot).toEqual(goroutinesOf(dump).snapshot);
  });

  it.each(["\n\n", "\r\n\r\n", "\r\r\n", "\n  \n"])("reads stacks with the lines %j apart", (apart) => {
    const many = `${dump}\n${dump.replace("goroutine 7", "goroutine 8").replace("send", "receive")}`;
    for (const pieceBytes of [undefined, 7]) {
      const spaced = whole(feed(artifactParser("file"), many.replaceAll("\n", apart), pieceBytes));
      expect(spaced).toEqual(goroutinesOf(many));
    }
    const counts =
      "goroutine profile: total 2\n2 @ 0x1 0x2\n#\t0x1\tshop.F+0x1\t/src/f.go:3\n#\t0x2\tshop.G+0x1\t/src/f.go:9\n\n";
    expect(goroutinesOf(counts.replaceAll("\n", apart)).snapshot).toEqual(goroutinesOf(counts).snapshot);
    const broken = many
      .replace("\t/src/main.go:9 +0x2f\n\n", "no source line\nshop.F()\n\n")
      .replaceAll("\n", apart);
    const line = broken.slice(0, broken.indexOf("goroutine 7")).split("\n").length;
    expect(feed(artifactParser("file"), broken)).toMatchObject({ damage: { at: { value: line } } });
  });

  it("reads a profile of a later version of the format: fields that are not known yet are passed over", () => {
    const later: readonly Field[] = [
      [16, "https://example.com/doc"],
      [200, 7],
      [201, [[1, 2]]],
    ];
    const known = whole(feed(artifactParser("x"), goroutineProfile("goroutine")));
    expect(whole(feed(artifactParser("x"), goroutineProfile("goroutine", ...later)))).toEqual(known);
    // A field of eight and one of four bytes, which message() does not write.
    const fixed = Uint8Array.from([0x81, 0x0d, 1, 2, 3, 4, 5, 6, 7, 8, 0x85, 0x0d, 1, 2, 3, 4]);
    const [first, ...rest] = [
      goroutineProfile("goroutine").subarray(0, 6),
      goroutineProfile("goroutine").subarray(6),
    ];
    expect(whole(feed(artifactParser("x"), Buffer.concat([first ?? fixed, fixed, ...rest])))).toEqual(known);
  });

  it("joins the parts of a line of a container's log, each stream by itself, and names the log's lines", () => {
    const { crash } = goroutinesOf(partedLog);
    expect(crash?.message).toBe("runtime error: index out of range [5] with length 3");
    const result = feed(
      artifactParser("file"),
      partedLog.replace("\t/src/orders.go:41 +0x1d", "shop/orders.Order()").replace("created by", "x("),
    );
    expect(result).toMatchObject({ damage: { at: { unit: "line", value: 5 } } });
  });

  it("refuses a page of HTML that holds no capture", () => {
    const page = savedPage("502 Bad Gateway");
    expect(feed(artifactParser("file"), page)).toMatchObject({
      ok: false,
      error: { code: "not-this-format", message: expect.stringContaining("HTML page") },
    });
  });

  it.each(inputs)("reads %s, whatever the pieces are", (_, input, expected) => {
    for (const piece of [undefined, 1, 97, 8191, 8193]) {
      expect(summary(whole(feed(artifactParser("x"), input, piece)))).toBe(expected);
    }
  });

  it("hands the time of capture to formats that do not have one", () => {
    const artifact = whole(feed(artifactParser("x", { takenAtMs: 1234 }), dump));
    expect(artifact.type === "goroutines" && artifact.snapshot.takenAtMs).toBe(1234);
  });

  it("derives states from the stacks of a goroutine profile", () => {
    const artifact = whole(feed(artifactParser("x"), goroutineProfile("goroutine")));
    expect(artifact.type === "goroutines" && artifact.snapshot.groups).toMatchObject([
      {
        state: "chan send",
        wait: "chan send",
        count: 4,
        stack: [{}, {}, { function: "shop/orders.Place", line: 41 }],
      },
    ]);
  });

  it("calls a snapshot incomplete when its profile is damaged", () => {
    const bytes = goroutineProfile("goroutine");
    const result = feed(artifactParser("x"), bytes.subarray(0, bytes.length - 5));
    if (!result.ok || result.value.type !== "goroutines") throw new Error("not read");
    expect(result.damage?.code).toBe("damaged");
    expect(result.value.snapshot.incomplete).toMatch(/breaks off in the middle of a field \(offset \d+\)/);
  });

  it("says what it cannot read", () => {
    expect(failure(feed(artifactParser("x"), "")).code).toBe("empty");
    expect(failure(feed(artifactParser("x"), "just a log line\n"))).toMatchObject({
      code: "not-this-format",
    });
    expect(failure(feed(artifactParser("x"), Uint8Array.from([0x7f, 0x45, 0x4c, 0x47, 0, 0])))).toEqual({
      code: "not-this-format",
      message: "it is no profile, goroutine dump, pprof text, metrics or expvar",
      at: { unit: "offset", value: 0 },
    });
    expect(failure(feed(artifactParser("x"), Uint8Array.from([0x1f, 0x8b, 8, 0, 0]))).message).toMatch(
      /gzip/,
    );
  });

  it.each([
    ["perf", "PERFILE2h\0\0\0\0\0\0\0\x88\0\0\0\0\0\0\0"],
    ["Java", "FLR\0\0\x02\0\x01"],
    ["Java", "JAVA PROFILE 1.0.2\0\0\0\0\b"],
    ["jemalloc", "heap_v2/524288\n  t*: 28106: 56637512 [0: 0]\n"],
    ["gperftools", `${"\0".repeat(8)}\x03${"\0".repeat(15)}\x10'\0\0`],
    ["flame graph", '{"$schema":"https://www.speedscope.app/file-format-schema.json","shared":{}}\n'],
    ["flame graph", '{"flamebearer":{"names":["total","main"]},"version":1}\n'],
    ["JavaScript", '{"nodes":[{"id":1,"callFrame":{"functionName":"(root)"}}]}\n'],
    ["picture", '<?xml version="1.0" standalone="no"?>\n<svg version="1.1" width="1200"></svg>\n'],
  ])("says what recorded or drew what is no capture: %s", (what, text) => {
    const error = failure(feed(artifactParser("x"), Buffer.from(text, "latin1")));
    expect(error).toMatchObject({ code: "not-this-format" });
    expect(error.message).toContain(what);
  });

  it("says what was done to a compressed profile on its way", () => {
    const compressed = gzipSync(goroutineProfile("goroutine"));
    const asBase64 = failure(feed(artifactParser("x"), `${compressed.toString("base64")}\n`));
    expect(asBase64.message).toContain("base64 -d");
    const asText = failure(feed(artifactParser("x"), compressed.toString("utf8")));
    expect(asText.message).toContain("took it for text");
  });

  it.each([
    ["Delve", 1, "* Goroutine 1 - User: ./main.go:10 main.main (0x49a1f0) (thread 7)\n"],
    ["go tool pprof", 2, "File: shop\nType: goroutine\nTime: 2026-11-23 10:00:00 UTC\n"],
    ["go tool pprof", 1, "PeriodType: goroutine count\nPeriod: 1\nTime: 2026-11-23 10:00:00 UTC\n"],
    ["go tool pprof", 1, 'digraph "shop" {\nnode [style=filled fillcolor="#f8f8f8"]\n'],
    ["go tool pprof", 1, "positions: instr line\nevents: goroutine(count)\n"],
    ["folded stacks", 1, "main.main;main.work;runtime.gopark 12\nmain.main 3\n"],
    ["tcmalloc", 1, "heap profile:    951: 104894073 [   961: 104902257] @ heapprofile\n"],
    ["Java", 2, "2026-11-30 12:00:00\nFull thread dump OpenJDK 64-Bit Server VM (17.0.1+12 mixed mode):\n"],
    ["Python", 1, 'Thread 12345 (idle): "MainThread"\n    wait (threading.py:302)\n'],
    [
      "race detector",
      3,
      "ready\n==================\nWARNING: DATA RACE\nWrite at 0x00c0000b4010 by goroutine 8:\n",
    ],
    [
      "panicparse",
      2,
      "\n3: chan receive [3 minutes] [Created by main.main @ main.go:20]\n    main   main.go:30   work(0x1)\n",
    ],
    [
      "goroutine-inspect",
      1,
      "goroutine 5 [select, 3 minutes]: 12 times: [[5, 6]]\nmain.work(0x1)\n\t/src/main.go:9 +0x1\n",
    ],
  ])("says what printed a text that has no dump in it: %s", (tool, line, text) => {
    for (const ending of ["\n", "\r\n"]) {
      const error = failure(feed(artifactParser("x"), text.replaceAll("\n", ending)));
      expect(error).toMatchObject({ code: "not-this-format", at: { unit: "line", value: line } });
      expect(error.message).toContain(tool);
    }
  });
});

describe("a goroutine dump behind another text in one file", () => {
  const heap = capture("heap-go1.27.txt").toString();
  const metrics = "# TYPE go_goroutines gauge\ngo_goroutines 12\n";
  const counts = "goroutine profile: total 1\n1 @ 0x1\n#\t0x1\tmain.main+0x1\t/src/main.go:9\n\n";
  const dump = "goroutine 1 [chan receive]:\nmain.main()\n\t/src/main.go:9 +0x1\n";

  it.each([
    ["heap", heap],
    ["metrics", metrics],
    ["counts", counts],
  ])("is told, however the bytes come: %s", (_what, text) => {
    for (const pieceBytes of [undefined, 1, 7]) {
      const result = feed(artifactParser("a.txt"), text + dump, pieceBytes);
      expect(result).toMatchObject({
        ok: true,
        damage: {
          message: "a goroutine dump begins here, and is not read: give it as a file of its own",
          at: { unit: "offset", value: text.length },
        },
      });
    }
    expect(whole(feed(artifactParser("a.txt"), text))).toBeDefined();
  });

  it("is not seen in a service's own series", () => {
    expect(
      whole(feed(artifactParser("a.txt"), `${metrics}goroutine 7\ngoroutine {a="[x"} 8\n`)),
    ).toBeDefined();
  });
});
