import { describe, expect, test } from "vitest";
import { type PostedMessage, pageMessageOf } from "../../../src/domain/alerts/page-message.ts";

function said(text: string, ...attachments: readonly Partial<PostedMessage["attachments"][number]>[]) {
  const whole = attachments.map((attachment) => ({ fields: [], ...attachment }));
  return pageMessageOf({ channel: "C7", ts: "1.1", text, attachments: whole });
}

describe("a page in the chat", () => {
  test.each([
    ["[FIRING:1] Slow (order critical)", "firing", "Slow (order critical)"],
    ["[FIRING:2, RESOLVED:1] Slow order", "firing", "Slow order"],
    ["[RESOLVED] Slow (order)", "resolved", "Slow (order)"],
    ["🔥 [FIRING:1] Slow", "firing", "Slow"],
    [":fire: @oncall [FIRING:3] Slow", "firing", "Slow"],
    ["prod | [RESOLVED:2] Slow | http://alertmanager:9093/#/alerts", "resolved", "Slow"],
  ] as const)("is told by its title: %s", (title, status, rest) => {
    expect(said("", { title })).toMatchObject({ status, title: rest });
    expect(said(title)).toMatchObject({ status, title: rest });
  });

  test.each([
    ["danger", "firing"],
    ["a30200", "firing"],
    ["#D63232", "firing"],
    ["good", "resolved"],
    ["2eb886", "resolved"],
    ["#36a64f", "resolved"],
  ] as const)("whose title says no status has it from its colour %s", (color, status) => {
    const text = "Runbook: https://wiki/slow";
    expect(said("", { title: "order is slow", text, color })).toMatchObject({
      status,
      title: "order is slow",
      words: `order is slow\n${text}`,
    });
    // What the title says goes before its colour.
    expect(said("", { title: "[FIRING:1] order is slow", color })).toMatchObject({ status: "firing" });
  });

  test("is nothing else that the same sender says", () => {
    expect(said("Good morning")).toBeUndefined();
    expect(said("", { title: "Maintenance", color: "daa038" })).toBeUndefined();
    expect(said("", { title: " ", color: "danger" })).toBeUndefined();
    expect(said("", { text: "no title", color: "danger" })).toBeUndefined();
    expect(said(`${"long before it ".repeat(9)}[FIRING:1] Slow`)).toBeUndefined();
  });
});
