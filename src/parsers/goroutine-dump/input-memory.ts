/**
 * The bytes at hand. Input is read or copied to here, so that what a goroutine takes up lies in one piece, and where
 * compiled code can reach it.
 */
export interface InputMemory {
  /** Input stands in `bytes[start ..]`. Another array after `reserve`. */
  readonly bytes: Uint8Array;
  /** Shows the same bytes. */
  readonly view: DataView;
  readonly start: number;
  /** How many bytes there can be room for. */
  readonly capacity: number;
  /** Makes room for so many bytes behind `start`, at most `capacity`; what stands there stays. */
  reserve(length: number): void;
}

const smallestBytes = 4096;

/** Memory that grows with what it has to hold. */
export class PlainMemory implements InputMemory {
  readonly start = 0;
  readonly capacity = Number.MAX_SAFE_INTEGER;
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);

  reserve(length: number): void {
    if (length <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(length, 2 * this.bytes.length, smallestBytes));
    larger.set(this.bytes);
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }
}
