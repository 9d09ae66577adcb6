import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { Artifacts } from "../../ports/artifacts.ts";
import { type S3Access, s3Client } from "./s3-client.ts";
import { s3Error } from "./s3-error.ts";
import { s3Store } from "./s3-store.ts";

/** Nothing is uploaded for as long as this: what is older, its writer left. */
const longestUploadMs = 86_400_000;

/**
 * Opens the bucket, asks it once, so that wrong credentials are told now and not at night, and drops uploads that died.
 * Throws PortError when the bucket cannot be listed.
 */
export async function openS3Store(access: S3Access): Promise<Artifacts> {
  const client = s3Client(access);
  const { bucket, prefix } = access;
  try {
    await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }));
  } catch (error) {
    client.destroy();
    throw s3Error(error, `s3://${bucket}/${prefix}`);
  }
  // A store or a policy without this only costs space; a lifecycle rule of the bucket does the same.
  await dropLeftUploads(client, bucket, prefix, Date.now() - longestUploadMs).catch(() => {});
  return s3Store(client, bucket, prefix);
}

/** Aborts uploads below `prefix` that began before `beforeMs` and were never finished. */
export async function dropLeftUploads(
  client: S3Client,
  bucket: string,
  prefix: string,
  beforeMs: number,
): Promise<void> {
  // The first thousand: the next start takes the next ones.
  const { Uploads = [] } = await client.send(
    new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }),
  );
  for (const { Key, UploadId, Initiated } of Uploads) {
    if (Key === undefined || UploadId === undefined) continue;
    if (Initiated === undefined || Initiated.getTime() >= beforeMs) continue;
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
  }
}
