import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packageFile } from "../../../src/integrations/package-file.ts";
import { advanceWidths, fitted, textWidth, wrapped } from "../../../src/render/flame-graph/text-width.ts";

const faces = ["500Medium/RobotoCondensed_500Medium.ttf", "700Bold/RobotoCondensed_700Bold.ttf"].map((face) =>
  readFileSync(packageFile(`@expo-google-fonts/roboto-condensed/${face}`)),
);

/** Advance widths by code point, in thousandths of the font size (OpenType tables head, hhea, hmtx, cmap format 4). */
function widthsOf(font: Buffer): (codePoint: number) => number {
  const table = (tag: string) => {
    for (let at = 12; at < 12 + 16 * font.readUInt16BE(4); at += 16) {
      if (font.toString("latin1", at, at + 4) === tag) return font.readUInt32BE(at + 8);
    }
    throw new Error(`no table ${tag}`);
  };
  const [unitsPerEm, metrics] = [
    font.readUInt16BE(table("head") + 18),
    font.readUInt16BE(table("hhea") + 34),
  ];
  const cmap = table("cmap");
  let mapping = 0;
  for (let at = cmap + 4; at < cmap + 4 + 8 * font.readUInt16BE(cmap + 2); at += 8) {
    const start = cmap + font.readUInt32BE(at + 4);
    if (font.readUInt16BE(start) === 4) mapping = start;
  }
  const segments = font.readUInt16BE(mapping + 6) / 2;
  return (codePoint) => {
    for (let segment = 0; segment < segments; segment++) {
      const end = mapping + 14 + 2 * segment;
      if (codePoint > font.readUInt16BE(end)) continue;
      const start = end + 2 + 2 * segments;
      const first = font.readUInt16BE(start);
      const delta = font.readUInt16BE(start + 2 * segments);
      const range = font.readUInt16BE(start + 4 * segments);
      const glyph =
        range === 0
          ? (codePoint + delta) & 0xffff
          : font.readUInt16BE(start + 4 * segments + range + 2 * (codePoint - first));
      const width = font.readUInt16BE(table("hmtx") + 4 * Math.min(glyph, metrics - 1));
      return (width * 1_000) / unitsPerEm;
    }
    throw new Error(`no segment for ${codePoint}`);
  };
}

describe("advanceWidths", () => {
  it("are those of the font that pictures are drawn with", () => {
    const measured = faces.map(widthsOf);
    for (const [index, width] of advanceWidths.entries()) {
      const widest = Math.max(...measured.map((widthOf) => widthOf(0x20 + index)));
      expect(width, String.fromCharCode(0x20 + index)).toBeGreaterThanOrEqual(Math.floor(widest));
      expect(width).toBeLessThanOrEqual(Math.ceil(widest) + 1);
    }
    expect(advanceWidths).toHaveLength(95);
  });
});

describe("fitted", () => {
  it("never needs more room than there is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 0, max: 300 }), (text, room) => {
        expect(textWidth(fitted(text, 20, room), 20)).toBeLessThanOrEqual(room);
      }),
    );
  });

  it("says nothing rather than a letter or two", () => {
    expect(fitted("ledger.Store.Post", 20, 75)).toMatch(/^ledger.*…$/);
    expect(fitted("ledger.Store.Post", 20, 25)).toBe("");
  });
});

describe("wrapped", () => {
  it("breaks between words, cuts what is left, and never has more lines than asked for", () => {
    fc.assert(
      fc.property(fc.lorem({ maxCount: 30 }), fc.integer({ min: 100, max: 500 }), (text, room) => {
        const lines = wrapped(text, 20, room, 2);
        expect(lines.length).toBeLessThanOrEqual(2);
        for (const line of lines) expect(textWidth(line, 20)).toBeLessThanOrEqual(room);
        expect(text.startsWith((lines[0] ?? "").replace(/…$/, ""))).toBe(true);
      }),
    );
    expect(wrapped("one two three", 20, 80, 2)).toEqual(["one two", "three"]);
  });
});
