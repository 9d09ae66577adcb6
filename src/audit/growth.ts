import { leafHash } from "./merkle.ts";
import { bundleOf, tilePath, tileWidth } from "./tiles.ts";
import { type LogFile, Tree } from "./tree.ts";

/** A log that grows: which files its entries give, byte for byte the same for everybody. */
export class Growth {
  readonly #tree = new Tree();
  #bundle: readonly Uint8Array[] = [];

  /** Number of entries. */
  get size(): number {
    return this.#tree.size;
  }

  root(): Uint8Array {
    return this.#tree.root();
  }

  /** Adds an entry; gives the files that it filled and that will never change: the entries' first, then the tiles. */
  append(entry: Uint8Array): readonly LogFile[] {
    const index = Math.floor(this.size / tileWidth);
    this.#bundle = [...this.#bundle, entry];
    const filled = this.#tree.append(leafHash(entry));
    if (this.#bundle.length < tileWidth) return filled;
    const full = bundle(index, this.#bundle);
    this.#bundle = [];
    return [full, ...filled];
  }

  /** The files that a checkpoint of this size needs besides those that are full. */
  partial(): readonly LogFile[] {
    const tiles = this.#tree.partial();
    if (this.#bundle.length === 0) return tiles;
    const index = Math.floor(this.size / tileWidth);
    return [bundle(index, this.#bundle), ...tiles];
  }
}

function bundle(index: number, entries: readonly Uint8Array[]): LogFile {
  return {
    path: tilePath("entries", index, entries.length),
    get bytes() {
      return bundleOf(entries);
    },
  };
}
