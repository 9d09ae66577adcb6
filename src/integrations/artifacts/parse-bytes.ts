import { type FileHandle, open } from "node:fs/promises";
import { nextTurn } from "../../capture/next-turn.ts";
import type { ByteParser, ParseError, ParseResult } from "../../domain/evidence/parse-result.ts";
import { diskError } from "../disk-error.ts";
import { isAnswer, unwrapped } from "./envelopes.ts";
import { arrivingChunks, compressedChunks, reusedChunks } from "./file-chunks.ts";
import { GzipDamage, isGzip } from "./inflate.ts";
import { storedBytes } from "./stored-bytes.ts";

export interface ParseOptions {
  readonly signal?: AbortSignal;
  /** Decompressed bytes after which reading stops. Default 4 GiB: twice the largest dump that we have measured. */
  readonly maxBytes?: number;
  /** Also tell the SHA-256 of what is stored. */
  readonly hashed?: boolean;
}

/** What came of one input. */
export interface Reading<T> {
  readonly result: ParseResult<T>;
  /** As stored or received. */
  readonly storedBytes: number;
  /** Of the stored bytes, lower-case hex; absent when it was not asked for, or when reading stopped at `maxBytes`. */
  readonly sha256?: string;
  /** Decompressed. */
  readonly bytes: number;
  /** The gzip data is broken, and what zlib had made of the chunk in which it broke is not among what was read. */
  readonly lost?: true;
}

const defaultMaxBytes = 4 * 1024 ** 3;
/** Bytes parsed without looking at the clock. */
const sliceBytes = 128 * 1024;
/** The event loop gets its turn after this long at the latest. */
const turnMs = 8;

/**
 * zlib keeps to itself what it made of a chunk that turns out to be broken, which is the whole of a small file. In pieces as small
 * as these little is lost, at some 30 µs each.
 */
const leastPieceBytes = 16;
const mostPieces = 4_000;
/** What comes but once is kept up to this size, to be read again where zlib kept something to itself. */
const mostKeptBytes = 16 * 1024 ** 2;

/** Deflate cannot do better than this (zlib.net, "Maximum Compression Factor"). */
const highestRatio = 1032;

/**
 * Parses a file or a pipe as it is read, whatever it is wrapped in (envelopes.ts), holding a few chunks of it. `parserFor`
 * gets the decompressed size when it can be known beforehand (a hint, never to be trusted). Other work on the event loop
 * gets its turn at least every 20 ms as long as the parser takes a chunk of 128 KiB in less than that. What turns out to be
 * broken gzip data is read again in small pieces, into another parser.
 *
 * Throws PortError when the file cannot be opened or read, and the signal's reason. Broken content is in the result.
 */
export async function parseFile<T>(
  path: string,
  parserFor: (expectedBytes: number | undefined) => ByteParser<T>,
  options: ParseOptions = {},
): Promise<Reading<T>> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const status = await file.stat();
    if (!status.isFile()) return await parseStream(arrivingChunks(file), parserFor, options);
    const { size } = status;
    const { buffer: start } = await file.read(Buffer.alloc(8), 0, 8, 0);
    const expectedBytes = isGzip(start) ? await inflatedSize(file, size) : size;
    const parser = parserFor(expectedBytes);
    const chunks =
      isGzip(start) || isAnswer(start) ? compressedChunks(file) : reusedChunks(file, () => parser.room?.());
    const reading = await parseOnce(chunks, parser, options);
    if (reading.lost !== true) return reading;
    return await parseOnce(inPieces(compressedChunks(file), size), parserFor(expectedBytes), options);
  } catch (error) {
    if (error instanceof Error && "syscall" in error) throw diskError(error, path);
    throw error;
  } finally {
    await file?.close();
  }
}

/** The size that the last gzip member claims (RFC 1952, ISIZE), unless it cannot be true. */
async function inflatedSize(file: FileHandle, size: number): Promise<number | undefined> {
  if (size < 18) return undefined;
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, size - 4);
  const claimed = buffer.readUInt32LE();
  return claimed <= size * highestRatio ? claimed : undefined;
}

/**
 * Parses bytes as they arrive, whatever they are wrapped in. A chunk may be reused by the source as soon as the next one is asked
 * for. Of broken gzip data of more than 16 MiB, what zlib made of the chunk in which it broke is lost. Throws what `source`
 * throws, and the signal's reason.
 */
