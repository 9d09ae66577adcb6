/**
 * Advance widths of " " to "~" in Roboto Condensed, in thousandths of the font size: the wider of the medium and the
 * bold face (from their hmtx tables; a test compares them with the font that pictures are drawn with).
 */
export const advanceWidths: readonly number[] = [
  230, 261, 321, 537, 505, 638, 579, 168, 323, 324, 454, 485, 245, 361, 291, 350, 505, 505, 505, 505, 505,
  505, 505, 505, 505, 505, 273, 253, 447, 503, 457, 447, 768, 597, 561, 570, 568, 494, 479, 588, 617, 270,
  490, 553, 479, 758, 616, 604, 568, 604, 553, 540, 542, 571, 578, 755, 560, 542, 530, 264, 381, 264, 391,
  402, 331, 475, 495, 461, 496, 479, 328, 503, 492, 252, 245, 478, 252, 747, 492, 500, 495, 499, 331, 455,
  307, 492, 449, 641, 452, 445, 452, 302, 253, 302, 572,
];

/** Wider than every letter of the font that is not in the table, and what is drawn for letters it does not have. */
const otherWidth = 1_000;

/** Pixels that a line of text needs; rather too many than too few. */
export function textWidth(text: string, fontPx: number): number {
  let width = 0;
  for (const letter of text) width += advanceWidths[(letter.codePointAt(0) ?? 0) - 0x20] ?? otherWidth;
  return (width * fontPx) / 1_000;
}

/** The text, or as much of its beginning as fits and "…"; empty when fewer than `least` letters would be left. */
export function fitted(text: string, fontPx: number, widthPx: number, least = 3): string {
  if (textWidth(text, fontPx) <= widthPx) return text;
  const letters = Array.from(text);
  while (letters.length >= least) {
    letters.pop();
    const cut = `${letters.join("").trimEnd()}…`;
    if (textWidth(cut, fontPx) <= widthPx) return letters.length >= least ? cut : "";
  }
  return "";
}

/** Breaks a text between words into at most `most` lines; the last one is cut when it does not fit. */
export function wrapped(text: string, fontPx: number, widthPx: number, most: number): string[] {
  const lines: string[] = [];
  let line = "";
  const words = text.split(" ");
  for (const [index, word] of words.entries()) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || textWidth(longer, fontPx) <= widthPx) {
      line = longer;
      continue;
    }
    if (lines.length === most - 1) {
      line = [line, ...words.slice(index)].join(" ");
      break;
    }
    lines.push(fitted(line, fontPx, widthPx));
    line = word;
  }
  return [...lines, fitted(line, fontPx, widthPx)].filter((part) => part !== "");
}
