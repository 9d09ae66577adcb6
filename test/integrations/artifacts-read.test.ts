import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { manifestText } from "../../src/capture/manifest.ts";
import type { ByteParser } from "../../src/domain/evidence/parse-result.ts";
import { parseFile, parseStream } from "../../src/integrations/artifacts/parse-bytes.ts";
import { readEvidence } from "../../src/integrations/artifacts/read.ts";
import { functionOf, location, message, packed, strings, valueType } from "../parsers/profile-message.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gofire-read-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function saved(name: string, bytes: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** Keeps what it is fed: chunks may be reused after `push` returns. */
function collector(): ByteParser<string> {
  const chunks: Buffer[] = [];
  return {
    push: (chunk) => chunks.push(Buffer.from(chunk)),
    end: () => ({ ok: true, value: Buffer.concat(chunks).toString("latin1") }),
  };
}

/** Text that does not compress to nothing. */
function text(bytes: number): string {
  let line = 1;
  let out = "";
  while (out.length < bytes) {
    line = (line * 48_271) % 2_147_483_647;
    out += `line ${line.toString(36)}\n`;
  }
  return out.slice(0, bytes);
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function goroutines(count: number, timeMs: number): Uint8Array {
  return gzipSync(
    message([
      [11, valueType(1, 2)],
      [12, 1],
      [1, valueType(1, 2)],
      [
        2,
        [
          [1, packed(1, 2)],
          [2, count],
        ],
      ],
      [9, BigInt(timeMs) * 1_000_000n],
      [4, location(1, [1, 462])],
      [4, location(2, [2, 41])],
      [5, functionOf(1, 3, 4)],
      [5, functionOf(2, 5, 6)],
      ...strings("", "goroutine", "count", "runtime.gopark", "proc.go", "shop/orders.Place", "orders.go"),
    ]),
  );
}

describe("parseFile", () => {
  const content = text(3_000_000);
  const half = content.length / 2;
  const inputs: readonly (readonly [string, Uint8Array])[] = [
    ["plain", Buffer.from(content)],
    ["gzip", gzipSync(content)],
    ["gzip of two members", Buffer.concat([gzipSync(content.slice(0, half)), gzipSync(content.slice(half))])],
    ["gzip in gzip", gzipSync(gzipSync(content))],
    ["gzip in gzip in gzip", gzipSync(gzipSync(gzipSync(content)))],
  ];
  it.each(inputs)("feeds a %s file to the parser, whole and in order", async (name, bytes) => {
    const path = saved(`${name}.bin`, bytes);
    const reading = await parseFile(path, collector);
    expect(reading.storedBytes).toBe(bytes.length);
    expect(reading.bytes).toBe(content.length);
    expect(reading.result).toEqual({ ok: true, value: content });
  });

  it("tells the size beforehand where it can be known", async () => {
    const told: (number | undefined)[] = [];
    const note = (expected: number | undefined) => {
      told.push(expected);
      return collector();
    };
    await parseFile(saved("size.txt", content), note);
    await parseFile(saved("size.gz", gzipSync(content)), note);
    const lying = gzipSync("abc");
    lying.writeUInt32LE(0xffff_fff0, lying.length - 4);
    await parseFile(saved("lying.gz", lying), note);
    // Nothing came of it before its size was found to be another, so it was read again.
    expect(told).toEqual([content.length, content.length, undefined, undefined]);
  });

  it.each([
    ["plain", (bytes: Buffer) => bytes],
    ["gzip", (bytes: Buffer) => gzipSync(bytes)],
  ])("reads a FIFO, which has no offsets: %s", async (name, stored) => {
    const path = join(folder, `fifo-${name}`);
    execFileSync("mkfifo", [path]);
    const [reading] = await Promise.all([
      parseFile(path, collector),
      writeFile(path, stored(Buffer.from(content, "latin1"))),
    ]);
    expect(reading.result).toEqual({ ok: true, value: content });
  });

  it("keeps what a broken off gzip file still gives, and says that it broke off", async () => {
    const bytes = gzipSync(content);
    const path = saved("cut.gz", bytes.subarray(0, bytes.length - 20));
    const { result, bytes: read } = await parseFile(path, collector);
    if (!result.ok) throw new Error("nothing kept");
    expect(content.startsWith(result.value)).toBe(true);
    expect(result.value.length).toBeGreaterThan(content.length - 200);
    expect(result.damage).toEqual({
      code: "damaged",
      message: "the gzip data is broken: unexpected end of file",
      at: { unit: "offset", value: read },
    });
  });

  it("keeps what comes before a wrong byte in gzip data", async () => {
    const bytes = gzipSync(content);
    bytes.fill(0xff, bytes.length - 2_000, bytes.length - 1_900);
    const { result } = await parseFile(saved("wrong.gz", bytes), collector);
    if (!result.ok) throw new Error("nothing kept");
    expect(result.damage?.code).toBe("damaged");
    expect(result.value.length).toBeGreaterThan(content.length / 2);
    expect(content.startsWith(result.value)).toBe(true);
  });

  it("is an error when gzip data breaks before anything was read", async () => {
    const { result } = await parseFile(saved("head.gz", gzipSync(content).subarray(0, 12)), () => ({
      push: () => undefined,
      end: () => ({
        ok: false,
        error: { code: "empty", message: "nothing", at: { unit: "offset", value: 0 } },
      }),
    }));
    expect(result).toMatchObject({ ok: false, error: { code: "damaged" } });
  });

  it.each([1_000_000, 1_500_001])("stops at %d decompressed bytes", async (maxBytes) => {
    for (const bytes of [Buffer.from(content), gzipSync(content)]) {
      const reading = await parseFile(saved("large", bytes), collector, { maxBytes });
      expect(reading.bytes).toBe(maxBytes);
      expect(reading.result).toEqual({
        ok: true,
        value: content.slice(0, maxBytes),
        damage: {
          code: "too-large",
          message: `only the first ${maxBytes} bytes were read`,
          at: { unit: "offset", value: maxBytes },
        },
      });
    }
  });

  it("does not call an input of exactly the largest size too large", async () => {
    const reading = await parseFile(saved("exact", content), collector, { maxBytes: content.length });
    expect(reading.result).toEqual({ ok: true, value: content });
  });

  it("holds 256 MiB of zeros in a few kilobytes of gzip off memory", { timeout: 60_000 }, async () => {
    const megabyte = Buffer.alloc(1 << 20);
    const bomb = Buffer.concat(Array.from({ length: 256 }, () => gzipSync(megabyte, { level: 1 })));
    const path = saved("bomb.gz", gzipSync(bomb));
    let seen = 0;
    const before = process.memoryUsage().rss;
    const reading = await parseFile(path, () => ({
      push: (chunk) => {
        seen += chunk.length;
      },
      end: () => ({ ok: true, value: seen }),
    }));
    expect(reading.result).toEqual({ ok: true, value: 256 << 20 });
    expect(process.memoryUsage().rss - before).toBeLessThan(128 << 20);
  });

  it("throws PortError for a file that cannot be opened, and the signal's reason when aborted", async () => {
    await expect(parseFile(join(folder, "none"), collector)).rejects.toMatchObject({ code: "not-found" });
    const stop = new AbortController();
    const path = saved("stop.gz", gzipSync(content));
    const reading = parseFile(
      path,
      () => ({
        push: () => stop.abort(new Error("enough")),
        end: () => ({ ok: true, value: 0 }),
      }),
      { signal: stop.signal },
    );
    await expect(reading).rejects.toThrow("enough");
  });
});

describe("parseStream", () => {
  const content = text(400_000);

  it.each([1, 7, 4096, 1_000_000])("reads pieces of %d bytes, gzip or not", async (size) => {
    const short = size < 100 ? content.slice(0, 3_000) : content;
    for (const bytes of [Buffer.from(short), gzipSync(short)]) {
      const { result, storedBytes } = await parseStream(pieces(bytes, size), collector);
      expect(result).toEqual({ ok: true, value: short });
      expect(storedBytes).toBe(bytes.length);
    }
  });

  it("reads a Node stream, and passes on what breaks it", async () => {
    const ok = await parseStream(Readable.from([Buffer.from("ab"), Buffer.from("c")]), collector);
    expect(ok.result).toEqual({ ok: true, value: "abc" });
    const gzip = gzipSync(content);
    async function* breaking(): AsyncGenerator<Uint8Array> {
      yield gzip.subarray(0, 1000);
      throw new Error("connection reset");
    }
    await expect(parseStream(breaking(), collector)).rejects.toThrow("connection reset");
  });

  it("gives the event loop its turn while a source never makes it wait", async () => {
    const chunk = Buffer.alloc(64 * 1024, 0x61);
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 400; i++) yield chunk;
    }
    let turns = 0;
    let parsed = false;
    function nextTurn(): void {
      turns++;
      if (!parsed) setImmediate(nextTurn);
    }
    setImmediate(nextTurn);
    const slow: ByteParser<number> = {
      push: () => {
        const until = performance.now() + 0.5;
        while (performance.now() < until);
      },
      end: () => ({ ok: true, value: 0 }),
    };
    await parseStream(endless(), () => slow);
    parsed = true;
    // After 8 ms of parsing others get their turn, so after 17 chunks at the latest, however busy the machine is.
    expect(turns).toBeGreaterThanOrEqual(20);
  });
});

