import { PortError } from "../../domain/errors.ts";
import { bytesText } from "../../domain/units.ts";
import type { Artifacts } from "../../ports/artifacts.ts";

/** Most bytes, counted before encryption. */
export interface Caps {
  readonly fileBytes: number;
  readonly incidentBytes: number;
}

/** What still fits under a key. */
export interface Room {
  readonly bytes: number;
  /** The limit behind it, for whoever meets it. */
  readonly limit: string;
}

export interface CappedArtifacts extends Artifacts {
  /** How much may be put under this key now. Writers of one incident at the same time do not see each other. */
  readonly room: (key: string, signal: AbortSignal) => Promise<Room>;
}

/** Refuses what is too large: `put` throws PortError `forbidden` that names the limit, and nothing is stored. */
export function cappedStore(store: Artifacts, { fileBytes, incidentBytes }: Caps): CappedArtifacts {
  async function room(key: string, signal: AbortSignal): Promise<Room> {
    const file = { bytes: fileBytes, limit: `artifacts.maxFileBytes is ${bytesText(fileBytes)}` };
    const prefix = /^incidents\/[^/]+\//.exec(key)?.[0];
    if (prefix === undefined) return file;
    const others = (await store.list(prefix, signal)).filter((stored) => stored.key !== key);
    const left = Math.max(0, incidentBytes - others.reduce((sum, { bytes }) => sum + bytes, 0));
    if (left >= fileBytes) return file;
    return {
      bytes: left,
      limit: `artifacts.maxIncidentBytes is ${bytesText(incidentBytes)} for all of an incident`,
    };
  }

  return {
    ...store,
    room,
    async put(key, source, about, signal) {
      return await store.put(key, within(source, key, await room(key, signal)), about, signal);
    },
  };
}

/** Lets through what fits, and then throws PortError `forbidden` that names the limit. */
export async function* within(
  source: AsyncIterable<Uint8Array>,
  name: string,
  { bytes, limit }: Room,
): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of source) {
    if (chunk.length > left) {
      if (left > 0) yield chunk.subarray(0, left);
      throw new PortError("forbidden", name, `there is no room for more: ${limit}`);
    }
    left -= chunk.length;
    yield chunk;
  }
}
