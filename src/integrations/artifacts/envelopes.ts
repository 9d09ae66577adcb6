import { inflated, isGzip } from "./inflate.ts";

/** gzip in gzip happens when a proxy or a person compresses what was compressed; more than this is a trick. */
const mostLayers = 3;
/** curl writes one head for each hop: a proxy's, `100 Continue`, redirects, the answer. */
const mostHeads = 16;
const mostHeadBytes = 64 * 1024;
/** Enough to tell every envelope. */
const tellingBytes = 5;

/**
 * Takes off what programs and people wrap captures in: up to three layers of gzip, the head of an HTTP answer
 * (`curl -i`, one for each hop).
 */
export async function* unwrapped(
  source: AsyncIterable<Uint8Array>,
  layers = mostLayers,
): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  const start = await behindHeads(await grown(new Uint8Array(0), chunks, tells), chunks);
  if (isGzip(start) && layers > 0) yield* unwrapped(inflated(restored(start, chunks)), layers - 1);
  else yield* restored(start, chunks);
}

function tells(bytes: Uint8Array): boolean {
  return bytes.length >= tellingBytes;
}

function begins(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, at) => bytes[at] === byte);
}

/** True for the first bytes of `HTTP/1.1 200 OK`. */
export function isAnswer(start: Uint8Array): boolean {
  return begins(start, [0x48, 0x54, 0x54, 0x50, 0x2f]);
}

/** The bytes behind the empty line that ends a head (RFC 9112, section 2.1), as often as there is one. */
async function behindHeads(first: Uint8Array, chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let start = first;
  for (let heads = 0; isAnswer(start) && heads < mostHeads; heads++) {
    const head = await grown(start, chunks, (bytes) => endOfHead(bytes) > 0 || bytes.length >= mostHeadBytes);
    const end = endOfHead(head);
    if (end === 0) return head;
    start = await grown(head.subarray(end), chunks, tells);
  }
  return start;
}

function endOfHead(bytes: Uint8Array): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const empty = /\r?\n\r?\n/.exec(text);
  return empty === null ? 0 : empty.index + empty[0].length;
}

/** `start` and as many chunks as it takes until `enough`, or all there are. */
async function grown(
  start: Uint8Array,
  chunks: AsyncIterator<Uint8Array>,
  enough: (bytes: Uint8Array) => boolean,
): Promise<Uint8Array> {
  let bytes = start;
  while (!enough(bytes)) {
    // A chunk may be overwritten when the next one is asked for.
    const kept = Buffer.from(bytes);
    const next = await chunks.next();
    if (next.done === true) return kept;
    bytes = kept.length === 0 ? next.value : Buffer.concat([kept, next.value]);
  }
  return bytes;
}

async function* restored(start: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (start.length > 0) yield start;
    for (;;) {
      const next = await rest.next();
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}
