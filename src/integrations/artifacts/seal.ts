import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { PortError } from "../../domain/errors.ts";
import {
  artifactKey,
  chunkBytes,
  headerBytes,
  headerOf,
  keyIdOf,
  nonceOf,
  type SealingKey,
  tagBytes,
} from "./sealed-format.ts";

const cipherName = "aes-256-gcm";

/** Encrypts as it goes; holds one chunk. */
export async function* seal(
  source: AsyncIterable<Uint8Array>,
  name: string,
  key: SealingKey,
): AsyncGenerator<Uint8Array> {
  const header = headerOf(key, randomBytes(32));
  const own = artifactKey(key, header, name);
  yield header;
  let number = 0;
  for await (const { bytes, isLast } of inPieces(source, chunkBytes)) {
    const cipher = createCipheriv(cipherName, own, nonceOf(number++, isLast));
    yield Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }
}

/**
 * Decrypts as it goes; every chunk that comes out was proven to be the one that was put there. PortError `bad-response`
 * for what is not sealed, was changed, moved, cut off or lengthened; `forbidden` for keys that are not at hand.
 */
export async function* unseal(
  source: AsyncIterable<Uint8Array>,
  name: string,
  keys: readonly SealingKey[],
): AsyncGenerator<Uint8Array> {
  const bytes = source[Symbol.asyncIterator]();
  try {
    const { header, rest } = await headerFrom(bytes);
    const own = artifactKey(keyFor(header, name, keys), header, name);
    let number = 0;
    for await (const piece of inPieces(following(rest, bytes), chunkBytes + tagBytes)) {
      const chunk = opened(piece, own, number++);
      if (chunk === undefined) throw tampered(name);
      if (chunk.length > 0) yield chunk;
    }
  } finally {
    await bytes.return?.();
  }
}

/** Undefined when the chunk is not the one that was sealed. */
function opened({ bytes, isLast }: Piece, key: Uint8Array, number: number): Uint8Array | undefined {
  const contentBytes = bytes.length - tagBytes;
  if (contentBytes < 0 || (contentBytes === 0 && number > 0)) return undefined;
  const decipher = createDecipheriv(cipherName, key, nonceOf(number, isLast), { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(contentBytes));
  const content = decipher.update(bytes.subarray(0, contentBytes));
  try {
    decipher.final();
    return content;
  } catch {
    return undefined;
  }
}

function keyFor(header: Buffer, name: string, keys: readonly SealingKey[]): SealingKey {
  const id = keyIdOf(header);
  if (id === undefined) {
    throw new PortError(
      "bad-response",
      name,
      `${name} is not encrypted: it was stored before encryption was configured, or somebody replaced it.`,
    );
  }
  const key = keys.find((candidate) => candidate.id === id);
  if (key !== undefined) return key;
  throw new PortError(
    "forbidden",
    name,
    `${name} was encrypted with the key ${id}, which is not configured. Add it to artifacts.encryption.formerKeys.`,
  );
}

function tampered(name: string): PortError {
  return new PortError(
    "bad-response",
    name,
    `${name} is not what gofire stored under this name: it was changed, cut off or moved there.`,
  );
}

interface Piece {
  readonly bytes: Buffer;
  readonly isLast: boolean;
}

/** In pieces of exactly `size` bytes but for the last one; one empty piece for nothing at all. */
async function* inPieces(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Piece> {
  let gathered: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    let rest = chunk;
    // A full piece is only handed on once something follows it: the last one is marked.
    while (length + rest.length > size) {
      gathered.push(rest.subarray(0, size - length));
      rest = rest.subarray(size - length);
      yield { bytes: Buffer.concat(gathered), isLast: false };
      gathered = [];
      length = 0;
    }
    gathered.push(rest);
    length += rest.length;
  }
  yield { bytes: Buffer.concat(gathered), isLast: true };
}

async function headerFrom(
  bytes: AsyncIterator<Uint8Array>,
): Promise<{ readonly header: Buffer; readonly rest: Buffer }> {
  let read = Buffer.alloc(0);
  while (read.length < headerBytes) {
    const next = await bytes.next();
    if (next.done === true) break;
    read = Buffer.concat([read, next.value]);
  }
  return { header: read.subarray(0, headerBytes), rest: read.subarray(headerBytes) };
}

async function* following(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* { [Symbol.asyncIterator]: () => rest };
}
