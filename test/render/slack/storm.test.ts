import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type StormRow, type StormView, worstFirst } from "../../../src/domain/alerts/storm.ts";
import type { Incident } from "../../../src/domain/incidents/incident.ts";
import { stormDigest } from "../../../src/render/slack/storm.ts";
import { stormList } from "../../../src/render/storm-list.ts";
import { analysis, anyIncident, incident, startMs } from "./incidents.ts";
import { pings, refusalsOf, shownTexts } from "./slack-accepts.ts";

interface RowFacts {
  readonly severity?: string;
  readonly alerts?: number;
  readonly minutesAgo?: number;
  readonly about?: Partial<Incident>;
}

function row(
  service: string,
  group: string,
  { severity, alerts = 3, minutesAgo = 1, about }: RowFacts = {},
): StormRow {
  const page = {
    intent: `page/${group}/${service}`,
    group,
    service,
    title: `${group} is slow`,
    alerts,
    sinceMs: startMs - minutesAgo * 60_000,
    ...(severity === undefined ? {} : { severity }),
  };
  return about === undefined ? { page } : { page, incident: incident({ service, ...about }) };
}

function viewOf(rows: readonly StormRow[], overAtMs?: number): StormView {
  return {
    storm: {
      id: "storm-1a2b3c4d",
      version: 1,
      channel: "C0INCID001",
      beganAtMs: startMs,
      lastPageAtMs: startMs + 240_000,
      replies: [],
      ...(overAtMs === undefined ? {} : { overAtMs }),
    },
    rows: rows.toSorted(worstFirst),
  };
}

function linesOf(view: StormView): readonly string[] {
  return shownTexts(stormDigest(view).blocks).flatMap((text) => text.split("\n"));
}

const skipped = {
  state: "failed",
  problem: "One capture of order as gf-1aaa answers all its pages",
} as const;

const night = viewOf([
  row("order", "g1", {
    severity: "critical",
    about: { id: "gf-1aaa", state: "verdict", analysis: analysis() },
  }),
  row("order", "g2", { severity: "warning", alerts: 9, about: { id: "gf-2bbb", ...skipped } }),
  row("pay", "g3", { severity: "page", alerts: 5, about: { id: "gf-3ccc", state: "capturing" } }),
  row("stock", "g4", { minutesAgo: 9, about: { id: "gf-4ddd", queuePlace: 6 } }),
  row("cart", "g5", {
    about: { id: "gf-5eee", state: "failed", problem: "100 captures are waiting already" },
  }),
  row("", "g6", { severity: "info", about: { id: "gf-6fff", state: "resolved", resolvedAtMs: startMs } }),
]);

