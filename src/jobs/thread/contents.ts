import { contentTypeOf } from "../../domain/evidence/content-type.ts";
import { oneChunk } from "../../domain/one-chunk.ts";
import type { Artifacts } from "../../ports/artifacts.ts";

/** What somebody called something, as a part of a file's name. */
export function inFileName(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]+/g, "-").slice(0, 60);
}

/** Stores a text of gofire's own under `key`, which says by its ending what it is; returns the key. */
export async function putText(
  key: string,
  text: string,
  artifacts: Artifacts,
  signal: AbortSignal,
): Promise<string> {
  await artifacts.put(key, oneChunk(text), { contentType: contentTypeOf(key) }, signal);
  return key;
}

/** A text of gofire's own, whole: none of them is long. Throws as `Artifacts.get`. */
export async function textOf(key: string, artifacts: Artifacts, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of artifacts.get(key, signal)) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
