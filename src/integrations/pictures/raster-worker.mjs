/**
 * Turns SVG into PNG away from the event loop: a picture takes 0.2 to 1.2 s of one core. Plain JavaScript, because a
 * worker thread loads it without a compiler in between.
 */
import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { initWasm, Resvg } from "@resvg/resvg-wasm";

const { wasm, fonts, family } = workerData;
const fontBuffers = fonts.map((path) => readFileSync(path));
await initWasm(readFileSync(wasm));

parentPort.on("message", ({ id, svg, widthPx }) => {
  try {
    const drawing = new Resvg(svg, {
      font: { fontBuffers, defaultFontFamily: family, sansSerifFamily: family },
      fitTo: { mode: "width", value: widthPx },
    });
    const image = drawing.render();
    const png = image.asPng();
    image.free();
    drawing.free();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    parentPort.postMessage({ id, png }, [png.buffer]);
  } catch (error) {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    parentPort.postMessage({ id, problem: error instanceof Error ? error.message : String(error) });
  }
});
