import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { profileBytes } from "../../scripts/bench/make-profile.ts";
import { PortError } from "../../src/domain/errors.ts";
import { redact } from "../../src/integrations/artifacts/redact.ts";
import { storedBundle } from "../../src/integrations/artifacts/stored-bundle.ts";
import { fakeArtifacts } from "../fakes/artifacts.ts";

const never = new AbortController().signal;

/** Every text at every place where it could be cut. */
async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function through(file: string, bytes: Uint8Array, size = 1 << 16): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of redact(file, inPieces(bytes, size))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function text(content: string, file = "goroutine-dump.txt.gz"): Promise<string> {
  const whole = (await through(file, Buffer.from(content))).toString();
  for (const size of [1, 7]) expect((await through(file, Buffer.from(content), size)).toString()).toBe(whole);
  return whole;
}

function redactedTexts(content: string): ReadonlySet<string> {
  return new Set(content.match(/redacted-\d+/g));
}

describe("text", () => {
  test.each([
    // Labels of goroutines, as Go 1.26 writes them into headers and counts.
    [
      'goroutine 48 [sleep labels:{"q": "a\\"]:b", "route": "/x/0"}]:',
      'goroutine 48 [sleep labels:{"q": "redacted", "route": "redacted"}]:',
    ],
    ['goroutine 7 [running]{"tenant":"acme"}:', 'goroutine 7 [running]{"tenant":"redacted"}:'],
    ['# labels: {"tenant":"acme", "user":"ana, bob"}', '# labels: {"tenant":"redacted", "user":"redacted"}'],
    ['# labels: {"tenant":"acme", "user":"cut o', '# labels: {"tenant":"redacted", "user":"redacted"'],
    // URLs.
    ['get "https://ana:hunter2@db.example/x": EOF', 'get "https://redacted@db.example/x": EOF'],
    ["GET https://a.example/p?page=2&token=abc HTTP/1.1", "GET https://a.example/p?redacted HTTP/1.1"],
    [
      'http_requests_total{path="/cb?code=12345",le="0.5"} 7',
      'http_requests_total{path="/cb?redacted",le="0.5"} 7',
    ],
    // Tokens of known shapes.
    ["panic: bad token ghp_0123456789abcdef", "panic: bad token redacted"],
    ["x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln y", "x redacted y"],
    ["Authorization: Bearer abc.def-ghi", "Authorization: redacted redacted"],
    ["key AKIAABCDEFGHIJKLMNOP12345678", "key redacted"],
    // Names that say it.
    ['{"db_password":"hunter2","port":5432}', '{"db_password":"redacted","port":5432}'],
    [
      '{"password": "he said \\"x\\"", "tokenCount": 12, "token": null}',
      '{"password": "redacted", "tokenCount": 12, "token": null}',
    ],
    ["DB_PASSWORD=12345 LOG=debug", "DB_PASSWORD=redacted LOG=debug"],
    ["api_key: abcdef", "api_key: redacted"],
    ["/bin/order\0--db-password\0hunter2\0--port\x0080", "/bin/order\0--db-password\0redacted\0--port\x0080"],
    [
      '{"cmdline": ["/bin/order","--token","abc","-v"]}',
      '{"cmdline": ["/bin/order","--token","redacted","-v"]}',
    ],
    // PEM, on one line and on several.
    [
      "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nb",
      "a\nredacted\nredacted\nredacted\nredacted\nb",
    ],
    ['"-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----\\n"', '"redacted\\n"'],
  ])("%j", async (before, after) => {
    const redactedText = await text(before);
    if (before.startsWith("a\n-----BEGIN")) {
      expect(redactedText).not.toMatch(/MIIE|abc/);
      expect(redactedText.split("\n").at(0)).toBe("a");
      expect(redactedText.split("\n").at(-1)).toBe("b");
    } else expect(redactedText).toBe(after);
  });

  test("keeps everything that a verdict needs", async () => {
    for (const line of [
      "goroutine 1203 [sync.Mutex.Lock, 6 minutes]:",
      "main.(*Server).checkToken(0xc000123456?, {0xc0000140c0?, 0x10?})",
      "\t/src/shop/auth/secret.go:88 +0x1d",
      "\t/usr/local/go/src/go/token/position.go:120 +0x5",
      "created by shop/auth.(*TokenCache).refresh in goroutine 1",
      "# NextGC = 4194304",
      'go_gc_duration_seconds{quantile="0.5"} 1.2e-05',
      'go_sql_wait_count_total{db_name="orders"} 12',
      "12 @ 0x484c0e 0x41719c",
    ]) {
      expect(await text(line)).toBe(line);
    }
  });

  test("changes nothing in recorded dumps but the values of labels", async () => {
    for (const name of ["goroutine-dump-go1.26.txt", "goroutine-counts-go1.26.txt"]) {
      const recorded = await readFile(new URL(`../parsers/fixtures/${name}`, import.meta.url), "utf8");
      const [before, after] = [
        recorded.split("\n"),
        (await through(name, Buffer.from(recorded))).toString().split("\n"),
      ];
      expect(after).toHaveLength(before.length);
      const changed = before.flatMap((line, at) => (line === after[at] ? [] : [[line, after[at] ?? ""]]));
      expect(changed.length).toBeGreaterThan(0);
      for (const [line = "", now = ""] of changed) {
        expect(line).toContain("labels:");
        expect(now).toMatch(/"redacted"/);
        expect(now).not.toContain("/x/");
      }
    }
  });

  test("keeps bytes that are no text", async () => {
    const bytes = Buffer.from([0xff, 0x0a, 0x80, 0x00, 0xc3, 0x0a, 0xe2]);
    expect((await through("cmdline.txt.gz", bytes, 2)).equals(bytes)).toBe(true);
  });

  test("takes time in proportion to a line, and refuses one that is too long to look at", async () => {
    // One that took the square of a line's length would outlast the test's deadline.
    for (const unit of ["a", "secret", "://", "?a=", "eyJ", '"', "-secret", "-----BEGIN ", "\\", "token:"]) {
      await through("expvar.json.gz", Buffer.from(unit.repeat(Math.floor(200_000 / unit.length))));
    }
    await expect(through("expvar.json.gz", Buffer.alloc(2 << 20, "a"))).rejects.toMatchObject({
      code: "bad-response",
    });
  });
});

