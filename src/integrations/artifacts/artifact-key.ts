import { PortError } from "../../domain/errors.ts";

/** S3 takes 1,024 bytes (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html), a prefix included. */
const longestKey = 800;
/** Names of files are at most 255 bytes on every file system in use; a part file's is longer than its artifact's. */
const part = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/** Throws PortError `forbidden` for what is not an artifact's key. */
export function checkKey(key: string): void {
  if (key.length <= longestKey && key.split("/").every((name) => part.test(name))) return;
  throw new PortError("forbidden", key, `"${key.slice(0, 100)}" is not the key of an artifact`);
}

/** Throws PortError `forbidden` for what is not a prefix of keys; with "/" at its end. */
export function checkPrefix(prefix: string): void {
  if (!prefix.endsWith("/")) {
    throw new PortError("forbidden", prefix, `"${prefix.slice(0, 100)}" does not end in "/"`);
  }
  checkKey(prefix.slice(0, -1));
}
