import { PortError } from "../../domain/errors.ts";
import type { Artifacts, StoredArtifact } from "../../ports/artifacts.ts";
import { seal, unseal } from "./seal.ts";
import { type SealingKey, unsealedBytes } from "./sealed-format.ts";

/**
 * Encrypts what goes into `store` and proves what comes out. Names, types, times and sizes are not hidden. What was
 * stored without encryption is listed with its size as if it were encrypted and cannot be read.
 *
 * `sealing` is used for what is new, `former` only to read.
 */
export function sealedStore(store: Artifacts, sealing: SealingKey, former: readonly SealingKey[]): Artifacts {
  const keys = [sealing, ...former];

  return {
    async put(key, source, about, signal) {
      return plain(await store.put(key, seal(source, key, sealing), about, signal));
    },
    get: (key, signal) => unseal(store.get(key, signal), key, keys),
    async stat(key, signal) {
      const stored = await store.stat(key, signal);
      return stored === undefined ? undefined : plain(stored);
    },
    async list(prefix, signal) {
      return (await store.list(prefix, signal)).map(plain);
    },
    remove: (prefixOrKey, signal) => store.remove(prefixOrKey, signal),
  };
}

function plain(stored: StoredArtifact): StoredArtifact {
  return { ...stored, bytes: unsealedBytes(stored.bytes) ?? stored.bytes };
}

/** From base64, as `openssl rand -base64 32` writes it. PortError `forbidden` for anything but 32 bytes. */
export function keySecret(base64: string, where: string): Uint8Array {
  const text = base64.trim();
  const secret = Buffer.from(text, "base64");
  if (secret.length === 32 && secret.toString("base64").replace(/=+$/, "") === text.replace(/=+$/, "")) {
    return secret;
  }
  const words =
    "does not hold an encryption key: 32 random bytes in base64. openssl rand -base64 32 makes one";
  throw new PortError("forbidden", where, `${where} ${words}.`);
}
