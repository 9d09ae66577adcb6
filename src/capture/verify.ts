import { PortError } from "../domain/errors.ts";
import type { CaptureStore } from "../ports/capture-store.ts";
import { readManifest } from "./manifest.ts";

/**
 * What differs between a bundle's files and what its manifest says was captured, one sentence each. Undefined where there
 * is no manifest to differ from; one that cannot be read is the reader's to complain about.
 */
export async function changesSinceCapture(
  bundle: string,
  store: CaptureStore,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  let text: string;
  try {
    text = await store.readManifest(bundle, signal);
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    return error.code === "not-found" ? undefined : [];
  }
  const reading = readManifest(text);
  if (!reading.ok) return [];
  const changes: string[] = [];
  for (const { file, sha256 } of reading.manifest.captures) {
    if (file === undefined || sha256 === undefined) continue;
    try {
      if ((await store.checksum(bundle, file, signal)) !== sha256) {
        changes.push(`${bundle}/${file}: changed since it was captured (its SHA-256 is not the manifest's)`);
      }
    } catch (error) {
      // That it is missing or unreadable is told by whoever reads it.
      if (!(error instanceof PortError)) throw error;
    }
  }
  return changes;
}
