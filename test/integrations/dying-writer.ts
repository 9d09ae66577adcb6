/** Puts half an artifact into the folder of its first argument, says so, and waits to be killed. */
import { fileStore } from "../../src/integrations/artifacts/file-store.ts";

async function* half(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.alloc(1 << 20));
  yield Buffer.alloc(1 << 20);
  process.stdout.write("half\n");
  setInterval(() => {}, 60_000); // nothing else keeps it alive
  await new Promise(() => {});
}

const artifacts = await fileStore(process.argv[2] ?? "");
await artifacts.put(
  "incidents/gf-1/dump.txt",
  half(),
  { contentType: "text/plain" },
  new AbortController().signal,
);
