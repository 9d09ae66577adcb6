import { describe, expect, it } from "vitest";
import { artifactParser } from "../../src/parsers/artifact.ts";
import { looksLikeJsonLog } from "../../src/parsers/log-entries/json-log.ts";
import { damaged, randomNumbers } from "./damage.ts";
import { failure, feed, whole } from "./feed.ts";

const died = `listening on :8080 <all> & ready
panic: boom "quoted" ü

goroutine 1 [running]:
main.main()
	/app/main.go:7 +0x30
created by main.start in goroutine 2
	/app/main.go:3 +0x1
exit status 2
`;
const lines = died.split("\n").slice(0, -1);

/** One JSON object a line, as each of these writers has it. */
const writers: Readonly<Record<string, (line: string) => object>> = {
  "Docker json-file": (line) => ({
    log: `${line}\n`,
    stream: "stderr",
    time: "2026-11-23T10:00:00.123456789Z",
  }),
  "fluent-bit, without line feeds": (log) => ({ date: 1_700_000_000.5, log, stream: "stderr" }),
  "journalctl -o json": (line) => ({ __CURSOR: "s=1", MESSAGE: line, PRIORITY: "6", _PID: "312" }),
  "journalctl -o json, as bytes": (line) => ({ PRIORITY: "6", MESSAGE: [...Buffer.from(line)] }),
  "stern -o json": (message) => ({ message, nodeName: "n1", podName: "order-7c9", containerName: "app" }),
  "Google Cloud": (textPayload) => ({ insertId: "1", textPayload, severity: "ERROR" }),
  "go test -json": (line) => ({ Action: "output", Package: "shop", Test: "TestPlace", Output: `${line}\n` }),
  "logcli -o jsonl": (line) => ({ labels: { app: "order" }, line, timestamp: "2026-11-23T10:00:00Z" }),
};

function logged(writer: (line: string) => object, end = "\n"): string {
  return lines.map((line) => JSON.stringify(writer(line)) + end).join("");
}

function entry(message: string): string {
  return `${JSON.stringify({ level: "info", message })}\n`;
}

function stackOf(id: number): string {
  return `goroutine ${id} [running]:\nmain.handle()\n\t/app/main.go:9 +0x1\ncreated by main.main\n\t/app/main.go:5 +0x2`;
}

