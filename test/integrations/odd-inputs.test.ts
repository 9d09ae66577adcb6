import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseStream } from "../../src/integrations/artifacts/parse-bytes.ts";
import { readEvidence } from "../../src/integrations/artifacts/read.ts";
import { artifactParser } from "../../src/parsers/artifact.ts";
import { gofire } from "../cli/gofire.ts";
import { capture } from "../parsers/feed.ts";

const died = `panic: boom

goroutine 1 [running]:
main.main()
	/app/main.go:7 +0x30
exit status 2
`;
const goroutine = "goroutine 7 [chan send]:\nmain.send()\n\t/app/main.go:9 +0x1\n\n";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gofire-odd-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function saved(name: string, bytes: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function analyzed(input: string) {
  return spawnSync(process.execPath, ["dist/cli.js", "analyze", "-"], { input, encoding: "utf8" });
}

function bytesOf(text: string, encoding: "utf16le" | "utf16be"): Buffer {
  const bytes = Buffer.from(`\ufeff${text}`, "utf16le");
  return encoding === "utf16le" ? bytes : bytes.swap16();
}

describe("captures in odd wrappings", () => {
  const head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
  const wrappings: readonly (readonly [string, Uint8Array])[] = [
    ["carriage returns", Buffer.from(died.replaceAll("\n", "\r\n"))],
    ["a byte order mark", Buffer.from(`\ufeff${died}`)],
    ["UTF-16, as PowerShell writes it", bytesOf(died, "utf16le")],
    ["UTF-16, big-endian", bytesOf(died, "utf16be")],
    ["UTF-16 without a mark", bytesOf(died, "utf16le").subarray(2)],
    ["UTF-16 without a mark, big-endian", bytesOf(died, "utf16be").subarray(2)],
    ["carriage returns alone", Buffer.from(died.replaceAll("\n", "\r"))],
    ["the head that curl -i prints", Buffer.from(head + died)],
    [
      "the heads of a proxy and of the target",
      Buffer.from(`HTTP/1.1 200 Connection established\r\n\r\n${head}${died}`),
    ],
    ["a head in front of gzip", Buffer.concat([Buffer.from(head), gzipSync(died)])],
    ["gzip in gzip", gzipSync(gzipSync(died))],
  ];
  it.each(wrappings)("%s", async (_name, bytes) => {
    for (const size of [1, 3, 64, bytes.length]) {
      async function* reused(): AsyncGenerator<Uint8Array> {
        const piece = Buffer.alloc(size);
        for (let at = 0; at < bytes.length; at += size) {
          // Compressed data is the one thing that may not be overwritten.
          const part = bytes.subarray(at, at + size);
          piece.set(part);
          yield bytes.includes(0x8b) ? part : piece.subarray(0, part.length);
        }
      }
      const { result } = await parseStream(reused(), () => artifactParser("a"));
      expect(result).toMatchObject({
        ok: true,
        value: { crash: { message: "boom" }, snapshot: { counted: 1 } },
      });
    }
    const { evidence, problems } = await readEvidence([saved("wrapped", bytes)]);
    expect(evidence.goroutines?.best.counted).toBe(1);
    expect(problems).toEqual([]);
  });

  it("an answer that is no capture is refused with what it says", async () => {
    const path = saved("answer", "HTTP/1.1 404 Not Found\r\n\r\n404 page not found\n");
    expect((await readEvidence([path])).problems).toEqual([expect.stringContaining("404 page not found")]);
    const endless = saved("endless", `HTTP/1.1 ${"x".repeat(200_000)}`);
    expect((await readEvidence([endless])).unread).toBe(1);
  });
});

describe("what cannot be read is told with its place, and the rest is read", () => {
  const heap = capture("heap-go1.26.pb.gz");
  const cases: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
    ["empty.pb.gz", "", /offset 0: there is nothing in it$/],
    [
      "garbage",
      Uint8Array.from({ length: 5_000 }, (_, at) => (at * 7_919) % 256),
      /offset 0: it is no profile/,
    ],
    [
      "page.html",
      "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n",
      /line 1: it is an HTML page.*DOCTYPE/,
    ],
    ["error.json", '{"error":"unauthorized"}\n', /line 1: There is no goroutine in the input: \{"error"/],
    ["line.txt", "x".repeat(3_000_000), /line 1: There is no goroutine in the input: x+…$/],
    ["cut.pb.gz", heap.subarray(0, heap.length / 2), /offset \d+: the gzip data is broken: unexpected end/],
    ["bomb.gz", gzipSync(Buffer.alloc(50_000_000)), /offset 0: it is no profile/],
    ["heap.zst", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 1]), /offset 0: it is compressed with zstd/],
    ["bundle.zip", Buffer.from("PK\x03\x04\0\0"), /offset 0: it is a zip archive/],
    ["core", Buffer.from("\x7fELF\0\0"), /offset 0: it is a program or a core dump/],
    [
      "bundle.tar",
      Buffer.concat([Buffer.from("gofire-order/"), Buffer.alloc(244), Buffer.from("ustar\0")]),
      /tar archive/,
    ],
  ];
  it.each(cases)("%s", async (name, bytes, problem) => {
    const bad = saved(name, bytes);
    const good = saved("good.txt", died);
    const { evidence, captures, problems, unread } = await readEvidence([bad, good]);
    expect(captures.map(({ status }) => status)).toEqual(["failed", "ok"]);
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems[0]?.startsWith(`${bad}: `)).toBe(true);
    expect(unread).toBe(1);
    expect(evidence.goroutines?.best.counted).toBe(1);
  });

  it("a folder of links, as Kubernetes mounts one", async () => {
    const mounted = join(folder, "mounted");
    mkdirSync(mounted);
    symlinkSync(saved("good.txt", died), join(mounted, "crash.txt"));
    symlinkSync(join(folder, "gone.txt"), join(mounted, "gone.txt"));
    const { problems, evidence } = await readEvidence([mounted]);
    expect(problems).toEqual([expect.stringMatching(/gone\.txt: no such file or folder$/)]);
    expect(evidence.goroutines?.best.counted).toBe(1);
  });

  it("missing files, empty folders, broken manifests and forbidden files", async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    const broken = join(folder, "broken");
    mkdirSync(broken);
    writeFileSync(join(broken, "manifest.json"), "{}");
    const secret = saved("secret.txt", died);
    chmodSync(secret, 0);
    const nested = join(folder, "nested");
    mkdirSync(join(nested, "in"), { recursive: true });
    const itself = join(folder, "itself");
    symlinkSync(itself, itself);
    const good = saved("good.txt", died);
    const given = [join(folder, "none"), empty, broken, nested, itself, good];
    const { problems, unread, evidence, captures } = await readEvidence(given);
    expect(problems).toEqual([
      expect.stringMatching(/none: no such file or folder$/),
      expect.stringMatching(/empty: no files in this folder$/),
      expect.stringMatching(/manifest\.json: schemaVersion: missing/),
      expect.stringMatching(/nested: only folders in this folder; name one of them$/),
      expect.stringMatching(/itself: this link leads back to itself$/),
    ]);
    expect(unread).toBe(5);
    expect(captures.map(({ file, status }) => [file, status])).toEqual(
      given.map((path) => [path, path === good ? "ok" : "failed"]),
    );
    expect(evidence.goroutines?.best.counted).toBe(1);
    // root reads everything
    if (process.getuid?.() === 0) return;
    expect((await readEvidence([secret])).problems).toEqual([expect.stringMatching(/no permission$/)]);
  });

  it("the same file under two names is read once", async () => {
    const file = saved("once.txt", died);
    linkSync(file, join(folder, "again.txt"));
    const { captures, problems, unread } = await readEvidence([file, join(folder, "again.txt"), file]);
    expect(captures.length).toBe(1);
    expect(problems).toEqual([
      expect.stringContaining("given twice"),
      expect.stringContaining("given twice"),
    ]);
    expect(unread).toBe(0);
  });

  it("bundles of different processes are not taken for successive captures of one", async () => {
    const [order, cart] = ["lab/captures/go1.26.8/mutex-io", "lab/captures/go1.26.8/sql-pool"];
    await expect(readEvidence([order, cart])).rejects.toThrow(
      /^These bundles are of different processes, shop 127\.0\.0\.1:\d+ and shop 127\.0\.0\.1:\d+:/,
    );
  });

  it("what a manifest calls by a wrong name is read for what it is, and told", async () => {
    const bundle = join(folder, "misnamed");
    cpSync("lab/captures/go1.26.8/idle-workers", bundle, { recursive: true });
    const manifest = join(bundle, "manifest.json");
    writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"kind": "heap"', '"kind": "cpu"'));
    const { captures, problems } = await readEvidence([bundle]);
    const reason = "the manifest calls it cpu, but it is heap";
    expect(captures.find(({ file }) => file === "heap-1.pb.gz")).toMatchObject({
      kind: "heap",
      status: "partial",
      reason,
    });
    expect(problems).toEqual([`${join(bundle, "heap-1.pb.gz")}: ${reason}`]);
  });

  it.each<[string, (whole: Buffer) => Buffer, RegExp]>([
    [
      "what curl -w wrote behind it",
      (whole) => Buffer.concat([whole, Buffer.from("200\n")]),
      /is no gzip, and is left out/,
    ],
    [
      "a checksum that is another",
      (whole) => Buffer.concat([whole.subarray(0, -8), Buffer.alloc(8)]),
      /incorrect data check/,
    ],
    [
      "a bit that fell over",
      (whole) => whole.map((byte, at) => (at === whole.length >> 1 ? byte ^ 4 : byte)) as Buffer,
      /./,
    ],
  ])("of compressed data everything before %s is read", async (_what, damaged, words) => {
    const body = Array.from({ length: 400 }, (_, at) =>
      goroutine.replaceAll(/\d+/g, String(at * 7919 + 1)),
    ).join("");
    const path = saved("damaged.txt.gz", damaged(gzipSync(body)));
    const { evidence, captures } = await readEvidence([path]);
    expect(captures).toMatchObject([{ status: "partial", reason: expect.stringMatching(words) }]);
    expect(evidence.goroutines?.best.counted).toBeGreaterThan(150);
    expect(evidence.goroutines?.best.incomplete).toBeDefined();
    const bytes = damaged(gzipSync(body));
    for (const size of [64, bytes.length]) {
      const arriving = await parseStream(
        (function* () {
          for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
        })() as never,
        () => artifactParser("stdin"),
      );
      expect(arriving).toMatchObject({
        result: { ok: true, damage: { message: expect.stringMatching(words) } },
      });
    }
  });

  it("a dump that breaks off between two goroutines is not taken for a whole one", async () => {
    const whole = gzipSync(died.slice(died.indexOf("goroutine"), died.indexOf("exit")) + goroutine);
    // Without the trailer (RFC 1952: CRC32 and size) everything is there but the end.
    const { evidence, captures } = await readEvidence([saved("cut.txt.gz", whole.subarray(0, -8))]);
    expect(captures).toMatchObject([{ status: "partial" }]);
    expect(evidence.goroutines?.best.incomplete).toContain("the gzip data is broken");
  });
});

