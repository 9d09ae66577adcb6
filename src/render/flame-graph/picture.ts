import type { Box } from "./boxes.ts";
import { boxLabel, plainName } from "./labels.ts";
import type { Layout, Placed, RestBox } from "./layout.ts";
import type { Weight } from "./stacks.ts";
import { pointerElement, rectElement, svgDocument, textElement } from "./svg.ts";
import { fitted, textWidth, wrapped } from "./text-width.ts";

/**
 * Sizes in pixels at full width. Chat previews are a third as wide (Slack: 360 to 480 px), where the letters of a box are
 * still 10 px high: hence few rows and large letters.
 */
const pictureWidth = 1_280;
const margin = 20;
export const graphWidth = pictureWidth - 2 * margin;
const row = { height: 50, gap: 3, font: 34, padding: 8 };
/** For boxes that are too narrow for that: to be read at full width. */
const smallFont = 24;
const titleStyle = { size: 44, fill: "#111111", bold: true };
const subtitleStyle = { size: 32, fill: "#444444" };
const pointedStyle = { size: 34, fill: "#8a2d00", bold: true };
const noteStyle = { size: 28, fill: "#555555" };
const lineGap = 1.25;

/** The colours of a box. */
export interface Look {
  readonly fill: string;
  readonly ink: string;
  /** What goes through it, in few letters. */
  readonly figure: string;
  /** File and line, where that matters. */
  readonly place?: string;
}

export interface Picture {
  readonly title: string;
  readonly subtitle: string;
  /** What the findings speak of, in words, a line each; each beside a pointer. */
  readonly pointed: readonly string[];
  readonly layout: Layout;
  look(box: Box | RestBox): Look;
  /** The figure of a weight with everything, told by a browser when the pointer rests on it. */
  tells(weight: Weight): string;
  readonly legend: readonly { readonly fill: string; readonly text: string }[];
  /** What is left out, and how to read it. */
  readonly notes: readonly string[];
  /** The picture in words. */
  readonly description: string;
}

export function pictureSvg(picture: Picture): string {
  const { layout, legend, notes, pointed } = picture;
  const parts: string[] = [];
  let y = margin;

  function line(text: string, style: typeof subtitleStyle & { readonly bold?: boolean }, x = margin): void {
    y += style.size;
    parts.push(textElement(x, y, text, style));
    y += style.size * (lineGap - 1);
  }

  for (const text of wrapped(picture.title, titleStyle.size, graphWidth, 2)) line(text, titleStyle);
  line(fitted(picture.subtitle, subtitleStyle.size, graphWidth), subtitleStyle);
  for (const text of pointed) {
    parts.push(pointerElement(margin, y + 10, 24, pointedStyle.fill));
    line(fitted(text, pointedStyle.size, graphWidth - 36), pointedStyle, margin + 36);
  }
  y += 12;
  for (const placed of layout.placed) parts.push(...box(placed, y, picture));
  y += layout.rows * row.height + 8;

  let x = margin;
  for (const { fill, text } of legend) {
    const width = 26 + 8 + textWidth(text, noteStyle.size) + 30;
    if (x > margin && x + width > pictureWidth) {
      x = margin;
      y += noteStyle.size * lineGap + 4;
    }
    parts.push(rectElement(x, y + 4, 26, 26, { fill, stroke: "#555555" }));
    parts.push(textElement(x + 34, y + noteStyle.size, text, noteStyle));
    x += width;
  }
  if (legend.length > 0) y += noteStyle.size * lineGap + 4;
  for (const note of notes) {
    for (const text of wrapped(note, noteStyle.size, graphWidth, 2)) line(text, noteStyle);
  }
  return svgDocument(pictureWidth, Math.ceil(y + margin - 6), picture.description, parts);
}

function box({ x, width, row: at, what }: Placed, top: number, picture: Picture): string[] {
  const { fill, ink, figure, place = "" } = picture.look(what);
  const left = margin + x;
  const y = top + at * row.height;
  const shown = { width: Math.max(1, width - row.gap), height: row.height - row.gap };
  if (what.kind === "rest") {
    const words = `${what.functions} more`;
    const room = shown.width - 2 * row.padding;
    const font = [row.font, smallFont].find((size) => textWidth(words, size) <= room);
    return [
      rectElement(left, y, shown.width, shown.height, {
        fill,
        stroke: "#bbbbbb",
        dashed: true,
        title: `${words} functions · ${picture.tells(what)}`,
      }),
      ...(font === undefined
        ? []
        : [textElement(left + row.padding, baselineOf(y, font), words, { size: font, fill: ink })]),
    ];
  }
  const pointer = what.marked && shown.width > 60 ? 26 : 0;
  const room = shown.width - 2 * row.padding - pointer;
  const label = boxLabel(what, place, figure, [row.font, smallFont], room);
  const calls = what.frames.map((frame) => plainName(frame.function)).join(" > ");
  const edge = what.marked ? { stroke: "#111111", strokeWidth: 4 } : {};
  const inset = what.marked ? 2 : 0;
  return [
    rectElement(left + inset, y + inset, Math.max(1, shown.width - 2 * inset), shown.height - 2 * inset, {
      fill,
      title: `${calls} · ${picture.tells(what)}`,
      ...edge,
    }),
    ...(pointer === 0 ? [] : [pointerElement(left + row.padding, y + shown.height / 2 - 10, 20, ink)]),
    ...(label.text === ""
      ? []
      : [
          textElement(left + row.padding + pointer, baselineOf(y, label.fontPx), label.text, {
            size: label.fontPx,
            fill: ink,
            bold: what.marked,
          }),
        ]),
  ];
}

/** Where letters stand so that capitals are in the middle of the row; they are 0.71 of the font high. */
function baselineOf(top: number, fontPx: number): number {
  return top + (row.height - row.gap) / 2 + fontPx * 0.36;
}
