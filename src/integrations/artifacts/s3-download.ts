import { Readable } from "node:stream";
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { PortError } from "../../domain/errors.ts";
import { isNotFound, s3Error } from "./s3-error.ts";

/** How often a download is taken up again where it broke off. */
const mostResumes = 3;

/** The object's bytes in order. What breaks off is taken up again, as long as the object is still the same. */
export async function* s3Download(
  client: S3Client,
  object: { readonly Bucket: string; readonly Key: string },
  key: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const target = `s3://${object.Bucket}/${object.Key}`;
  let etag: string | undefined;
  let read = 0;
  let totalBytes: number | undefined;
  for (let resumes = 0; ; resumes++) {
    let answered = false;
    try {
      const answer = await client.send(
        new GetObjectCommand({
          ...object,
          ...(read === 0 ? {} : { Range: `bytes=${read}-` }),
          ...(etag === undefined ? {} : { IfMatch: etag }),
        }),
        { abortSignal: signal },
      );
      answered = true;
      etag ??= answer.ETag;
      totalBytes ??= answer.ContentLength;
      const body = answer.Body;
      if (!(body instanceof Readable)) throw new Error("the answer has no body");
      try {
        for await (const chunk of bytesOf(body)) {
          signal.throwIfAborted();
          read += chunk.length;
          yield chunk;
        }
      } finally {
        body.destroy();
      }
      if (totalBytes === undefined || read >= totalBytes) return;
      throw new Error(`the answer ended after ${read} of ${totalBytes} bytes`);
    } catch (error) {
      signal.throwIfAborted();
      if (isNotFound(error)) {
        throw new PortError("not-found", key, `There is no artifact ${key} any more.`, { cause: error });
      }
      const mapped = s3Error(error, target);
      // Without an answer the SDK has tried again already.
      if (mapped.code !== "unavailable" || !answered || resumes === mostResumes) throw mapped;
    }
  }
}

async function* bytesOf(body: Readable): AsyncGenerator<Uint8Array> {
  // Not an object stream: its chunks are bytes.
  for await (const chunk of body) yield chunk as Uint8Array;
}
