import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { isUtf8, ProgressLine } from "../../src/integrations/terminal/screen.ts";
import { wrap } from "../../src/render/wrap.ts";

/** A terminal of 40 columns, or a pipe, that keeps what is written. */
function streamOf(isTTY: boolean, environment: NodeJS.ProcessEnv = {}) {
  const chunks: string[] = [];
  const stream = Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk.toString());
        done();
      },
    }),
    { isTTY, columns: 40 },
  );
  const line = new ProgressLine(stream as unknown as NodeJS.WriteStream, environment, (text) =>
    wrap(text, 60),
  );
  return { line, written: () => chunks.join("") };
}

/** What a terminal shows in the end: "\r" and "erase line" begin the line again. */
function shown(written: string): string[] {
  return written.split("\n").map((line) => line.split("\r\u001b[2K").at(-1) ?? "");
}

const address = "The workspace: http://127.0.0.1:45678/?user=U0MIRA0001";

describe("what goes on, on a terminal", () => {
  it("is one line, cut to the window; what is logged stays above it and is whole", () => {
    const { line, written } = streamOf(true);
    line.show("Starting the shop…");
    line.log(address);
    line.show("Asking its processes for goroutines and for profiles…");
    line.show("Judging…");
    expect(shown(written())).toEqual([address, "Judging…"]);
    line.clear();
    expect(shown(written())).toEqual([address, ""]);
  });
});

describe("whether a terminal can show more than ASCII", () => {
  it.each([
    [{}, true],
    [{ LANG: "de_DE.UTF-8" }, true],
    [{ LANG: "en_US.utf8", LC_CTYPE: "" }, true],
    [{ LC_CTYPE: "UTF-8" }, true],
    [{ LC_ALL: "C", LANG: "en_US.UTF-8" }, false],
    [{ LANG: "POSIX" }, false],
    [{ LANG: "de_DE.ISO-8859-1" }, false],
  ])("%j: %s", (environment, expected) => expect(isUtf8(environment)).toBe(expected));
});

describe("what goes on, in a log", () => {
  it.each([
    ["a pipe", streamOf(false)],
    ["a terminal without control sequences", streamOf(true, { TERM: "dumb" })],
  ])("is a line per step: %s", (_, { line, written }) => {
    line.show("Starting the shop…");
    line.show("Starting the shop…");
    line.log(address);
    line.show("Judging…");
    line.log("Judging…");
    line.clear();
    expect(written()).toBe(`Starting the shop…\n${address}\nJudging…\n`);
  });
});
