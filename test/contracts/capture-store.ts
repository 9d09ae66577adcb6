import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import { PortError } from "../../src/domain/errors.ts";
import type { CaptureStore } from "../../src/ports/capture-store.ts";

const never = new AbortController().signal;

/** What every implementation of the port promises. `stored` returns a file's bytes as they lie there. */
export function captureStoreContract(
  name: string,
  open: () => Promise<{
    readonly store: CaptureStore;
    stored(location: string, file: string): Promise<Uint8Array>;
  }>,
): void {
  describe(`${name} as a capture store`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    beforeEach(async () => {
      opened = await open();
    });

    test("keeps bytes as they are, with size and checksum", async () => {
      const bundle = await opened.store.create("gofire-order-1", never);
      const saved = await bundle.save("heap.pb.gz", chunks("ab", "", "cd"), "as-is", never);
      expect(saved).toEqual({ bytes: 4, receivedBytes: 4, sha256: sha256("abcd"), interrupted: false });
      expect(text(await opened.stored(bundle.location, "heap.pb.gz"))).toBe("abcd");
    });

    test("compresses text; size and checksum are those of what is stored", async () => {
      const bundle = await opened.store.create("gofire-order-1", never);
      const line = "go_goroutines 12\n".repeat(1_000);
      const saved = await bundle.save("metrics-1.txt.gz", chunks(line), "gzip", never);
      const stored = await opened.stored(bundle.location, "metrics-1.txt.gz");
      expect(text(gunzipSync(stored))).toBe(line);
      expect(saved.receivedBytes).toBe(line.length);
      expect(saved.bytes).toBe(stored.length);
      expect(saved.sha256).toBe(sha256(stored));
    });

    test("keeps what came before the source broke, as a whole file", async () => {
      const bundle = await opened.store.create("gofire-order-1", never);
      const broken = new PortError("unavailable", "http://x", "gone");
      const saved = await bundle.save("dump.txt.gz", failing("goroutine 1", broken), "gzip", never);
      expect(saved).toMatchObject({ receivedBytes: 11, brokenBy: broken, interrupted: false });
      expect(text(gunzipSync(await opened.stored(bundle.location, "dump.txt.gz")))).toBe("goroutine 1");
    });

    test("keeps what came before an interruption", async () => {
      const bundle = await opened.store.create("gofire-order-1", never);
      const stop = new AbortController();
      async function* source(): AsyncGenerator<Uint8Array> {
        yield Buffer.from("some");
        stop.abort(new Error("stop"));
        await Promise.resolve();
        stop.signal.throwIfAborted();
      }
      const saved = await bundle.save("heap.pb.gz", source(), "as-is", stop.signal);
      expect(saved).toMatchObject({ receivedBytes: 4, interrupted: true });
      expect(text(await opened.stored(bundle.location, "heap.pb.gz"))).toBe("some");
    });

    test("a bug in the source is not swallowed, and leaves no file", async () => {
      const bundle = await opened.store.create("gofire-order-1", never);
      const bug = new TypeError("bug");
      const saving = bundle.save("heap.pb.gz", failing("some", bug), "as-is", never);
      await expect(saving).rejects.toThrow("bug");
      await expect(opened.stored(bundle.location, "heap.pb.gz")).rejects.toThrow();
    });

    test("replaces the manifest", async () => {
      const bundle = await opened.store.create("gofire-order-1", never);
      await bundle.writeManifest('{"a":1}', never);
      await bundle.writeManifest('{"a":2}', never);
      expect(await opened.store.readManifest(bundle.location, never)).toBe('{"a":2}');
    });

    test("never opens the same bundle twice", async () => {
      const first = await opened.store.create("gofire-order-1", never);
      const second = await opened.store.create("gofire-order-1", never);
      expect(second.location).not.toBe(first.location);
      expect(second.location.endsWith("gofire-order-1-2")).toBe(true);
    });

    test.each(["../evil", "a/b", ".hidden", "", "-rf", "a\\b", "a\u0000b"])(
      "refuses %j as a name",
      async (bad) => {
        await expect(opened.store.create(bad, never)).rejects.toMatchObject({ code: "forbidden" });
        const bundle = await opened.store.create("gofire-order-1", never);
        await expect(bundle.save(bad, chunks("x"), "as-is", never)).rejects.toMatchObject({
          code: "forbidden",
        });
      },
    );

    test("says when there is no manifest", async () => {
      await expect(opened.store.readManifest("/nowhere", never)).rejects.toMatchObject({
        name: "PortError",
        code: "not-found",
      });
    });
  });
}

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of texts) yield await Promise.resolve(Buffer.from(chunk));
}

async function* failing(before: string, error: Error): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(before));
  throw error;
}

function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
