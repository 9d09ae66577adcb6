import { describe, expect, it } from "vitest";
import { expvarParser, looksLikeExpvar } from "../../src/parsers/memstats/expvar.ts";
import { capture, failure, feed, whole } from "./feed.ts";

const go127 = capture("expvar-go1.27.json").toString();

describe("/debug/vars", () => {
  it("gives the same MemStats as the JSON says, newest pause first", () => {
    expect(looksLikeExpvar(Buffer.from(go127).subarray(0, 512))).toBe(true);
    const { memstats } = JSON.parse(go127);
    const stats = whole(feed(expvarParser("vars.json", { takenAtMs: 9 }), go127, 100));
    expect(stats).toMatchObject({
      artifact: "vars.json",
      takenAtMs: 9,
      heapAllocBytes: memstats.HeapAlloc,
      stackInuseBytes: memstats.StackInuse,
      sysBytes: memstats.Sys,
      nextGcBytes: memstats.NextGC,
      numGc: memstats.NumGC,
      gcCpuFractionSinceStart: memstats.GCCPUFraction,
    });
    expect(stats).not.toHaveProperty("maxRssBytes");
    const used = memstats.PauseNs.slice(0, memstats.NumGC);
    expect(used.length).toBeGreaterThan(5);
    expect(stats.pausesNs).toEqual(used.toReversed());
    expect(stats.pauseEndsMs[0]).toBeCloseTo(memstats.LastGC / 1e6, 3);
  });

  it("may have any other variables, in any order", () => {
    const variables = { zzz: [[{ deep: '"memstats": {' }]], ...JSON.parse(go127), aaa: null };
    expect(whole(feed(expvarParser("v"), JSON.stringify(variables, null, 2))).numGc).toBeGreaterThan(5);
  });
});

describe("bad input", () => {
  it.each([
    ["<html>", "not-this-format", 1],
    ["[1]", "not-this-format", 1],
    ['{"a": 1}', "not-this-format", 1],
    ['{"memstats": 5}', "not-this-format", 1],
    ["", "empty", 1],
    [" \n", "empty", 1],
    ['{\n"memstats": {"Alloc": 1},\n}', "damaged", 3],
    ['{\n"memstats": {"HeapAl', "damaged", 2],
    ['{\n\n"memstats": {"HeapAlloc": 1}}', "damaged", 3],
  ])("%j is %s at line %d", (text, code, line) => {
    expect(failure(feed(expvarParser("v"), text, 3))).toMatchObject({
      code,
      at: { unit: "line", value: line },
    });
  });

  it("lacking a figure or with a strange ring is damaged", () => {
    const { memstats } = JSON.parse(go127);
    const parse = (changed: object) =>
      failure(feed(expvarParser("v"), JSON.stringify({ memstats: { ...memstats, ...changed } }))).message;
    expect(parse({ HeapSys: "1" })).toBe("The variable memstats lacks HeapSys.");
    expect(parse({ PauseNs: [1, "2"] })).toBe("The variable memstats lacks PauseNs.");
    expect(parse({ PauseNs: Array.from({ length: 100_000 }, () => 1) })).toBe(
      "The variable memstats lacks PauseNs.",
    );
    expect(parse({ PauseEnd: [1] })).toBe("The variable memstats lacks PauseEnd.");
  });

  it("nested too deeply or too large is refused on the way", () => {
    expect(failure(feed(expvarParser("v"), `{"a":\n${"[".repeat(1e6)}`, 4096))).toMatchObject({
      code: "too-large",
      message: "The JSON is nested deeper than 64 levels.",
      at: { value: 2 },
    });
    expect(failure(feed(expvarParser("v", { maxBytes: 1000 }), go127, 100))).toMatchObject({
      code: "too-large",
      message: "The JSON is larger than 1000 bytes.",
    });
  });

  it("is told from expvar by its head", () => {
    expect(looksLikeExpvar(Buffer.from('{"cmdline": ["x"],'))).toBe(true);
    expect(looksLikeExpvar(Buffer.from('{"status": "ok"}'))).toBe(false);
    expect(looksLikeExpvar(Buffer.from('x {"memstats": {'))).toBe(false);
  });
});
