import { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { PortError } from "../../domain/errors.ts";
import { contentTypeOf } from "../../domain/evidence/content-type.ts";
import type { Artifacts, StoredArtifact } from "../../ports/artifacts.ts";
import { checkKey, checkPrefix } from "./artifact-key.ts";
import { s3Download } from "./s3-download.ts";
import { isNotFound, s3Error } from "./s3-error.ts";
import { watchedSource } from "./watched-source.ts";

/** The least that S3 takes (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html); 10,000 parts at most. */
const partBytes = 5 << 20;
/** What one request may delete. */
const mostDeletedAtOnce = 1_000;

/**
 * Artifacts as objects of a bucket, below `prefix`. Of unknown length, so in parts: an object appears when the last one
 * is there. Holds two parts of each artifact that is being stored.
 */
export function s3Store(client: S3Client, bucket: string, prefix: string): Artifacts {
  const nameOf = (key: string) => `s3://${bucket}/${prefix}${key}`;
  const objectOf = (key: string) => ({ Bucket: bucket, Key: `${prefix}${key}` });

  async function stat(key: string, signal: AbortSignal): Promise<StoredArtifact | undefined> {
    signal.throwIfAborted();
    checkKey(key);
    try {
      const object = await client.send(new HeadObjectCommand(objectOf(key)), { abortSignal: signal });
      return {
        key,
        bytes: object.ContentLength ?? 0,
        contentType: object.ContentType ?? contentTypeOf(key),
        storedAtMs: object.LastModified?.getTime() ?? 0,
      };
    } catch (error) {
      signal.throwIfAborted();
      if (isNotFound(error)) return undefined;
      throw s3Error(error, nameOf(key));
    }
  }

  async function list(below: string, signal: AbortSignal): Promise<StoredArtifact[]> {
    signal.throwIfAborted();
    checkPrefix(below);
    const found: StoredArtifact[] = [];
    try {
      let next: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: `${prefix}${below}`,
            ...(next === undefined ? {} : { ContinuationToken: next }),
          }),
          { abortSignal: signal },
        );
        for (const { Key = "", Size = 0, LastModified } of page.Contents ?? []) {
          if (Key.endsWith("/")) continue; // a folder, as some tools make them
          const key = Key.slice(prefix.length);
          const contentType = contentTypeOf(key);
          found.push({ key, bytes: Size, contentType, storedAtMs: LastModified?.getTime() ?? 0 });
        }
        next = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      } while (next !== undefined);
    } catch (error) {
      signal.throwIfAborted();
      throw s3Error(error, nameOf(below));
    }
    // Not every store lists in order.
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  return {
    stat,
    list,
    async put(key, source, { contentType }, signal) {
      signal.throwIfAborted();
      checkKey(key);
      const watched = watchedSource(source, signal);
      const body = Readable.from(watched.chunks);
      const upload = new Upload({
        client,
        params: { ...objectOf(key), Body: body, ContentType: contentType },
        partSize: partBytes,
        queueSize: 1,
        leavePartsOnError: false,
      });
      const stop = () => void upload.abort().catch(() => {});
      signal.addEventListener("abort", stop, { once: true });
      try {
        await upload.done();
        return { key, bytes: watched.bytes(), contentType, storedAtMs: Date.now() };
      } catch (error) {
        signal.throwIfAborted();
        const failure = watched.failure();
        throw failure === undefined ? s3Error(error, nameOf(key)) : failure.error;
      } finally {
        signal.removeEventListener("abort", stop);
        body.destroy();
      }
    },
    async *get(key, signal) {
      signal.throwIfAborted();
      checkKey(key);
      yield* s3Download(client, objectOf(key), key, signal);
    },
    async remove(prefixOrKey, signal) {
      if (!prefixOrKey.endsWith("/")) return await removeOne(prefixOrKey, signal);
      const keys = (await list(prefixOrKey, signal)).map(({ key }) => key);
      for (let from = 0; from < keys.length; from += mostDeletedAtOnce) {
        await removeMany(keys.slice(from, from + mostDeletedAtOnce), signal);
      }
      return keys.length;
    },
  };

  async function removeOne(key: string, signal: AbortSignal): Promise<number> {
    if ((await stat(key, signal)) === undefined) return 0;
    try {
      await client.send(new DeleteObjectCommand(objectOf(key)), { abortSignal: signal });
      return 1;
    } catch (error) {
      signal.throwIfAborted();
      throw s3Error(error, nameOf(key));
    }
  }

  async function removeMany(keys: readonly string[], signal: AbortSignal): Promise<void> {
    try {
      const Objects = keys.map((key) => ({ Key: `${prefix}${key}` }));
      const { Errors = [] } = await client.send(
        new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
        { abortSignal: signal },
      );
      const [refused] = Errors;
      if (refused === undefined) return;
      const why = `${Errors.length} of ${keys.length} artifacts stay: ${refused.Message ?? refused.Code ?? "refused"}`;
      const code = refused.Code === "AccessDenied" ? "forbidden" : "unavailable";
      throw new PortError(code, `s3://${bucket}/${refused.Key ?? prefix}`, why);
    } catch (error) {
      signal.throwIfAborted();
      throw s3Error(error, `s3://${bucket}/${prefix}`);
    }
  }
}
