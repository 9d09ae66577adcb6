/**
 * How a sealed artifact looks. It follows age's payload (https://age-encryption.org/v1, "Payload"), which is the STREAM
 * construction (https://eprint.iacr.org/2015/189), with AES-256-GCM:
 *
 * - header, 48 bytes: "GFSEAL1\n", the key's id (8 bytes), a random salt (32 bytes);
 * - then chunks: up to 64 KiB of content and a tag of 16 bytes each. Only the last one is shorter, and it is only empty
 *   when the whole content is.
 *
 * Each artifact has a key of its own: HKDF-SHA-256 of the configured key with the salt, and with the header and the
 * artifact's name as its purpose, so that what is sealed under one name does not open under another. A chunk's nonce is
 * its number in 11 bytes and 1 for the last chunk, else 0: chunks cannot be left out, moved or cut off.
 */
import { createHash, hkdfSync } from "node:crypto";

export const magic = Buffer.from("GFSEAL1\n");
const keyBytes = 32;
const keyIdBytes = 8;
const saltBytes = 32;
export const headerBytes = magic.length + keyIdBytes + saltBytes;
export const chunkBytes = 64 << 10;
export const tagBytes = 16;

/** A key of the configuration. */
export interface SealingKey {
  /** In 16 hexadecimal digits: tells keys apart and nothing about them. */
  readonly id: string;
  readonly secret: Uint8Array;
}

/** `secret` has 32 bytes. */
export function sealingKey(secret: Uint8Array): SealingKey {
  const digest = createHash("sha256").update("gofire artifact key id\0").update(secret).digest();
  return { id: digest.subarray(0, keyIdBytes).toString("hex"), secret };
}

export function headerOf(key: SealingKey, salt: Uint8Array): Buffer {
  return Buffer.concat([magic, Buffer.from(key.id, "hex"), salt]);
}

/** Id of the key that the artifact was sealed with; undefined for what is no header. */
export function keyIdOf(header: Buffer): string | undefined {
  if (header.length !== headerBytes || !header.subarray(0, magic.length).equals(magic)) return undefined;
  return header.subarray(magic.length, magic.length + keyIdBytes).toString("hex");
}

/** The key of this one artifact. */
export function artifactKey({ secret }: SealingKey, header: Buffer, name: string): Uint8Array {
  const salt = header.subarray(headerBytes - saltBytes);
  // HKDF takes 1,024 bytes of purpose: names are shorter (artifact-key.ts).
  const purpose = Buffer.concat([header.subarray(0, headerBytes - saltBytes), Buffer.from(name)]);
  return new Uint8Array(hkdfSync("sha256", secret, salt, purpose, keyBytes));
}

export function nonceOf(chunk: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  // 2^48 chunks are more than any store holds.
  nonce.writeUIntBE(chunk, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

/** Bytes that content of this size has once it is sealed. */
export function sealedBytes(bytes: number): number {
  return headerBytes + bytes + tagBytes * Math.max(1, Math.ceil(bytes / chunkBytes));
}

/** Bytes of content in so many sealed ones; undefined when no content can have that size. */
export function unsealedBytes(sealed: number): number | undefined {
  const body = sealed - headerBytes;
  if (body < tagBytes) return undefined;
  const bytes = body - tagBytes * Math.ceil(body / (chunkBytes + tagBytes));
  return bytes >= 0 && sealedBytes(bytes) === sealed ? bytes : undefined;
}
