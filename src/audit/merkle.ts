/** The Merkle tree of RFC 6962, section 2.1, with SHA-256. */
import { createHash } from "node:crypto";

export const hashBytes = 32;
/** Bytes that keep a leaf from being taken for an inner node and the other way round. */
const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

/** Of an entry's bytes. */
export function leafHash(entry: Uint8Array): Uint8Array {
  return createHash("sha256").update(leafPrefix).update(entry).digest();
}

/**
 * Root over the roots of neighbouring trees, from left to right; all but the last have the same number of leaves, a power
 * of two, and the last has at most as many. Of none: the root of the empty tree.
 */
export function rootOver(roots: readonly Uint8Array[]): Uint8Array {
  const [only] = roots;
  if (only === undefined) return createHash("sha256").digest();
  if (roots.length === 1) return only;
  const left = largestPowerBelow(roots.length);
  return createHash("sha256")
    .update(nodePrefix)
    .update(rootOver(roots.slice(0, left)))
    .update(rootOver(roots.slice(left)))
    .digest();
}

function largestPowerBelow(count: number): number {
  return 2 ** (31 - Math.clz32(count - 1));
}
