/** SVG as text. Whatever comes from outside goes through `escaped`. */

export interface TextStyle {
  readonly size: number;
  readonly fill: string;
  readonly bold?: boolean;
}

const fontFamily = "Roboto Condensed";

/** Text for between tags and for attributes: no markup, no letters that XML 1.0 forbids, no unpaired surrogates. */
export function escaped(text: string): string {
  return (
    text
      .replace(/\p{Surrogate}/gu, "\ufffd")
      // oxlint-disable-next-line no-control-regex -- exactly these are not allowed (XML 1.0, section 2.2)
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
      .replace(/&/g, "&amp;")
      .replace(/</g, "&lt;")
      .replace(/>/g, "&gt;")
      .replace(/"/g, "&quot;")
  );
}

/** `y` is the baseline. */
export function textElement(x: number, y: number, text: string, { size, fill, bold }: TextStyle): string {
  const weight = bold === true ? ' font-weight="700"' : "";
  return `<text x="${px(x)}" y="${px(y)}" font-size="${size}" fill="${fill}"${weight}>${escaped(text)}</text>`;
}

export interface RectStyle {
  readonly fill: string;
  readonly stroke?: string;
  readonly strokeWidth?: number;
  readonly dashed?: boolean;
  /** Told by a browser when the pointer rests on it. */
  readonly title?: string;
}

export function rectElement(x: number, y: number, width: number, height: number, style: RectStyle): string {
  const { fill, stroke, strokeWidth = 1, dashed, title } = style;
  const edge = stroke === undefined ? "" : ` stroke="${stroke}" stroke-width="${strokeWidth}"`;
  const dash = dashed === true ? ' stroke-dasharray="6 5"' : "";
  const place = `x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}"`;
  const rect = `<rect ${place} rx="3" fill="${fill}"${edge}${dash}`;
  return title === undefined ? `${rect}/>` : `${rect}><title>${escaped(title)}</title></rect>`;
}

/** A triangle that points to the right, as high as wide: stands for the finding, whatever letters a font has. */
export function pointerElement(x: number, y: number, size: number, fill: string): string {
  const points = [
    [x, y],
    [x + size, y + size / 2],
    [x, y + size],
  ];
  return `<polygon points="${points.map((point) => point.map(px).join()).join(" ")}" fill="${fill}"/>`;
}

export function svgDocument(
  width: number,
  height: number,
  description: string,
  parts: readonly string[],
): string {
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" font-family="${fontFamily}, sans-serif" font-weight="500">`,
    `<title>${escaped(description)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

/** Hundredths of a pixel are enough, and the same on every machine. */
function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}