describe("readEvidence", () => {
  it("does not take what a tool added up for a later moment: it has that of its first", async () => {
    const atMs = 1_700_000_000_000;
    const taken = saved("taken.pb.gz", goroutines(150, atMs));
    const sum = saved("sum.pb.gz", goroutines(450, atMs));
    const { evidence, problems } = await readEvidence([taken, sum]);
    expect(problems).toEqual([
      expect.stringMatching(/sum\.pb\.gz: left out, it is of the same moment as .*taken\.pb\.gz/),
    ]);
    expect(evidence.goroutines?.series.map(({ total }) => total)).toEqual([150]);
  });

  it("reads loose files, tells them by content, and reports what it cannot read", async () => {
    const later = saved("b.bin", goroutines(40, 1_700_000_060_000));
    const earlier = saved("a.bin", goroutines(30, 1_700_000_000_000));
    const nothing = saved("notes.txt", "nothing of interest\n");
    const { evidence, captures, problems } = await readEvidence([later, earlier, nothing]);
    expect(evidence.goroutines?.series.map(({ total }) => total)).toEqual([30, 40]);
    expect(evidence.goroutines?.windowMs).toBe(60_000);
    expect(captures.map(({ kind, file, status }) => [kind, file, status])).toEqual([
      ["goroutine", later, "ok"],
      ["goroutine", earlier, "ok"],
      ["log", nothing, "failed"],
    ]);
    expect(problems).toEqual([expect.stringContaining(`${nothing}: line 1: `)]);
  });

  it("reads a folder without a manifest in name order", async () => {
    const loose = join(folder, "loose");
    mkdirSync(loose);
    writeFileSync(join(loose, "2.gz"), goroutines(2, 0));
    writeFileSync(join(loose, "1.gz"), goroutines(1, 0));
    writeFileSync(join(loose, ".hidden"), "no capture");
    const { evidence, problems } = await readEvidence([loose]);
    expect(evidence.goroutines?.series.map(({ total }) => total)).toEqual([1, 2]);
    expect(problems).toEqual([]);
  });

  it("reads a bundle as its manifest tells it", async () => {
    const bundle = join(folder, "bundle");
    mkdirSync(bundle);
    writeFileSync(join(bundle, "goroutine-1.pb.gz"), goroutines(30, 1_700_000_000_000));
    const target = {
      service: "shop",
      instance: "10.0.0.5:6060",
      url: "http://10.0.0.5:6060/debug/pprof/",
      goVersion: "go1.23.5",
    };
    const captures = [
      {
        kind: "goroutine",
        file: "goroutine-1.pb.gz",
        bytes: 200,
        startedAtMs: 1_700_000_000_500,
        durationMs: 9,
        status: "ok",
      },
      { kind: "cpu", bytes: 0, durationMs: 0, status: "skipped", reason: "not asked for" },
      { kind: "heap", file: "heap.pb.gz", bytes: 10, durationMs: 3, status: "ok" },
    ] as const;
    const unkeptManifest = manifestText({
      schemaVersion: 1,
      gofireVersion: "test",
      target,
      startedAt: "2026-01-01T00:00:00Z",
      request: {},
      captures,
    });
    writeFileSync(join(bundle, "manifest.json"), unkeptManifest);
    const read = await readEvidence([bundle]);
    expect(read.target).toMatchObject({
      service: "shop",
      instance: "10.0.0.5:6060",
      goVersion: { major: 1, minor: 23, patch: 5 },
    });
    expect(read.evidence.goroutines?.best).toMatchObject({
      artifact: "goroutine-1.pb.gz",
      takenAtMs: 1_700_000_000_500,
      total: 30,
    });
    expect(read.captures).toEqual([
      captures[0],
      captures[1],
      { ...captures[2], bytes: 0, status: "failed", reason: "no such file or folder" },
    ]);
    expect(read.problems).toEqual([`${join(bundle, "heap.pb.gz")}: no such file or folder`]);

    // Where the manifest found no room, whoever captured has it still.
    rmSync(join(bundle, "manifest.json"));
    expect(await readEvidence([bundle], { modules: [], unkeptManifest })).toMatchObject({
      target: { service: "shop", instance: "10.0.0.5:6060" },
      captures: read.captures,
    });
  });

  describe("a bundle whose files have checksums", () => {
    const whole = goroutines(30, 1_700_000_000_000);
    const sha256 = createHash("sha256").update(whole).digest("hex");

    /** What is read of a bundle whose only file holds `content` instead of `whole`. */
    async function readChanged(name: string, content: Uint8Array): ReturnType<typeof readEvidence> {
      const bundle = join(folder, name);
      mkdirSync(bundle);
      writeFileSync(join(bundle, "goroutine-1.pb.gz"), content);
      const manifest = {
        schemaVersion: 1,
        gofireVersion: "test",
        target: { instance: "10.0.0.5:6060", url: "http://10.0.0.5:6060/" },
        startedAt: "2026-01-01T00:00:00Z",
        request: {},
        captures: [
          {
            kind: "goroutine",
            file: "goroutine-1.pb.gz",
            bytes: whole.length,
            durationMs: 3,
            status: "ok",
            sha256,
          },
        ],
      } as const;
      writeFileSync(join(bundle, "manifest.json"), manifestText(manifest));
      return await readEvidence([bundle]);
    }

    it("is as it was captured", async () => {
      expect(await readChanged("unchanged", whole)).toMatchObject({ problems: [], changed: [] });
    });

    it("tells a file that is another one, and reads it all the same", async () => {
      const other = goroutines(99, 1_700_000_000_000);
      const read = await readChanged("another", other);
      expect(read.changed).toEqual(["goroutine-1.pb.gz"]);
      expect(read.evidence.goroutines?.best.total).toBe(99);
      const now = createHash("sha256").update(other).digest("hex");
      const told = `SHA-256 ${now.slice(0, 16)}… instead of ${sha256.slice(0, 16)}…`;
      expect(read.captures[0]).toMatchObject({ status: "partial", reason: expect.stringContaining(told) });
      expect(read.problems).toEqual([
        expect.stringContaining(`goroutine-1.pb.gz: changed since it was captured: `),
      ]);
    });

    it("tells one that was cut short with what became of its sizes", async () => {
      const read = await readChanged("short", whole.subarray(0, whole.length - 20));
      expect(read).toMatchObject({ changed: ["goroutine-1.pb.gz"], unread: 0 });
      expect(read.problems[0]).toContain(`${whole.length - 20} bytes instead of ${whole.length}, SHA-256 `);
      expect(read.problems[0]).toContain("the gzip data is broken");
    });

    it("says why so little came of one that broke off while it was captured", async () => {
      const bundle = join(folder, "broke-off");
      mkdirSync(bundle);
      writeFileSync(join(bundle, "heap-1.pb.gz"), whole.subarray(0, 15));
      const reason = "broke off after 15 B: the other side closed the connection";
      const heap = {
        kind: "heap",
        file: "heap-1.pb.gz",
        bytes: 15,
        durationMs: 3,
        status: "partial",
        reason,
      } as const;
      const manifest = {
        schemaVersion: 1,
        gofireVersion: "test",
        target: { instance: "10.0.0.5:6060", url: "http://10.0.0.5:6060/" },
        startedAt: "2026-01-01T00:00:00Z",
        request: {},
        captures: [heap],
      } as const;
      writeFileSync(join(bundle, "manifest.json"), manifestText(manifest));
      const { captures } = await readEvidence([bundle]);
      expect(captures[0]).toMatchObject({ status: "failed", reason: expect.stringContaining(`${reason}; `) });
    });

    it("tells one with a wrong byte in its middle by the checksum of all of it", async () => {
      const wrong = Buffer.from(whole);
      wrong.writeUInt8(wrong.readUInt8(60) ^ 0xff, 60);
      const read = await readChanged("wrong", wrong);
      const now = createHash("sha256").update(wrong).digest("hex");
      expect(read.problems).toEqual([expect.stringContaining(`SHA-256 ${now.slice(0, 16)}… instead of`)]);
    });

    it("tells one that holds nothing any more, which is as good as missing", async () => {
      const read = await readChanged("empty", new Uint8Array(0));
      expect(read).toMatchObject({ changed: [], unread: 1 });
      expect(read.captures[0]).toMatchObject({ status: "failed" });
    });
  });

  it("refuses a path that does not exist and a manifest that is none", async () => {
    const nowhere = join(folder, "goroutine.txt");
    expect(await readEvidence([nowhere])).toMatchObject({
      captures: [{ kind: "goroutine", file: nowhere, status: "failed", reason: "no such file or folder" }],
      unread: 1,
    });
    const { problems: unnamed } = await readEvidence([join(folder, "goroutine\ufffd.txt")]);
    expect(unnamed).toEqual([expect.stringContaining("its name is not UTF-8")]);
    const bundle = join(folder, "broken");
    mkdirSync(bundle);
    writeFileSync(join(bundle, "manifest.json"), "{}");
    const { captures, problems } = await readEvidence([bundle]);
    expect(captures).toEqual([expect.objectContaining({ file: bundle, status: "failed" })]);
    expect(problems).toEqual([expect.stringContaining("schemaVersion")]);
  });
});
