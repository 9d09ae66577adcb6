import { describe, expect, it } from "vitest";
import { heapTextParser, looksLikeHeapText } from "../../src/parsers/memstats/heap-text.ts";
import { capture, failure, feed, whole } from "./feed.ts";

const go127 = capture("heap-go1.27.txt").toString();

/** The capture with its ring as it would be after `numGc` collections. */
function afterCollections(numGc: number): string {
  const slots = Array.from({ length: 256 }, () => 0);
  for (let gc = 1; gc <= numGc; gc++) slots[(gc + 255) % 256] = gc;
  const ends = slots.map((gc) => (gc === 0 ? 0 : 1_795_473_000_000_000_000 + gc * 1_000_000));
  return go127
    .replace(/^# PauseNs = .*$/m, `# PauseNs = [${slots.join(" ")}]`)
    .replace(/^# PauseEnd = .*$/m, `# PauseEnd = [${ends.join(" ")}]`)
    .replace(/^# NumGC = .*$/m, `# NumGC = ${numGc}`);
}

describe("heap?debug=1", () => {
  it("of Go 1.27 gives its runtime.MemStats", () => {
    expect(looksLikeHeapText(Buffer.from(go127))).toBe(true);
    const stats = whole(feed(heapTextParser("heap.txt", { takenAtMs: 5 }), go127));
    const { pausesNs, pauseEndsMs, ...figures } = stats;
    const field = (name: string) => Number(new RegExp(`^# ${name} = ([\\d.e-]+)`, "m").exec(go127)?.[1]);
    expect(figures).toEqual({
      artifact: "heap.txt",
      takenAtMs: 5,
      heapAllocBytes: field("HeapAlloc"),
      heapSysBytes: field("HeapSys"),
      heapIdleBytes: field("HeapIdle"),
      heapInuseBytes: field("HeapInuse"),
      heapReleasedBytes: field("HeapReleased"),
      heapObjects: field("HeapObjects"),
      stackInuseBytes: field("Stack"),
      sysBytes: field("Sys"),
      totalAllocBytes: field("TotalAlloc"),
      mallocs: field("Mallocs"),
      frees: field("Frees"),
      nextGcBytes: field("NextGC"),
      numGc: field("NumGC"),
      numForcedGc: field("NumForcedGC"),
      gcCpuFractionSinceStart: field("GCCPUFraction"),
      maxRssBytes: field("MaxRSS"),
    });
    expect(figures.heapAllocBytes).toBeGreaterThan(0);
    expect(pausesNs).toHaveLength(figures.numGc);
    expect(pauseEndsMs[0]).toBeCloseTo(field("LastGC") / 1e6, 3);
    expect(pauseEndsMs).toEqual(pauseEndsMs.toSorted((a, b) => b - a));
  });

  it("of Go 1.19 has the same trailer", () => {
    const stats = whole(feed(heapTextParser("heap.txt"), capture("heap-go1.19.txt"), 11));
    expect(stats.pausesNs).toHaveLength(stats.numGc);
    expect(stats.maxRssBytes).toBeGreaterThan(1e6);
  });

  it.each([
    [0, 0, undefined],
    [1, 1, 1],
    [256, 256, 256],
    [257, 256, 257],
    [1000, 256, 1000],
  ])("after %d collections has %d pauses, newest first", (numGc, used, newest) => {
    const { pausesNs, pauseEndsMs } = whole(feed(heapTextParser("h"), afterCollections(numGc)));
    expect(pausesNs).toHaveLength(used);
    expect(pausesNs[0]).toBe(newest);
    expect(pausesNs).toEqual(Array.from({ length: used }, (_, back) => numGc - back));
    expect(pauseEndsMs.map((endMs) => Math.round(endMs - 1_795_473_000_000))).toEqual(pausesNs);
  });

  it("reads a fraction in exponent form, CRLF, and does without MaxRSS", () => {
    const text = go127
      .replace(/^# GCCPUFraction = .*$/m, "# GCCPUFraction = 1.5e-05")
      .replace(/^# MaxRSS = .*\n/m, "")
      .replaceAll("\n", "\r\n");
    const stats = whole(feed(heapTextParser("h"), text));
    expect(stats.gcCpuFractionSinceStart).toBe(1.5e-5);
    expect(stats).not.toHaveProperty("maxRssBytes");
  });

  it("does not take a record's frames for the trailer", () => {
    const text = go127.replace("\n", "\n#\t0x1\tmain.f+0x1\tx.go:1\n# HeapAlloc = 1\n");
    expect(whole(feed(heapTextParser("h"), text)).heapAllocBytes).not.toBe(1);
  });
});

describe("a broken heap?debug=1", () => {
  it("without its trailer is damaged at its end", () => {
    const cut = go127.slice(0, go127.indexOf("# runtime.MemStats"));
    const { code, message, at } = failure(feed(heapTextParser("h"), cut));
    expect({ code, message }).toEqual({
      code: "damaged",
      message: "The text stops before its runtime.MemStats trailer.",
    });
    expect(at).toEqual({ unit: "line", value: cut.split("\n").length });
  });

  it("cut in the trailer is damaged where it is cut, however little is missing", () => {
    const at = go127.indexOf("# NumGC = ");
    expect(failure(feed(heapTextParser("h"), go127.slice(0, at + 11)))).toMatchObject({
      code: "damaged",
      message: "The last line is cut off.",
      at: { unit: "line", value: go127.slice(0, at).split("\n").length },
    });
    expect(failure(feed(heapTextParser("h"), go127.slice(0, at)))).toMatchObject({
      message: "The runtime.MemStats trailer lacks NumGC.",
    });
  });

  it("cut in its last figure loses only that figure", () => {
    const result = feed(heapTextParser("h"), go127.slice(0, -3));
    expect(result).toMatchObject({
      ok: true,
      damage: { code: "damaged", message: "The last line is cut off." },
    });
    expect(result.ok && result.value).not.toHaveProperty("maxRssBytes");
  });

  it("with a list that is none names the line", () => {
    const text = go127.replace(/^# PauseNs = \[.*$/m, "# PauseNs = [1 2 x]");
    const line = text.slice(0, text.indexOf("# PauseNs")).split("\n").length;
    expect(failure(feed(heapTextParser("h"), text))).toEqual({
      code: "damaged",
      message: "PauseNs is not a list of numbers.",
      at: { unit: "line", value: line },
      excerpt: "# PauseNs = [1 2 x]",
    });
  });

  it("that is something else is not this format", () => {
    for (const text of ["--- mutex:\n", "heap profile\n", "<html>"]) {
      expect(failure(feed(heapTextParser("h"), text)).code).toBe("not-this-format");
      expect(looksLikeHeapText(Buffer.from(text))).toBe(false);
    }
    expect(failure(feed(heapTextParser("h"), "")).code).toBe("empty");
  });
});
