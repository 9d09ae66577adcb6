import { afterAll, describe, expect, it } from "vitest";
import { resvgRasteriser } from "../../src/integrations/pictures/rasteriser.ts";
import { svgDocument, textElement } from "../../src/render/flame-graph/svg.ts";
import { decodedPng } from "../png.ts";

const rasteriser = resvgRasteriser();
afterAll(() => rasteriser.close());
const signal = new AbortController().signal;

describe("resvgRasteriser", () => {
  it("draws at the width asked for, with letters, away from the event loop", async () => {
    const svg = svgDocument(400, 100, "test", [
      textElement(10, 70, "Mutex", { size: 60, fill: "#000000", bold: true }),
    ]);
    let turns = 0;
    const counting = setInterval(() => turns++, 5);
    const png = decodedPng(await rasteriser.png(svg, 800, signal));
    clearInterval(counting);
    expect(turns).toBeGreaterThan(2);
    expect([png.width, png.height]).toEqual([800, 200]);
    const [corner] = png.at(2, 2);
    expect(corner).toBe(255);
    // Letters of a font that no system needs to have: a tenth of the area is ink.
    const dark = png.share(([red]) => red < 128);
    expect(dark).toBeGreaterThan(0.05);
    expect(dark).toBeLessThan(0.5);
  });

  it("says what is wrong with a drawing, and goes on", async () => {
    await expect(rasteriser.png("<svg", 100, signal)).rejects.toMatchObject({ code: "bad-response" });
    const svg = svgDocument(10, 10, "test", []);
    expect(decodedPng(await rasteriser.png(svg, 10, signal)).width).toBe(10);
  });

  it("draws several at once, each its own", async () => {
    const widths = [20, 30, 40];
    const svg = svgDocument(10, 10, "test", []);
    const pngs = await Promise.all(widths.map((width) => rasteriser.png(svg, width, signal)));
    expect(pngs.map((png) => decodedPng(png).width)).toEqual(widths);
  });

  it("gives up when told to, and when it takes too long", async () => {
    const svg = svgDocument(10, 10, "test", []);
    const ending = new AbortController();
    const drawing = rasteriser.png(svg, 10, ending.signal);
    ending.abort(new Error("enough"));
    await expect(drawing).rejects.toThrow("enough");
    const hasty = resvgRasteriser({ longestMs: 0 });
    await expect(hasty.png(svg, 10, signal)).rejects.toMatchObject({ code: "timeout" });
    await hasty.close();
  });

  it("fails what is still drawn when it is closed", async () => {
    const closing = resvgRasteriser();
    const drawing = closing.png(svgDocument(10, 10, "test", []), 10, signal);
    const failed = expect(drawing).rejects.toMatchObject({ code: "unavailable" });
    await closing.close();
    await failed;
  });
});
