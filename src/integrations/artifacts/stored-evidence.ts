import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Artifacts } from "../../ports/artifacts.ts";
import type { EvidenceSource } from "../../ports/evidence-source.ts";
import { diskError } from "./disk-error.ts";
import { readEvidence } from "./read.ts";

/** Where artifacts are far away, each is a wait of its own. */
const copiesAtOnce = 4;

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
    // A bundle is flat.
    const left = stored.filter(({ key }) => !key.slice(prefix.length).includes("/"));
    async function copy(): Promise<void> {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const file = join(folder, next.key.slice(prefix.length));
        await pipeline(artifacts.get(next.key, signal), createWriteStream(file, { mode: 0o600 }));
      }
    }
    // None may still write when the folder is removed.
    const lanes = await Promise.allSettled(Array.from({ length: copiesAtOnce }, copy));
    const failed = lanes.find((lane) => lane.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return folder;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    signal.throwIfAborted();
    throw diskError(error, folder);
  }
}
