import { describe, expect, it } from "vitest";
import {
  contentionTextParser,
  looksLikeContentionText,
} from "../../src/parsers/contention-text/contention-text-parser.ts";
import { capture, failure, feed, whole } from "./feed.ts";

function parse(text: string | Uint8Array, pieceBytes?: number) {
  return feed(contentionTextParser("contention.txt"), text, pieceBytes);
}

const header = "--- mutex:\ncycles/second=1000000000\nsampling period=5\n";
const row = "2000000 3 @ 0x11 0x21\n#\t0x10\tsync.(*Mutex).Unlock+0x28\t\t/go/src/sync/mutex.go:223\n";

describe("mutex?debug=1", () => {
  it("of Go 1.27 gives sites, sampling period and time", () => {
    const profile = whole(parse(capture("mutex-go1.27.txt")));
    expect(profile).toMatchObject({ artifact: "contention.txt", of: "mutex", samplingPeriod: 5 });
    expect(profile.sites).toHaveLength(2);
    const [first, second] = profile.sites;
    expect(first?.contentions).toBe(3385);
    // 70928662875 cycles at 2445312346 Hz
    expect(first?.delayMs).toBeCloseTo(29_005.973, 2);
    expect(first?.stack).toEqual([
      { function: "sync.(*Mutex).Unlock", file: "sync/mutex.go", line: 65 },
      { function: "main.(*store).Post", file: "cap/main.go", line: 6 },
      { function: "main.main.func1", file: "cap/main.go", line: 10 },
    ]);
    expect(second?.stack[0]?.function).toBe("runtime.unlock");
  });

  it("with period 0 says that profiling is off", () => {
    const profile = whole(parse("--- mutex:\ncycles/second=2445465306\nsampling period=0\n"));
    expect(profile).toMatchObject({ of: "mutex", samplingPeriod: 0, sites: [] });
  });
});

describe("block?debug=1", () => {
  it.each([
    ["block-go1.19.txt", 2],
    ["block-go1.27.txt", 3],
  ])("%s is read and says nothing about its rate", (file, sites) => {
    const profile = whole(parse(capture(file), 13));
    expect(profile.of).toBe("block");
    expect(profile).not.toHaveProperty("samplingPeriod");
    expect(profile.sites).toHaveLength(sites);
    expect(profile.sites[0]?.stack[1]).toMatchObject({ function: "main.(*store).Post", line: 6 });
    const delays = profile.sites.map((site) => site.delayMs);
    expect(delays).toEqual(delays.toSorted((a, b) => b - a));
  });
});

describe("frames", () => {
  it("without symbols keep their program counter", () => {
    const profile = whole(parse(`${header}1000 1 @ 0x471d4e\n#\t0x471d4e\n\n`));
    expect(profile.sites[0]?.stack).toEqual([{ function: "0x471d4e", file: "", line: 0 }]);
  });

  it("may have colons, spaces and plus signs in their names, and are shared", () => {
    const frame = "#\t0x10\tx/y.F[go.shape.int]+0x1\tC:/my code/a+0x.go:7\n";
    const profile = whole(parse(`${header}9 1 @ 0x11\n${frame}\n8 1 @ 0x12\n${frame}\n`));
    const [a, b] = profile.sites;
    expect(a?.stack[0]).toEqual({ function: "x/y.F[go.shape.int]", file: "C:/my code/a+0x.go", line: 7 });
    expect(b?.stack[0]).toBe(a?.stack[0]);
  });

  it("of a row without any make an empty stack", () => {
    expect(whole(parse(`${header}9 1 @\n\n`)).sites).toEqual([{ stack: [], contentions: 1, delayMs: 9e-6 }]);
  });
});

describe("damage", () => {
  it("in a stack leaves that site out, because its stack would be another one", () => {
    const result = parse(`${header}${row}\n${row.slice(0, -6)}`);
    expect(result).toMatchObject({
      ok: true,
      damage: { code: "damaged", message: "The last line is cut off.", at: { value: 8 } },
      value: { sites: [{ contentions: 3 }] },
    });
  });

  it.each([
    ["nonsense\n", "The line is not a row of a contention profile.", 4],
    ["9 1 @ 0x11\n#\tnonsense\n", "The line is not a frame.", 5],
    ["9 1 @ 0x11\n#\t0x10\tf+0x1\tx.go:y\n", "The line is not a frame.", 5],
    ["9 1 @ 0x11\n#\t0x10\tf+0x1\n", "The line is not a frame.", 5],
  ])("%j is reported, and the sites around it are kept", (bad, message, line) => {
    expect(parse(`${header}${bad}\n${row}\n`)).toMatchObject({
      ok: true,
      damage: { code: "damaged", message, at: { unit: "line", value: line } },
      value: { sites: [{ contentions: 3 }] },
    });
  });

  it("before the clock rate leaves nothing that could be used", () => {
    expect(failure(parse("--- contention:\n"))).toMatchObject({
      code: "damaged",
      message: "The text stops before its line cycles/second.",
      at: { value: 2 },
    });
    expect(failure(parse(`--- contention:\n${row}`))).toMatchObject({ code: "damaged", at: { value: 2 } });
    expect(failure(parse("--- mutex:\ncycles/second=0\n"))).toMatchObject({ code: "damaged" });
  });
});

describe("bounds", () => {
  it("keep the heaviest sites and the innermost frames", () => {
    const frames = "#\t0x10\ta.F+0x1\ta.go:1\n".repeat(4);
    const text = `${header}${[9, 8, 7].map((cycles) => `${cycles} 1 @ 0x11\n${frames}\n`).join("")}`;
    const result = feed(contentionTextParser("c", { bounds: { sites: 2, depth: 3 } }), text);
    expect(result).toMatchObject({ ok: true, damage: { code: "too-large", at: { value: 8 } } });
    expect(result.ok && result.value.sites.map((site) => site.stack.length)).toEqual([3, 3]);
    const shallow = feed(contentionTextParser("c", { bounds: { sites: 2 } }), text);
    expect(shallow).toMatchObject({
      ok: true,
      damage: { code: "too-large", message: "There are more than 2 stacks; the rest is left out." },
    });
  });
});

describe("more frames than are read", () => {
  it("leave out the stack that is read, and those behind it", () => {
    const sites = [9, 8, 7].map((cycles) => `${cycles} 1 @ 0x11\n#\t0x10\ta.F${cycles}+0x1\ta.go:1\n\n`);
    const result = feed(contentionTextParser("c", { bounds: { frames: 2 } }), `${header}${sites.join("")}`);
    expect(result).toMatchObject({
      ok: true,
      damage: { code: "too-large", message: "There are more than 2 frames; the rest is left out." },
    });
    expect(result.ok && result.value.sites.map(({ stack }) => stack[0]?.function)).toEqual(["a.F9", "a.F8"]);
  });
});

describe("what is not a contention profile", () => {
  it.each(["goroutine profile: total 9\n", "<html>", "--- heap:\n"])("%j", (text) => {
    expect(failure(parse(text))).toMatchObject({ code: "not-this-format", at: { value: 1 } });
    expect(looksLikeContentionText(Buffer.from(text))).toBe(false);
  });

  it("is told by the head, and an empty input is empty", () => {
    expect(looksLikeContentionText(Buffer.from("--- mutex:\ncycles"))).toBe(true);
    expect(looksLikeContentionText(Buffer.from("--- contention:\r\n"))).toBe(true);
    expect(failure(parse("\n")).code).toBe("empty");
  });
});
