import { crc32, inflateSync } from "node:zlib";

type Pixel = readonly [red: number, green: number, blue: number, alpha: number];

export interface DecodedPng {
  readonly width: number;
  readonly height: number;
  at(x: number, y: number): Pixel;
  /** Of all pixels, those that `wanted` says yes to; 0..1. */
  share(wanted: (pixel: Pixel) => boolean): number;
}

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** A PNG of 8 bits RGB or RGBA, not interlaced, wholly decoded with all checksums (PNG specification, third edition). */
export function decodedPng(bytes: Uint8Array): DecodedPng {
  const png = Buffer.from(bytes);
  if (!signature.every((byte, index) => png[index] === byte)) throw new Error("no PNG signature");
  let header: Buffer | undefined;
  const compressed: Buffer[] = [];
  let ended = false;
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString("latin1", at + 4, at + 8);
    const content = png.subarray(at + 8, at + 8 + length);
    if (crcOf(png.subarray(at + 4, at + 8 + length)) !== png.readUInt32BE(at + 8 + length)) {
      throw new Error(`wrong checksum of ${type}`);
    }
    if (type === "IHDR") header = content;
    if (type === "IDAT") compressed.push(content);
    if (type === "IEND") ended = true;
    at += 12 + length;
  }
  if (header === undefined || !ended) throw new Error("breaks off");
  const channels = header[9] === 6 ? 4 : 3;
  if (header[8] !== 8 || ![2, 6].includes(header[9] ?? 0) || header[12] !== 0) {
    throw new Error("not 8 bits RGB or RGBA");
  }
  const width = header.readUInt32BE(0);
  const height = header.readUInt32BE(4);
  const pixels = unfiltered(inflateSync(Buffer.concat(compressed)), width * channels, height, channels);

  function at(x: number, y: number): Pixel {
    const place = (y * width + x) * channels;
    const [red = 0, green = 0, blue = 0, alpha = 255] = pixels.subarray(place, place + channels);
    return [red, green, blue, alpha];
  }

  return {
    width,
    height,
    at,
    share(wanted) {
      let count = 0;
      for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) if (wanted(at(x, y))) count++;
      return count / (width * height);
    },
  };
}

function unfiltered(lines: Buffer, stride: number, height: number, channels: number): Uint8Array {
  if (lines.length !== (stride + 1) * height) throw new Error("wrong number of pixels");
  const pixels = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = lines[y * (stride + 1)] ?? 0;
    for (let x = 0; x < stride; x++) {
      const here = y * stride + x;
      const left = x < channels ? 0 : (pixels[here - channels] ?? 0);
      const up = y === 0 ? 0 : (pixels[here - stride] ?? 0);
      const corner = x < channels || y === 0 ? 0 : (pixels[here - stride - channels] ?? 0);
      pixels[here] = (lines[y * (stride + 1) + 1 + x] ?? 0) + predicted(filter, left, up, corner);
    }
  }
  return pixels;
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return Math.floor((left + up) / 2);
  if (filter !== 4) throw new Error(`unknown filter ${filter}`);
  const guess = left + up - corner;
  const distances = [left, up, corner].map((value) => Math.abs(guess - value));
  const [toLeft = 0, toUp = 0, toCorner = 0] = distances;
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

function crcOf(bytes: Buffer): number {
  return crc32(bytes);
}
