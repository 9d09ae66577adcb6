import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fileComment } from "../../../src/render/slack/file-comment.ts";
import { anyReply, startMs } from "./incidents.ts";
import { pings } from "./slack-accepts.ts";

function file(name: string) {
  return { artifact: `incidents/gf-3fa9/${name}`, name, title: name };
}

describe("what stands above files", () => {
  it("says how to look at a profile, the CPU's before others", () => {
    const heap = file("pprof.order.heap.20240521-031204.pb.gz");
    const cpu = file("pprof.order.cpu.20240521-031204.pb.gz");
    const text = "What was captured: 2 files.";
    expect(fileComment({ text, files: [heap, cpu] })).toBe(
      `${text}\nLook at one: \`go tool pprof -http=: ${cpu.name}\``,
    );
    expect(fileComment({ text, files: [heap] })).toContain(heap.name);
    expect(fileComment({ text, files: [file("findings.md")] })).toBe(text);
  });

  it("links to the browser, and says until when", () => {
    const browser = { url: "https://gofire.example/p?a=1&b=2", untilMs: startMs };
    expect(
      fileComment({ text: "Flame graph.", files: [{ ...file("graph.png"), title: "*CPU*", browser }] }),
    ).toBe(
      `Flame graph.\n<https://gofire.example/p?a=1&amp;b=2|∗CPU∗ in the browser> (until <!date^${startMs / 1_000}^{date_short_pretty} {time}|2026-11-24 03:12 UTC>)`,
    );
  });

  it("is short enough for a comment and calls nobody, whatever is in it", () => {
    fc.assert(
      fc.property(anyReply, (reply) => {
        const comment = fileComment(reply);
        expect(comment.length).toBeLessThanOrEqual(4_000);
        expect(pings({ text: comment })).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
