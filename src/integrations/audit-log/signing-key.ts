import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Signer, signerOf } from "../../audit/keys.ts";
import { reasonOf, UsageError } from "../../domain/errors.ts";
import { diskError } from "../disk-error.ts";
import { createOnce } from "../durable-files.ts";
import { partsFolder } from "../part-files.ts";

const fileName = "audit-key.pem";

/** `pem` is PKCS#8, PEM. Throws UsageError, naming `at` but never the key, for one that cannot sign a log. */
export function configuredSigner(origin: string, pem: string, at: string): Signer {
  return usableSigner(origin, () => createPrivateKey(pem), at);
}

/**
 * The key that is kept in the state folder, for its owner alone; `make`: one is made when there is none, once, whoever
 * begins at the same time. Undefined: there is none. It is never replaced: a log has one key for good. Throws UsageError for
 * a file that holds no such key, PortError when the folder cannot be used.
 */
export async function keptSigner(
  origin: string,
  stateFolder: string,
  { make }: { readonly make: boolean },
): Promise<Signer | undefined> {
  const path = join(stateFolder, fileName);
  const pem = (await kept(path)) ?? (make ? await made(path, stateFolder) : undefined);
  return pem === undefined ? undefined : usableSigner(origin, () => createPrivateKey(pem), path);
}

async function kept(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const failure = diskError(error, path);
    if (failure.code === "not-found") return undefined;
    throw failure;
  }
}

async function made(path: string, stateFolder: string): Promise<string> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  try {
    if (await createOnce(path, Buffer.from(pem), join(stateFolder, partsFolder))) return pem;
    return await readFile(path, "utf8");
  } catch (error) {
    throw diskError(error, path);
  }
}

function usableSigner(origin: string, read: () => KeyObject, at: string): Signer {
  try {
    return signerOf(origin, read());
  } catch (error) {
    // What OpenSSL says names no part of the key.
    const why = error instanceof RangeError ? error.message : `it cannot be read as one (${reasonOf(error)})`;
    throw new UsageError(
      `${at}: the audit log is signed with an Ed25519 key in PEM (openssl genpkey -algorithm ed25519): ${why}`,
      { cause: error },
    );
  }
}