describe("exit codes", () => {
  it("findings 1, bad input 2, an input that gave nothing 3, although the rest shows nothing", async () => {
    const findings = saved("died.txt", died);
    const quiet = saved("quiet.txt", "goroutine 1 [select]:\nmain.main()\n\t/app/main.go:9 +0x1\n");
    const none = join(folder, "none");
    const runs = [[findings], [findings, none], [none], [quiet], [quiet, none]].map((paths) =>
      gofire(["analyze", ...paths]),
    );
    expect((await Promise.all(runs)).map(({ code }) => code)).toEqual([1, 1, 2, 0, 3]);
  });

  it("standard input is read like a file", () => {
    const { status, stdout } = analyzed(
      `2026-11-23T10:00:00Z ${died.replaceAll("\n", "\n2026-11-23T10:00:00Z ")}`,
    );
    expect(stdout).toContain("stdin: panic: boom");
    expect(status).toBe(1);
    const twice = spawnSync(process.execPath, ["dist/cli.js", "analyze", "-", "-"], {
      input: died,
      encoding: "utf8",
    });
    expect(twice).toMatchObject({
      status: 1,
      stderr: "gofire: standard input: given twice; it is read once\n",
    });
    expect(analyzed("")).toMatchObject({
      status: 2,
      stderr: "gofire: standard input: offset 0: there is nothing in it\n",
    });
  });
});
