import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PortError } from "../../src/domain/errors.ts";
import type { Artifacts } from "../../src/ports/artifacts.ts";

const never = new AbortController().signal;
const text = { contentType: "text/plain; charset=utf-8" };

/** What every implementation of the port promises. Each test has a prefix of its own in the one store. */
export function artifactsContract(
  name: string,
  open: () => Promise<{ readonly artifacts: Artifacts; close?(): Promise<void> }>,
): void {
  describe(`${name} as artifacts`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    let artifacts: Artifacts;
    let tests = 0;
    beforeAll(async () => {
      opened = await open();
      artifacts = opened.artifacts;
    });
    afterAll(() => opened.close?.());
    const ownPrefix = () => `incidents/gf-${tests++}/`;

    test("gives back what was put, with its size, type and time", async () => {
      const key = `${ownPrefix()}bundle/dump.txt`;
      const beforeMs = Date.now();
      const stored = await artifacts.put(key, of("goroutine 1", "", " [running]:"), text, never);
      expect(stored).toMatchObject({ key, bytes: 22, ...text });
      expect(await read(artifacts, key)).toBe("goroutine 1 [running]:");
      const about = await artifacts.stat(key, never);
      expect(about).toMatchObject({ key, bytes: 22, ...text });
      // S3 tells whole seconds.
      expect(about?.storedAtMs).toBeGreaterThan(beforeMs - 2_000);
      expect(about?.storedAtMs).toBeLessThan(Date.now() + 2_000);
    });

    test("keeps nothing as nothing", async () => {
      const key = `${ownPrefix()}empty.txt`;
      await artifacts.put(key, of(), text, never);
      expect(await artifacts.stat(key, never)).toMatchObject({ bytes: 0 });
      expect(await read(artifacts, key)).toBe("");
    });

    test("keeps 13 MB of unknown length byte for byte", async () => {
      const key = `${ownPrefix()}heap.pb.gz`;
      const pieces = Array.from({ length: 13 }, () => randomBytes(1_000_003));
      const about = { contentType: "application/gzip" };
      const stored = await artifacts.put(key, slowly(pieces), about, never);
      expect(stored.bytes).toBe(13_000_039);
      expect(await artifacts.stat(key, never)).toMatchObject({ bytes: 13_000_039, ...about });
      const back: Uint8Array[] = [];
      for await (const chunk of artifacts.get(key, never)) back.push(chunk);
      expect(Buffer.concat(back).equals(Buffer.concat(pieces))).toBe(true);
    });

    test("replaces what was there", async () => {
      const key = `${ownPrefix()}findings.txt`;
      await artifacts.put(key, of("a long first version"), text, never);
      await artifacts.put(key, of("second"), text, never);
      expect(await read(artifacts, key)).toBe("second");
      expect(await artifacts.stat(key, never)).toMatchObject({ bytes: 6 });
    });

    test.each([
      ["little", 10],
      ["much", 6_000_000],
    ])("keeps what was there when the new source breaks after %s", async (_word, bytes) => {
      const prefix = ownPrefix();
      const key = `${prefix}findings.txt`;
      const broken = new PortError("timeout", "order", "it went quiet");
      async function* source(): AsyncGenerator<Uint8Array> {
        yield await Promise.resolve(new Uint8Array(bytes));
        throw broken;
      }
      await expect(artifacts.put(`${prefix}new.txt`, source(), text, never)).rejects.toBe(broken);
      expect(await artifacts.stat(`${prefix}new.txt`, never)).toBeUndefined();
      await artifacts.put(key, of("first"), text, never);
      await expect(artifacts.put(key, source(), text, never)).rejects.toBe(broken);
      expect(await read(artifacts, key)).toBe("first");
      expect(await keys(artifacts, prefix)).toEqual([key]);
    });

    test("gives up when it is told to, though the source says nothing", async () => {
      const prefix = ownPrefix();
      const stop = new AbortController();
      const reason = new Error("stop");
      async function* source(): AsyncGenerator<Uint8Array> {
        yield await Promise.resolve(Buffer.from("some"));
        setImmediate(() => stop.abort(reason));
        await new Promise(() => {});
      }
      await expect(artifacts.put(`${prefix}a.txt`, source(), text, stop.signal)).rejects.toBe(reason);
      expect(await keys(artifacts, prefix)).toEqual([]);
      await expect(artifacts.put(`${prefix}a.txt`, of("a"), text, stop.signal)).rejects.toBe(reason);
      await expect(artifacts.stat(`${prefix}a.txt`, stop.signal)).rejects.toBe(reason);
      await expect(artifacts.list(prefix, stop.signal)).rejects.toBe(reason);
      await expect(artifacts.remove(prefix, stop.signal)).rejects.toBe(reason);
      await expect(readWith(artifacts, `${prefix}a.txt`, stop.signal)).rejects.toBe(reason);
    });

    test("shows nothing before it is whole", async () => {
      const prefix = ownPrefix();
      const key = `${prefix}slow.txt`;
      const seen: string[][] = [];
      async function* source(): AsyncGenerator<Uint8Array> {
        yield Buffer.from("half ");
        seen.push(await keys(artifacts, prefix));
        yield Buffer.from("whole");
      }
      await artifacts.put(key, source(), text, never);
      expect(seen).toEqual([[]]);
      expect(await keys(artifacts, prefix)).toEqual([key]);
    });

    test("says what is not there", async () => {
      const prefix = ownPrefix();
      expect(await artifacts.stat(`${prefix}none.txt`, never)).toBeUndefined();
      expect(await artifacts.list(prefix, never)).toEqual([]);
      expect(await artifacts.remove(prefix, never)).toBe(0);
      expect(await artifacts.remove(`${prefix}none.txt`, never)).toBe(0);
      await expect(read(artifacts, `${prefix}none.txt`)).rejects.toMatchObject({ code: "not-found" });
    });

    test("lists in the order of whole keys, and nothing beside the prefix", async () => {
      const prefix = ownPrefix();
      const names = ["b.txt", "a/z.txt", "a-b.txt", "a/b/c.txt", "A.txt", "a.txt"].map(
        (name) => prefix + name,
      );
      await artifacts.put(`${prefix.slice(0, -1)}0/other.txt`, of("x"), text, never);
      for (const key of names) await artifacts.put(key, of(key), text, never);
      const found = await artifacts.list(prefix, never);
      expect(found.map(({ key }) => key)).toEqual(names.toSorted());
      expect(found.every(({ key, bytes }) => bytes === key.length)).toBe(true);
      expect(await keys(artifacts, `${prefix}a/`)).toEqual([`${prefix}a/b/c.txt`, `${prefix}a/z.txt`]);
    });

    test("removes what is below a prefix, or one artifact, and counts", async () => {
      const prefix = ownPrefix();
      for (const name of ["bundle/1.txt", "bundle/2.txt", "findings.txt", "bundle-2.txt"]) {
        await artifacts.put(prefix + name, of(name), text, never);
      }
      expect(await artifacts.remove(`${prefix}bundle/`, never)).toBe(2);
      expect(await artifacts.remove(`${prefix}findings.txt`, never)).toBe(1);
      expect(await artifacts.remove(`${prefix}findings.txt`, never)).toBe(0);
      expect(await keys(artifacts, prefix)).toEqual([`${prefix}bundle-2.txt`]);
      await artifacts.put(`${prefix}bundle/1.txt`, of("again"), text, never);
      expect(await read(artifacts, `${prefix}bundle/1.txt`)).toBe("again");
    });

    test("takes several writers of one key: one of them wins, whole", async () => {
      const key = `${ownPrefix()}race.txt`;
      const contents = ["a", "b", "c", "d"].map((letter) => letter.repeat(100_000));
      await Promise.all(contents.map((content) => artifacts.put(key, of(content), text, never)));
      expect(contents).toContain(await read(artifacts, key));
    });

    test.each([
      "",
      "/etc/passwd",
      "../secret",
      "incidents/../../secret",
      "incidents/.hidden",
      "a//b",
      "a/./b",
      "a\\b",
      "a b",
      "ä",
      "a\0b",
      `${"long/".repeat(300)}a`,
      "x".repeat(300),
    ])("refuses %j as a key", async (key) => {
      const refusal = { code: "forbidden" };
      await expect(artifacts.put(key, of("x"), text, never)).rejects.toMatchObject(refusal);
      await expect(artifacts.stat(key, never)).rejects.toMatchObject(refusal);
      await expect(read(artifacts, key)).rejects.toMatchObject(refusal);
      await expect(artifacts.remove(key, never)).rejects.toMatchObject(refusal);
      await expect(artifacts.list(`${key}/`, never)).rejects.toMatchObject(refusal);
      await expect(artifacts.remove(`${key}/`, never)).rejects.toMatchObject(refusal);
    });

    test("refuses to list what is no prefix", async () => {
      await expect(artifacts.list("incidents", never)).rejects.toMatchObject({ code: "forbidden" });
    });
  });
}

async function* of(...pieces: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield await Promise.resolve(Buffer.from(piece));
}

async function* slowly(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    await new Promise(setImmediate);
    yield piece;
  }
}

async function readWith(artifacts: Artifacts, key: string, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of artifacts.get(key, signal)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function read(artifacts: Artifacts, key: string): Promise<string> {
  return readWith(artifacts, key, never);
}

async function keys(artifacts: Artifacts, prefix: string): Promise<string[]> {
  return (await artifacts.list(prefix, never)).map(({ key }) => key);
}
