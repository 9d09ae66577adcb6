import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differenceGraph } from "../../../src/render/flame-graph/difference.ts";
import { ofProcesses } from "../../../src/render/flame-graph/difference-words.ts";
import { flameGraph } from "../../../src/render/flame-graph/flame-graph.ts";
import { goroutineMeasure, type Measure } from "../../../src/render/flame-graph/measure.ts";
import { goroutineStacks } from "../../../src/render/flame-graph/stacks.ts";
import type { FlameSubject } from "../../../src/render/flame-graph/subject.ts";
import { frameOf, groupOf, stacksOf, whole } from "./stacks.ts";

const subject: FlameSubject = {
  title: "11,902 goroutines wait for one mutex",
  target: "order · 10.0.0.5:6060",
  where: [frameOf("ledger.(*Store).Post")],
  symptomWhere: [],
  modules: [],
};

const pileUp = `
  net/http.(*conn).serve > net/http.HandlerFunc.ServeHTTP > dep/chi.(*Mux).ServeHTTP > orders.Place > ledger.(*Store).Post > sync.(*Mutex).Lock > runtime.gopark 11902
  net/http.(*conn).serve > net/http.HandlerFunc.ServeHTTP > dep/chi.(*Mux).ServeHTTP > orders.List 400
  jobs.Run > runtime.selectgo 100
  jobs.Sweep 6`;

function drawn(text: string, about: Partial<FlameSubject> = {}) {
  const drawing = whole(flameGraph(stacksOf(text), goroutineMeasure, { ...subject, ...about }));
  if (drawing === undefined) throw new Error("nothing was drawn");
  return drawing;
}

/** A chain of own and foreign calls in turn. */
function deep(calls: number): string {
  return Array.from({ length: calls }, (_, i) => (i % 2 === 0 ? `p${i}.F` : `dep/d${i}.G`)).join(" > ");
}

/** What boxes as wide as the picture say when the finding is below so many calls. */
function fullWidth(calls: number): string[] {
  const { svg } = drawn(`${deep(calls)} > ledger.(*Store).Post > sync.Lock 5`);
  return texts(svg).filter((text) => text.endsWith("100 %"));
}

/** What the picture says, in reading order. */
function texts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text = ""]) => text);
}

function boxes(svg: string) {
  return [
    ...svg.matchAll(
      /<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="[\d.]+" rx="3" fill="(#\w+)"[^>]*><title>([^<]*)/g,
    ),
  ].map(([, x, y, width, fill, title]) => ({
    x: Number(x),
    y: Number(y),
    width: Number(width),
    fill,
    title,
  }));
}