describe("profiles", () => {
  test("lose the texts of labels and keep their number, stacks and values", async () => {
    const profile = profileBytes("labels100k");
    const before = profile.toString("latin1");
    const after = gunzipSync(await through("goroutine-1.pb.gz", gzipSync(profile))).toString("latin1");
    expect(redactedTexts(before).size).toBe(0);
    expect(redactedTexts(after).size).toBeGreaterThan(99_000);
    const labelText = /req-[0-9a-f]+-\d+/;
    expect(labelText.test(before)).toBe(true);
    expect(labelText.test(after)).toBe(false);
    expect(after).toContain("request_id");
  });

  test("without labels stay byte for byte, every recorded one", async () => {
    const rules = new URL("../../src/analyzers/", import.meta.url);
    const files = readdirSync(rules, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".pb.gz"),
    );
    expect(files.length).toBeGreaterThan(100);
    for (const file of files) {
      const recorded = await readFile(new URL(file, rules));
      const after = gunzipSync(await through(file, recorded, 1_000));
      if (!after.includes("redacted-")) expect(after.equals(gunzipSync(recorded))).toBe(true);
    }
  });

  test("that are none are not kept", async () => {
    const bad = { code: "bad-response", message: expect.stringContaining("artifacts.redact") };
    await expect(through("heap.pb.gz", Buffer.from("not gzip"))).rejects.toMatchObject(bad);
    await expect(through("heap.pb.gz", gzipSync("not a profile"))).rejects.toMatchObject(bad);
    // A string before the sample whose label it is.
    const backwards = Buffer.from([0x32, 0, 0x32, 1, 0x61, 0x12, 6, 0x1a, 4, 0x08, 0, 0x10, 1]);
    await expect(through("heap.pb.gz", gzipSync(backwards))).rejects.toMatchObject(bad);
  });

  test("tell what broke the source off", async () => {
    const broken = new PortError("timeout", "order", "it went quiet");
    const profile = gzipSync(profileBytes("labels100k"));
    async function* source(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(profile.subarray(0, profile.length / 2));
      throw broken;
    }
    const read = async () => {
      for await (const chunk of redact("heap.pb.gz", source())) expect(chunk.length).toBeGreaterThan(0);
    };
    await expect(read()).rejects.toBe(broken);
  });
});

test("what cannot be redacted is not kept", async () => {
  await expect(through("trace.out", Buffer.from("go 1.23 trace"))).rejects.toMatchObject({
    code: "forbidden",
  });
});

test("checksum and size are those of what is kept", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gofire-redact-"));
  const artifacts = fakeArtifacts(folder);
  const bundle = await storedBundle(artifacts, "incidents/gf-1/bundle/", { redact }).create("", never);
  const source = inPieces(gzipSync(profileBytes("labels100k")), 1 << 16);
  const saved = await bundle.save("goroutine-1.pb.gz", source, "as-is", never);
  const kept: Uint8Array[] = [];
  for await (const chunk of artifacts.get("incidents/gf-1/bundle/goroutine-1.pb.gz", never)) kept.push(chunk);
  expect(saved.sha256).toBe(createHash("sha256").update(Buffer.concat(kept)).digest("hex"));
  expect(saved.bytes).toBe(Buffer.concat(kept).length);
  expect(gunzipSync(Buffer.concat(kept)).includes("redacted-")).toBe(true);
  const trace = await bundle.save("trace.out", inPieces(Buffer.from("go 1.23 trace"), 4), "as-is", never);
  expect(trace).toMatchObject({
    bytes: 0,
    brokenBy: { message: expect.stringContaining("artifacts.redact is true") },
  });
  await rm(folder, { recursive: true, force: true });
});
