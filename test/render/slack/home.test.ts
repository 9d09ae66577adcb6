import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { snapshotForm } from "../../../src/domain/chat/snapshot-form.ts";
import { type HomeState, homeView } from "../../../src/render/slack/home.ts";
import { analysis, anyIncident, incident, startMs } from "./incidents.ts";
import { shownTexts, viewRefusals } from "./slack-accepts.ts";

const snapshot = {
  name: "snapshot",
  summary: "Capture a service",
  usage: "SERVICE",
  examples: [],
  options: [],
};

function home(change: Partial<HomeState> = {}): HomeState {
  return {
    status: {
      kind: "status",
      capturing: [],
      waiting: [],
      last: [],
      shadowed: [],
      storms: [],
      counts: { capturing: 0, waiting: 0, limit: 500 },
      mutes: [],
    },
    commands: [{ ...snapshot, allowed: true }],
    rights: [],
    asOfMs: startMs,
    ...change,
  };
}

function lines(state: HomeState): readonly string[] {
  return shownTexts(homeView(state)).flatMap((text) => text.split("\n"));
}

describe("App Home", () => {
  it("is taken by Slack, whatever runs", () => {
    fc.assert(
      fc.property(fc.array(anyIncident, { maxLength: 60 }), (incidents) => {
        const status = { ...home().status, capturing: incidents, waiting: incidents, last: incidents };
        expect(viewRefusals(homeView(home({ status })), "home")).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it("shows what runs, the last verdicts, what this person may do and who else may", () => {
    const verdict = incident({ id: "gf-aaaa", state: "verdict", analysis: analysis() });
    const state = home({
      status: {
        ...home().status,
        capturing: [incident({ state: "capturing", steps: [{ kind: "heap", state: "running" }] })],
        last: [verdict],
        mutes: [
          { subject: { kind: "service", service: "cart" }, userId: "U1", sinceMs: startMs, untilMs: startMs },
        ],
      },
      commands: [
        { ...snapshot, allowed: true },
        { ...snapshot, name: "mute", allowed: false },
      ],
      rights: [
        {
          right: "snapshot",
          audience: { users: ["U0MIRA0001"], groups: ["S0ONCALL01"], channels: ["C0INCID001"] },
        },
        { right: "status" },
      ],
    });
    expect(lines(state)).toEqual([
      "gofire",
      "What is wrong with a Go service, where in its code, and what to do.",
      "Capture a Service…",
      "Running now",
      "🔍 *order* · capturing, 0 of 1 done · gf-3fa9 · <#C0INCID001>",
      "Last verdicts",
      `🔴 *order* · FAIL: 11,902 goroutines wait for one mutex · gf-aaaa · <#C0INCID001> · <!date^${startMs / 1_000}^{date_short_pretty} {time}|2026-11-24 03:12 UTC>`,
      "Muted",
      `🔕 alerts about cart until <!date^${startMs / 1_000}^{date_short_pretty} {time}|2026-11-24 03:12 UTC>`,
      "What you can do",
      "`/gofire snapshot SERVICE` Capture a service",
      "`/gofire mute SERVICE` Capture a service · 🚫 not for you here",
      "Who may do what",
      "• Capture a service: <!subteam^S0ONCALL01>, <@U0MIRA0001>; everybody in <#C0INCID001>",
      "• See what runs: every full member",
      `As of <!date^${startMs / 1_000}^{date_short_pretty} {time}|2026-11-24 03:12 UTC> · 0 capturing, 0 waiting of at most 500`,
    ]);
  });

  it("offers the form only to who may use it", () => {
    expect(JSON.stringify(homeView(home()))).toContain(snapshotForm.openedBy);
    const denied = home({ commands: [{ ...snapshot, allowed: false }] });
    expect(JSON.stringify(homeView(denied))).not.toContain(snapshotForm.openedBy);
  });
});