describe("flameGraph", () => {
  it("shows the finding, where it is, and folds what is foreign", () => {
    const { svg, altText } = drawn(pileUp);
    expect(texts(svg)).toEqual([
      "11,902 goroutines wait for one mutex",
      "order · 10.0.0.5:6060 · 12,408 goroutines",
      "11,902 (96 %) are in ledger.Store.Post ledger.go:88",
      "http.conn.serve … http.HandlerFunc.ServeHTTP (2 calls) · 99 %",
      "chi.Mux.ServeHTTP · 99 %",
      "orders.Place · 96 %",
      "ledger.Store.Post ledger.go:88 · 96 %",
      "sync.Mutex.Lock … runtime.gopark (2 calls) · 96 %",
      "the finding",
      "own code",
      "dependencies",
      "Go runtime and standard library",
      "too narrow, together",
      "2 functions below 2 % each are folded: the profile has them all.",
    ]);
    expect(altText).toBe(
      "Flame graph of 12,408 goroutines of order · 10.0.0.5:6060: 11,902 (96 %) are in ledger.Store.Post " +
        "ledger.go:88. 11,902 goroutines wait for one mutex.",
    );
  });

  it("makes boxes as wide as they are heavy, callees below their caller", () => {
    const found = boxes(drawn(pileUp).svg);
    const box = (name: string) => {
      const match = found.find(({ title }) => title?.startsWith(name));
      if (match === undefined) throw new Error(`no box ${name}`);
      return match;
    };
    expect(box("orders.Place").width / box("chi.Mux").width).toBeCloseTo(11_902 / 12_302, 2);
    expect(box("ledger.Store.Post").y).toBeGreaterThan(box("orders.Place").y);
    expect(box("ledger.Store.Post").fill).toBe("#d55e00");
    expect(box("orders.Place").fill).toBe("#f6c26b");
    expect(box("chi.Mux").fill).toBe("#a9d3f2");
    expect(box("http.conn.serve").fill).toBe("#dcdcdc");
  });

  it("says so when the place is too narrow to be drawn, and shows where it hurts", () => {
    const { svg } = drawn(`${pileUp}\n  jobs.Run > pool.Get 1`, {
      where: [frameOf("pool.Get")],
      symptomWhere: [frameOf("ledger.(*Store).Post")],
    });
    expect(texts(svg).slice(2, 4)).toEqual([
      "1 (&lt; 0.1 %) is in pool.Get pool.go:88 (too narrow to draw)",
      "11,902 (96 %) are in ledger.Store.Post ledger.go:88",
    ]);
    expect(boxes(svg).filter(({ fill }) => fill === "#d55e00")).toHaveLength(1);
  });

  it("folds harder the deeper it is: the finding stays in sight", () => {
    expect(fullWidth(7)).toHaveLength(9);
    expect(fullWidth(80)).toEqual([
      "p0.F … d79.G (80 calls) · 100 %",
      "ledger.Store.Post ledger.go:88 · 100 %",
      "sync.Lock · 100 %",
    ]);
  });

  it("tells how many rows it leaves out", () => {
    // Each row loses an eighth to a branch: row 29 is the last that has 2 % of all.
    const branching = Array.from({ length: 40 }, (_, i) => {
      const path = Array.from({ length: i + 1 }, (_, depth) => `p${depth}.F`).join(" > ");
      return `${path} > q${i}.G ${Math.round(120_000 * 0.88 ** i)}`;
    }).join("\n");
    const { svg } = drawn(branching, { where: [] });
    expect(texts(svg).at(-1)).toBe("19 deeper rows left out: the profile has them all.");
  });

  it("draws nothing of nothing", () => {
    expect(whole(flameGraph(goroutineStacks([]), goroutineMeasure, subject))).toBeUndefined();
  });

  it("is well-formed and the same every time, whatever the names are", () => {
    const name = fc.string({ unit: "binary", maxLength: 40 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(name, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 50 })), {
          minLength: 1,
          maxLength: 12,
        }),
        name,
        (list, title) => {
          const groups = list.map(([names, count]) =>
            groupOf(
              names.map((name) => ({ function: name, file: `${name}.go`, line: 1 })),
              count,
            ),
          );
          const about = { ...subject, title, target: title, where: groups[0]?.stack ?? [] };
          const draw = () => whole(flameGraph(goroutineStacks(groups), goroutineMeasure, about))?.svg ?? "";
          const svg = draw();
          expect(draw()).toBe(svg);
          // oxlint-disable-next-line no-control-regex -- what XML 1.0 forbids
          expect(svg).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u);
          expect(unbalanced(svg)).toBeUndefined();
          for (const { x, width } of boxes(svg)) {
            expect(x).toBeGreaterThanOrEqual(20);
            expect(x + width).toBeLessThanOrEqual(1_262);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("differenceGraph", () => {
  const before = `
    net/http.(*conn).serve > ledger.(*Store).Post > sync.(*Mutex).Lock 100
    jobs.Old > runtime.selectgo 300
    jobs.Run 100`;
  const now = `
    net/http.(*conn).serve > ledger.(*Store).Post > sync.(*Mutex).Lock 900
    jobs.Run 104`;

  function difference(measure: Measure = goroutineMeasure) {
    const drawing = whole(differenceGraph(stacksOf(before), stacksOf(now), measure, subject));
    if (drawing === undefined) throw new Error("nothing was drawn");
    return drawing;
  }

  it("says what grew and what shrank, in colours and in signs", () => {
    const { svg, altText, largestChange } = difference();
    expect(texts(svg)).toContain("Grew most: ledger.Store.Post +800");
    expect(texts(svg)).toContain("order · 10.0.0.5:6060 · 500 goroutines before, 1,004 now");
    expect(altText).toContain("Shrank most: jobs.Old −300 (300 before, 0 now).");
    const fill = (name: string) => boxes(svg).find(({ title }) => title?.startsWith(name))?.fill;
    expect(fill("ledger.Store.Post")).toBe("#b2182b");
    expect(fill("jobs.Old")).toBe("#2166ac");
    expect(fill("jobs.Run")).toBe("#eeeeee");
    expect(largestChange).toBeCloseTo(800 / 1_004);
  });

  it("has the service's own code in its title, also when more changed in a library", () => {
    const busy = before.replace(
      "ledger.(*Store).Post > sync.(*Mutex).Lock 100",
      "net/http.(*Idle).Wait 4000",
    );
    const drawing = whole(differenceGraph(stacksOf(busy), stacksOf(now), goroutineMeasure, subject));
    expect(texts(drawing?.svg ?? "")[0]).toBe("Grew most: ledger.Store.Post +900");
    const idle = before.replace("jobs.Old > runtime.selectgo 300", "net/http.(*Idle).Wait 3000");
    const own = whole(differenceGraph(stacksOf(idle), stacksOf(now), goroutineMeasure, subject));
    expect(texts(own?.svg ?? "")[0]).toBe("Grew most: ledger.Store.Post +800");
  });

  it("names the two processes where it is not about two moments", () => {
    const words = ofProcesses("order-2", "order-1");
    const drawing = whole(differenceGraph(stacksOf(before), stacksOf(now), goroutineMeasure, subject, words));
    const { svg = "", altText = "" } = drawing ?? {};
    expect(texts(svg)).toContain("Most in order-1 beyond order-2: ledger.Store.Post +800");
    expect(texts(svg)).toContain("order · 10.0.0.5:6060 · 500 goroutines in order-2, 1,004 in order-1");
    expect(texts(svg).join(" ")).toContain(
      "As wide as both together; colours say how order-1 compares with order-2.",
    );
    expect(altText).toContain(
      "Most in order-2 beyond order-1: jobs.Old −300 (300 in order-2, 0 in order-1).",
    );
    expect(`${texts(svg).join(" ")} ${altText}`).not.toMatch(/before|now|[Gg]rew|[Ss]hr[au]nk/);
  });

  it("compares shares where the numbers depend on how long was measured", () => {
    const share: Measure = { ...goroutineMeasure, compared: "share" };
    const doubled = now.replace("900", "200").replace("104", "200") + "\n    jobs.Old > runtime.selectgo 600";
    const same = whole(differenceGraph(stacksOf(before), stacksOf(doubled), share, subject));
    expect(same?.largestChange).toBe(0);
    expect(texts(same?.svg ?? "")).toContain("Nothing changed");
    expect(texts(difference(share).svg)).toContain("Grew most: ledger.Store.Post +70 pp");
  });

  it("draws nothing when one capture is empty", () => {
    expect(
      whole(differenceGraph(goroutineStacks([]), stacksOf(now), goroutineMeasure, subject)),
    ).toBeUndefined();
  });
});

/** The first tag that is not closed in order, or the first bare `&`. */
function unbalanced(xml: string): string | undefined {
  const open: string[] = [];
  const bare = /&(?!(?:amp|lt|gt|quot);)/.exec(xml);
  if (bare !== null) return xml.slice(bare.index, bare.index + 20);
  for (const [tag, closing, name = "", attributes = ""] of xml.matchAll(
    /<(\/?)(\w+)((?:\s+[\w-]+="[^"<]*")*)\s*\/?>/g,
  )) {
    if (closing === "/" && open.pop() !== name) return tag;
    if (closing === "" && !tag.endsWith("/>")) open.push(name + attributes.slice(0, 0));
  }
  const stray = xml.replace(/<\/?\w+(?:\s+[\w-]+="[^"<]*")*\s*\/?>/g, "").search(/[<>]/);
  return stray === -1 ? open[0] : `stray at ${stray}`;
}
