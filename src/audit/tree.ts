import { hashBytes, rootOver } from "./merkle.ts";
import { tilePath, tileWidth } from "./tiles.ts";

/** A file of a log; its bytes are put together when they are asked for. */
export interface LogFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

interface Level {
  /** How many tiles are full. */
  full: number;
  /** Of the tile that is being filled: fewer than 256. */
  hashes: readonly Uint8Array[];
}

/** A tree that grows at its right edge, in memory that grows with the logarithm of its size. */
export class Tree {
  #size = 0;
  readonly #levels: Level[] = [];

  /** Number of leaves. */
  get size(): number {
    return this.#size;
  }

  /** Adds a leaf by its hash; gives the tiles that it filled. */
  append(leaf: Uint8Array): readonly LogFile[] {
    this.#size++;
    const filled: LogFile[] = [];
    let hash = leaf;
    for (let height = 0; ; height++) {
      const level = (this.#levels[height] ??= { full: 0, hashes: [] });
      level.hashes = [...level.hashes, hash];
      if (level.hashes.length < tileWidth) return filled;
      filled.push(tile(height, level.full, level.hashes));
      hash = rootOver(level.hashes);
      level.full++;
      level.hashes = [];
    }
  }

  /** The tiles that are not full, the leaves' first; none that is empty. */
  partial(): readonly LogFile[] {
    return this.#levels.flatMap(({ full, hashes }, height) =>
      hashes.length === 0 ? [] : [tile(height, full, hashes)],
    );
  }

  root(): Uint8Array {
    let edge: readonly Uint8Array[] = [];
    for (const { hashes } of this.#levels) {
      const roots = [...hashes, ...edge];
      edge = roots.length === 0 ? [] : [rootOver(roots)];
    }
    return rootOver(edge);
  }
}

function tile(level: number, index: number, hashes: readonly Uint8Array[]): LogFile {
  return {
    path: tilePath(level, index, hashes.length),
    get bytes() {
      return Buffer.concat(hashes, hashes.length * hashBytes);
    },
  };
}
