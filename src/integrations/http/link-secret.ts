import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, PortError, UsageError } from "../../domain/errors.ts";
import { createOnce } from "../durable-files.ts";
import { partsFolder } from "../part-files.ts";

const secretBytes = 32;
const fileName = "link-secret";

/**
 * The secret that signs links: `configured` where several machines share it, else one that is made once and kept in
 * the state folder, readable by its owner alone. Throws UsageError for a secret that can be guessed, PortError
 * `unavailable` when the folder cannot be used.
 */
export async function linkSecret(configured: string | undefined, stateFolder: string): Promise<Uint8Array> {
  if (configured !== undefined) {
    const secret = Buffer.from(configured, "utf8");
    if (secret.length < secretBytes) {
      throw new UsageError(
        `The secret for links (GOFIRE_LINK_SECRET, or web in gofire.yaml) has ${secret.length} characters and needs ${secretBytes}: make one with "openssl rand -hex 32".`,
      );
    }
    return secret;
  }
  const path = join(stateFolder, fileName);
  try {
    return (await kept(path)) ?? (await made(stateFolder, path));
  } catch (error) {
    throw new PortError("unavailable", path, `no secret for links: ${String(error)}`, { cause: error });
  }
}

async function kept(path: string): Promise<Uint8Array | undefined> {
  try {
    const secret = Buffer.from((await readFile(path, "utf8")).trim(), "hex");
    if (secret.length === secretBytes) return secret;
    throw new Error("the file is damaged: remove it");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function made(folder: string, path: string): Promise<Uint8Array> {
  const text = `${randomBytes(secretBytes).toString("hex")}\n`;
  await createOnce(path, Buffer.from(text), join(folder, partsFolder));
  // Of several processes that begin at the same time one makes it.
  const secret = await kept(path);
  if (secret === undefined) throw new Error("the file vanished");
  return secret;
}
