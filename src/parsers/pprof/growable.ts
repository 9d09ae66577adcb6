/** Copies `array` into one that holds at least `size` elements; twice as many as before, so that copying stays rare. */
export function grownUint32(array: Uint32Array, size: number): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(Math.max(size, array.length * 2));
  grown.set(array);
  return grown;
}

export function grownUint16(array: Uint16Array, size: number): Uint16Array<ArrayBuffer> {
  const grown = new Uint16Array(Math.max(size, array.length * 2));
  grown.set(array);
  return grown;
}

export function grownInt32(array: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(Math.max(size, array.length * 2));
  grown.set(array);
  return grown;
}

export function grownUint8(array: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const grown = new Uint8Array(Math.max(size, array.length * 2));
  grown.set(array);
  return grown;
}