describe("a log of one JSON object a line", () => {
  it.each(Object.entries(writers))("%s: is read as the plain log is", (_name, writer) => {
    const expected = feed(artifactParser("app.log"), died);
    expect(expected).toMatchObject({ ok: true, value: { crash: { message: 'boom "quoted" ü' } } });
    for (const text of [logged(writer), logged(writer).trimEnd(), logged(writer, "\r\n")]) {
      expect(looksLikeJsonLog(Buffer.from(text))).toBe(true);
      expect(feed(artifactParser("app.log"), text)).toEqual(expected);
      expect(feed(artifactParser("app.log"), text, 7)).toEqual(expected);
    }
  });

  it("may begin with more lines than decide what it is", () => {
    const noise = `${JSON.stringify({ log: "GET /order 200\n", stream: "stdout" })}\n`.repeat(2_000);
    const text = noise + logged((line) => ({ log: `${line}\n`, stream: "stderr" }));
    expect(whole(feed(artifactParser("app.log"), text))).toMatchObject({
      snapshot: { counted: 1 },
      crash: { at: { unit: "line", value: 2_002 } },
    });
  });

  it("may have lines of another kind in between, and entries without text", () => {
    const text = logged((line) => ({ log: `${line}\n` })).replace("\n", '\n{"level":"info"}\nplain words\n');
    expect(whole(feed(artifactParser("app.log"), text))).toMatchObject({ snapshot: { counted: 1 } });
  });

  it("joins what Docker split because it was too long", () => {
    const parts = died.match(/[\s\S]{1,40}/g) ?? [];
    const text = parts.map((log) => `${JSON.stringify({ log, stream: "stderr" })}\n`).join("");
    expect(feed(artifactParser("app.log"), text)).toEqual(feed(artifactParser("app.log"), died));
  });

  it("may mix writers with and without line feeds", () => {
    const start = `${JSON.stringify({ level: "info", msg: "start" })}\n`;
    const docker = logged((line) => ({ log: `${line}\n`, stream: "stderr" }));
    const plain = feed(artifactParser("app.log"), `start\n${died}`);
    expect(feed(artifactParser("app.log"), start + docker)).toEqual(plain);
    expect(feed(artifactParser("app.log"), start.repeat(9) + docker)).toMatchObject({
      ok: true,
      value: { crash: { message: 'boom "quoted" ü' } },
    });
  });

  it("may hold stacks that the program logged itself", () => {
    const stack = "goroutine 42 [running]:\nmain.handle(0xc000012345)\n\t/app/main.go:9 +0x1\n";
    const panic = JSON.stringify({ level: "error", msg: "died", error: `panic: boom\n\n${stack}` });
    expect(whole(feed(artifactParser("app.log"), panic))).toMatchObject({
      snapshot: { counted: 1 },
      crash: { message: "boom" },
    });
    const entry = `${JSON.stringify({ level: "error", msg: "recovered", stacktrace: stack })}\n`;
    const artifact = whole(feed(artifactParser("app.log"), entry + entry));
    expect(artifact).toMatchObject({ snapshot: { counted: 2, groups: [{ count: 2 }] } });
  });

  it("says where its last line is cut off", () => {
    const text = logged((line) => ({ log: `${line}\n` })).slice(0, -20);
    const result = feed(artifactParser("app.log"), text);
    expect(result).toMatchObject({
      ok: true,
      value: { snapshot: { counted: 1 } },
      damage: { code: "damaged", at: { unit: "line", value: lines.length } },
    });
  });

  it("has its places in the lines of the log, not in those of the texts", () => {
    const log = entry("a\nb\nc") + entry("start") + entry(`panic: boom\n\n${stackOf(7)}`) + entry("end");
    expect(whole(feed(artifactParser("app.log"), log))).toMatchObject({ crash: { at: { value: 3 } } });
    const twice = log + entry("x") + entry(`panic: again\n\n${stackOf(8)}`);
    expect(whole(feed(artifactParser("app.log"), twice))).toMatchObject({
      crash: { at: { value: 6 } },
      note: expect.stringContaining("judged is that of line 6") as string,
    });
    const parts = ["start\n", "panic: ", "boom\n", "\n", stackOf(9)];
    const split = parts.map((part) => `${JSON.stringify({ log: part })}\n`).join("");
    expect(whole(feed(artifactParser("app.log"), split))).toMatchObject({ crash: { at: { value: 2 } } });
  });

  it("without a goroutine in it is refused", () => {
    const text = `${JSON.stringify({ log: "GET /order 200\n" })}\n`.repeat(20);
    expect(failure(feed(artifactParser("app.log"), text))).toMatchObject({
      code: "not-this-format",
      excerpt: "GET /order 200",
    });
  });

  it("is read or refused however it is damaged, alike for every way it is cut", () => {
    const random = randomNumbers(0x106);
    const seed = Buffer.from(logged((line) => ({ log: `${line}\n`, stream: "stderr" })));
    let read = 0;
    for (let i = 0; i < 2_000; i++) {
      const input = damaged(seed, ['{"log":"', "}\n{", "\\n", "\\u00", '"', "[255]"], random);
      const result = feed(artifactParser("app.log"), input);
      if (result.ok) read++;
      if (i % 4 === 0) expect(feed(artifactParser("app.log"), input, 1 + random(200))).toEqual(result);
    }
    expect(read).toBeGreaterThan(500);
    expect(read).toBeLessThan(2_000);
  });

  it.each([
    ["one object over many lines", '{\n  "log": "x"\n}\n'],
    ["objects without text", '{"level":"info"}\n{"level":"warn"}\n'],
    ["a list", '[{"log":"x"}]\n'],
    ["text", "log: x\n"],
    ["nothing", ""],
  ])("is not taken for one: %s", (_name, text) => {
    expect(looksLikeJsonLog(Buffer.from(text))).toBe(false);
  });
});
