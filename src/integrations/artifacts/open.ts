import { join } from "node:path";
import type { ArtifactsConfig } from "../../config/artifacts-config.ts";
import type { SecretReference } from "../../config/gofire-config.ts";
import type { Artifacts } from "../../ports/artifacts.ts";
import { cappedStore } from "./capped-store.ts";
import { fileStore } from "./file-store.ts";
import { redact } from "./redact.ts";
import { type SealingKey, sealingKey } from "./sealed-format.ts";
import { keySecret, sealedStore } from "./sealed-store.ts";
import type { BundleConditions } from "./stored-bundle.ts";

/** What opening needs from the machine. */
export interface OpenedWith {
  /** Absolute. */
  readonly stateFolder: string;
  /** The secret itself; throws UsageError when it is not there. */
  readonly secret: (reference: SecretReference) => Promise<string>;
}

/** The artifacts, and under which conditions something is put there. */
export interface OpenArtifacts {
  /** For who looks after gofire: "s3://evidence/gofire/, encrypted". */
  readonly where: string;
  readonly artifacts: Artifacts;
  readonly bundles: BundleConditions;
  readonly keep: ArtifactsConfig["keep"];
}

/**
 * The artifacts of this configuration, checked: PortError when the folder or the bucket cannot be used or a key is
 * none, UsageError for secrets that are missing.
 */
export async function openArtifacts(config: ArtifactsConfig, machine: OpenedWith): Promise<OpenArtifacts> {
  const { place, encryption, keep, maxFileBytes, maxIncidentBytes } = config;
  const keys = encryption === undefined ? [] : [encryption.key, ...encryption.formerKeys];
  const read: SealingKey[] = [];
  // One after the other: of several keys that are missing, the first is named.
  for (const reference of keys) read.push(await keyOf(reference, machine));
  const [sealing, ...former] = read;
  const store = await openPlace(place, machine);
  const sealed = sealing === undefined ? store : sealedStore(store, sealing, former);
  const artifacts = cappedStore(sealed, { fileBytes: maxFileBytes, incidentBytes: maxIncidentBytes });
  const bundles = { room: artifacts.room, ...(config.redact ? { redact } : {}) };
  const where = [placeText(place, machine.stateFolder)];
  if (sealing !== undefined) where.push("encrypted");
  if (config.redact) where.push("redacted");
  return { where: where.join(", "), artifacts, bundles, keep };
}

async function keyOf(reference: SecretReference, { secret }: OpenedWith): Promise<SealingKey> {
  const where = "env" in reference ? reference.env : reference.file;
  return sealingKey(keySecret(await secret(reference), where));
}

async function openPlace(
  place: ArtifactsConfig["place"],
  { stateFolder, secret }: OpenedWith,
): Promise<Artifacts> {
  if (place.kind === "folder") return await fileStore(folderOf(place, stateFolder));
  // Loaded only where it is used: the SDK is large.
  const { openS3Store } = await import("./s3-open.ts");
  const { credentials, ...rest } = place;
  if (credentials === undefined) return await openS3Store(rest);
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return await openS3Store({
    ...rest,
    credentials: {
      accessKeyId: await secret(accessKeyId),
      secretAccessKey: await secret(secretAccessKey),
      ...(sessionToken === undefined ? {} : { sessionToken: await secret(sessionToken) }),
    },
  });
}

function placeText(place: ArtifactsConfig["place"], stateFolder: string): string {
  return place.kind === "folder" ? folderOf(place, stateFolder) : `s3://${place.bucket}/${place.prefix}`;
}

function folderOf({ path }: { readonly path?: string }, stateFolder: string): string {
  return path ?? join(stateFolder, "artifacts");
}
