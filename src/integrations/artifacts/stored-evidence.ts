import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Artifacts } from "../../ports/artifacts.ts";
import type { EvidenceSource } from "../../ports/evidence-source.ts";
import { diskError } from "./disk-error.ts";
import { readEvidence } from "./read.ts";

/** Captures among the artifacts. Paths are key prefixes of bundles; each is copied here while it is read. */
export function storedEvidence(artifacts: Artifacts): EvidenceSource {
  return {
    async read(prefixes, settings, signal) {
      const folders: string[] = [];
      try {
        for (const prefix of prefixes) folders.push(await copyOf(artifacts, prefix, signal));
        return await readEvidence(folders, settings, signal);
      } finally {
        await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
      }
    },
  };
}

async function copyOf(artifacts: Artifacts, prefix: string, signal: AbortSignal): Promise<string> {
  const stored = await artifacts.list(prefix, signal);
  const folder = await mkdtemp(join(tmpdir(), "gofire-bundle-"));
  try {
    for (const { key } of stored) {
      const name = key.slice(prefix.length);
      if (name.includes("/")) continue; // a bundle is flat
      await pipeline(artifacts.get(key, signal), createWriteStream(join(folder, name), { mode: 0o600 }));
    }
    return folder;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    signal.throwIfAborted();
    throw diskError(error, folder);
  }
}