describe("the digest of a storm", () => {
  it("counts what there is, and what becomes of it", () => {
    expect(linesOf(night).slice(0, 4)).toEqual([
      "🌊 Storm · 6 pages, 1 of no known service",
      expect.stringMatching(/^\*6 groups · 4 services · 26 alerts\* since /),
      expect.stringMatching(
        /^1 verdict \(1 FAIL\) · 1 being captured · 1 waiting · 1 answered by these · 2 not captured$/,
      ),
      "1 ended, 5 still fire",
    ]);
  });

  it("has verdicts before pages, the worst first, on the screen and for who hears it", () => {
    const passed = analysis({ verdict: "pass", findings: [] });
    const [finding] = analysis().findings;
    if (finding === undefined) throw new Error("has a finding");
    const failed = (severity: "critical" | "warning") =>
      analysis({ findings: [{ ...finding, severity, title: `${severity} trouble` }] });
    const view = viewOf([
      row("healthy", "g1", {
        severity: "critical",
        about: { id: "gf-1", state: "verdict", analysis: passed },
      }),
      row("hurt", "g2", {
        severity: "page",
        about: { id: "gf-2", state: "verdict", analysis: failed("warning") },
      }),
      row("dead", "g3", {
        severity: "info",
        about: { id: "gf-3", state: "verdict", analysis: failed("critical") },
      }),
      row("late", "g4", { severity: "page", about: { id: "gf-4", state: "queued" } }),
    ]);
    const lines = linesOf(view).filter((line) =>
      /^(?:\p{Extended_Pictographic}|•).* · gf-\d$|^\*Pages/u.test(line),
    );
    expect(lines.map((line) => /gf-\d|Pages/.exec(line)?.[0])).toEqual([
      "gf-3",
      "gf-2",
      "gf-1",
      "Pages",
      "gf-4",
    ]);
    const { text } = stormDigest(view);
    const places = [
      "dead, FAIL: critical trouble",
      "hurt, FAIL: warning trouble",
      "healthy, PASS",
      "late, g4 is slow",
    ];
    const at = places.map((words) => text.indexOf(words));
    expect(at).not.toContain(-1);
    expect(at).toEqual(at.toSorted((a, b) => a - b));
  });

  it("has the worst pages first: by severity, then by how many alerts, then by age", () => {
    const rows = linesOf(night).filter((line) => line.startsWith("• "));
    expect(rows.map((line) => /g\d/.exec(line)?.[0])).toEqual(["g3", "g1", "g2", "g4", "g5", "g6"]);
  });

  it("says what is captured, what waits in which place, and what is not captured and why", () => {
    const lines = linesOf(night).join("\n");
    expect(lines).toMatch(/🔴 \*order\* · FAIL: .+ · gf-1aaa/);
    expect(lines).toMatch(/warning · \*order\* · g2 is slow · .+ · see gf-1aaa/);
    expect(lines).toMatch(/🔍 \*pay\* · asking what can be captured · gf-3ccc/);
    expect(lines).toMatch(/⏳ \*stock\* · waits, place 7 · gf-4ddd/);
    expect(lines).toContain("⏭ 1 page without a capture of its own: one of a service answers all its pages");
    expect(lines).toContain("⏭ 1 page not captured: 100 captures are waiting already");
    expect(lines).toContain(
      "⏭ 1 page of no service that gofire knows: the list in the thread says which labels are missing",
    );
  });

  it("says of a page that was left to another one why that came to nothing, and what to type in the end", () => {
    const other = "One capture of pay as gf-1aaa answers all its pages of this storm.";
    const storm = { id: "storm-1a2b3c4d", captured: "page/g1/pay" };
    const rows = [
      row("pay", "g1", { severity: "critical", about: { state: "failed", problem: "pay does not answer." } }),
      row("pay", "g2", { about: { state: "failed", problem: other, storm } }),
      row("<cart>", "g3", { about: { state: "failed", problem: "100 captures are waiting already" } }),
    ];
    const lines = linesOf(viewOf(rows));
    expect(lines).toContain("⏭ 2 pages not captured: pay does not answer.");
    expect(lines.join("\n")).not.toContain(other);
    expect(lines).toContain(
      "No verdict yet on *pay*, *&lt;cart&gt;*: what still fires is captured once more when the storm is over",
    );
    const over = viewOf(rows, startMs + 600_000);
    expect(linesOf(over)).toContain(
      "⚠️ Still no verdict on *pay*, *&lt;cart&gt;*. Capture one: `/gofire snapshot pay`",
    );
    expect(stormDigest(over).text).toContain(
      "Still no verdict on pay, &lt;cart&gt;. Capture one: /gofire snapshot pay.",
    );
    expect(stormList(over).match(/not captured: pay does not answer/g)).toHaveLength(2);
    const ended = rows.map((one) => ({
      ...one,
      incident: incident({ ...one.incident, state: "resolved", resolvedAtMs: startMs }),
    }));
    expect(linesOf(viewOf(ended, startMs + 600_000)).join("\n")).not.toContain("Still no verdict");
  });

  it("counts services where all are known, and says why what ended was not captured", () => {
    const known = viewOf([
      ...night.rows.filter(({ page }) => page.service !== ""),
      row("cart", "g7", { about: { id: "gf-7ggg", state: "resolved", resolvedAtMs: startMs } }),
    ]);
    expect(linesOf(known)[0]).toBe("🌊 Storm · 6 pages of 4 services");
    expect(linesOf(known)).toContain("⏭ 1 page not captured: the alerts ended before it was captured");
  });

  it("says that it is over, how long it lasted, and in words for who hears it", () => {
    const over = viewOf(night.rows, startMs + 600_000);
    expect(linesOf(over)[0]).toBe("🌊 Storm over · 6 pages, 1 of no known service in 4 min");
    expect(stormDigest(over).text).toMatch(
      /^Storm over · 6 pages, 1 of no known service in 4 min: 6 groups, 4 services, 26 alerts since 03:12 UTC\. 1 verdict/,
    );
  });

  it("lists every page in a file, with what became of it", () => {
    const rows = stormList(night)
      .split("\n")
      .filter((line) => /\| gf-/.test(line));
    expect(rows).toHaveLength(6);
    expect(rows[0]).toMatch(/^\| page \| pay \| g3 is slow \| 5 \| .* \| being captured \| gf-3ccc \|$/);
    expect(rows.at(-1)).toContain("not captured: the alerts ended before it was captured; the alerts ended");
  });

  it("stays inside all limits of Slack with ten thousand pages, and its file has a line for each", () => {
    const rows = Array.from({ length: 10_000 }, (_, at) =>
      row(`service-${at % 900}`, `<!here> | group ${at}`, {
        about: { id: `gf-${at}`, state: "failed", problem: `*no* answer ${at} `.repeat(20) },
      }),
    );
    const view = viewOf(rows, startMs + 600_000);
    const body = stormDigest(view);
    expect(refusalsOf(body)).toEqual([]);
    expect(pings(body)).toEqual([]);
    expect(linesOf(view).join("\n")).toMatch(/Still no verdict on .* and 895 more\. Capture one: /);
    expect(stormList(view).match(/ gf-\d+ \|$/gm)).toHaveLength(10_000);
  });

  it("stays inside all limits of Slack, whatever the incidents and names, and pings nobody", () => {
    const anyRow = fc
      .tuple(fc.string({ unit: "grapheme" }), fc.option(anyIncident), fc.option(fc.string()))
      .map(([title, about, severity]) => {
        const one = row("<!channel>", `${title}<@U1> |`, severity === null ? {} : { severity });
        return about === null ? one : { ...one, incident: about };
      });
    fc.assert(
      fc.property(fc.array(anyRow, { minLength: 1, maxLength: 40 }), (rows) => {
        const view = viewOf(rows.map((one, at) => ({ ...one, page: { ...one.page, intent: `${at}` } })));
        const body = stormDigest(view);
        expect(refusalsOf(body)).toEqual([]);
        expect(pings(body)).toEqual([]);
        expect(stormDigest(view)).toEqual(body);
      }),
      { numRuns: 100 },
    );
  });
});