export async function parseStream<T>(
  source: AsyncIterable<Uint8Array>,
  parserFor: (expectedBytes: number | undefined) => ByteParser<T>,
  options: ParseOptions = {},
): Promise<Reading<T>> {
  const kept = keptChunks(source);
  const reading = await parseOnce(kept.chunks, parserFor(undefined), options);
  const bytes = reading.lost === true ? kept.all() : undefined;
  if (bytes === undefined) return reading;
  return await parseOnce(inPieces([bytes], bytes.length), parserFor(undefined), options);
}

/** The same chunks; `all` has copies of those asked for, unless they do not begin as gzip data may or are too much. */
function keptChunks(source: AsyncIterable<Uint8Array>): {
  readonly chunks: AsyncIterable<Uint8Array>;
  all(): Uint8Array | undefined;
} {
  let copies: Uint8Array[] | undefined = [];
  let bytes = 0;
  async function* read(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      if (bytes === 0 && !isGzip(chunk) && !isAnswer(chunk)) copies = undefined;
      bytes += chunk.length;
      if (bytes > mostKeptBytes) copies = undefined;
      copies?.push(Buffer.from(chunk));
      yield chunk;
    }
  }
  return { chunks: read(), all: () => (copies === undefined ? undefined : Buffer.concat(copies)) };
}

/** See parseStream. `lost` when the same bytes in pieces may tell more. */
async function parseOnce<T>(
  source: AsyncIterable<Uint8Array>,
  parser: ByteParser<T>,
  options: ParseOptions,
): Promise<Reading<T>> {
  const { hashed = false, signal } = options;
  const stored = await storedBytes(source, hashed);
  try {
    const { bytes, damage, lost } = await feed(stored.chunks, parser, options);
    // What the end of a large profile takes would come on top of what its last bytes took.
    await nextTurn();
    signal?.throwIfAborted();
    const result = withDamage(parser.end(), damage);
    // What lies behind the most that is read is nobody's to judge.
    const sha256 = hashed && damage?.code !== "too-large" ? { sha256: await stored.sha256() } : {};
    return { result, storedBytes: stored.count(), ...sha256, bytes, ...(lost === true ? { lost } : {}) };
  } finally {
    await stored.close();
  }
}

/** Unwraps `chunks` and pushes them, without holding up the event loop. Tells how much it was, and what broke below the parser. */
async function feed<T>(
  chunks: AsyncIterable<Uint8Array>,
  parser: ByteParser<T>,
  { signal, maxBytes = defaultMaxBytes }: ParseOptions,
): Promise<{ readonly bytes: number; readonly damage?: ParseError; readonly lost?: true }> {
  let bytes = 0;
  let turnStart = performance.now();
  try {
    for await (const chunk of unwrapped(chunks)) {
      for (let at = 0; at < chunk.length; at += sliceBytes) {
        signal?.throwIfAborted();
        const slice = chunk.subarray(at, Math.min(chunk.length, at + sliceBytes, at + maxBytes - bytes));
        parser.push(slice);
        bytes += slice.length;
        if (bytes >= maxBytes && at + slice.length < chunk.length) {
          const message = `only the first ${maxBytes} bytes were read`;
          return { bytes, damage: { code: "too-large", message, at: offset(bytes) } };
        }
        if (performance.now() - turnStart > turnMs) {
          await nextTurn();
          turnStart = performance.now();
        }
      }
    }
  } catch (error) {
    if (!(error instanceof GzipDamage)) throw error;
    const isTail = error.message === "incorrect header check";
    const message = isTail
      ? "what stands behind the gzip data is no gzip, and is left out"
      : `the gzip data is broken: ${error.message}`;
    const damage: ParseError = { code: "damaged", message, at: offset(bytes) };
    // Behind a wrong byte others may follow before zlib notices: they are told only where there is nothing else.
    const lost = isTail || (bytes === 0 && error.message !== "unexpected end of file");
    return { bytes, damage, ...(lost ? { lost } : {}) };
  }
  return { bytes };
}

async function* inPieces(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  allBytes: number,
): AsyncGenerator<Uint8Array> {
  const step = Math.ceil(Math.max(leastPieceBytes, allBytes / mostPieces));
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += step) yield chunk.subarray(at, at + step);
  }
}

function offset(value: number): ParseError["at"] {
  return { unit: "offset", value };
}

/** What broke below the parser explains more than what the parser noticed of it. */
function withDamage<T>(result: ParseResult<T>, damage: ParseError | undefined): ParseResult<T> {
  if (damage === undefined) return result;
  if (result.ok) return { ...result, damage };
  if (result.error.code === "empty") return { ok: false, error: damage };
  const message = `${damage.message} (and then: ${result.error.message})`;
  return { ok: false, error: { ...result.error, code: damage.code, message } };
}
