import { expect, test } from "vitest";
import type { ConfigSummary } from "../../../src/domain/configuration/config-summary.ts";
import { card } from "../../../src/render/slack/card.ts";
import { analysis, finding, incident, startMs } from "./incidents.ts";
import { refusalsOf } from "./slack-accepts.ts";

const minute = 60_000;

const config: ConfigSummary = {
  atMs: startMs,
  windowMs: 360 * minute,
  lines: [
    {
      name: "v20240521-prod-redis-tune",
      author: "ana",
      atMs: startMs - 14 * minute,
      change: {
        file: "env/prod/order.yaml",
        path: "redis.max_active",
        kind: "changed",
        from: "200",
        to: "0",
        line: 2,
        couldExplain: { finding: "f1", reason: "a smaller pool has callers wait sooner" },
      },
      others: 0,
    },
  ],
  more: 0,
  isPartial: false,
};

function shown(change: Partial<ConfigSummary>): { readonly blocks: string; readonly text: string } {
  const origin = { kind: "page", intent: "x", page: { title: "Slow", sinceMs: startMs, alerts: 1 } } as const;
  const body = card(
    incident({
      state: "verdict",
      origin,
      analysis: analysis({ findings: [finding()], config: { ...config, ...change } }),
    }),
  );
  expect(refusalsOf(body)).toEqual([]);
  return { blocks: JSON.stringify(body.blocks), text: body.text };
}

test("the card says which config change could explain it, and how sure that is", () => {
  const { blocks, text } = shown({});
  const line =
    "config: redis.max_active 200 → 0 in v20240521-prod-redis-tune by ana, 14 min before the page · could explain this (inferred)";
  expect(blocks.replaceAll("\u200b", "").replaceAll("\u2060", "")).toContain(line);
  expect(text).toContain(
    "Config: redis.max_active 200 → 0 in v20240521-prod-redis-tune by ana, 14 min before the page, could explain this (inferred).",
  );
});

test("a change that fits nothing is only told, a secret without its value, a file that was not compared by name", () => {
  const at = { name: "0f606d972d", author: "bo", atMs: startMs - 200 * minute };
  const secret = { file: "a.yaml", path: "db.password", kind: "changed", secret: true } as const;
  const { text } = shown({
    lines: [
      { ...at, change: secret, others: 2 },
      { ...at, uncompared: { file: "chart.yaml", reason: "line 1: It is not YAML." }, others: 0 },
    ],
    more: 4,
  });
  expect(text).toContain(
    "Config: db.password changed (its value is not shown) and 2 more values in 0f606d972d by bo, 3.3 h before the page.",
  );
  expect(text).toContain("Config: chart.yaml was touched and could not be compared in 0f606d972d by bo");
  expect(text).not.toContain("could explain");
});

test("nothing changed is one quiet word, and none where that is not known", () => {
  expect(shown({ lines: [] }).blocks).toContain("config: no change in 6 h");
  expect(shown({ lines: [], isPartial: true }).blocks).not.toContain("config:");
});

test("long settings are cut where a name or a word ends, say so, and keep the name of the setting", () => {
  const [line] = config.lines;
  if (line === undefined) throw new Error("there is a line");
  const path = `data["application-production.yaml"].shop.order.persistence${".pools".repeat(10)}.primary.max_active`;
  const hosts = "redis-0.redis.prod.svc.cluster.local:6379,redis-1.redis.prod.svc.cluster.local:6379";
  const change = { file: "a.yaml", path, kind: "changed", from: hosts, to: "🔥".repeat(60) } as const;
  const { blocks, text } = shown({ lines: [{ ...line, change }, line, line], more: 17 });
  expect(blocks).toMatch(
    /config: …(?:\.?pools)+\.primary\.max_active redis-0\.redis\.prod\.svc\.cluster\.local:6379… → (?:🔥)+… in v20240521-prod-redis-tune by ana, 14.min before the page · in full in the thread/,
  );
  expect(blocks.match(/in full in the thread/g)).toHaveLength(1);
  expect(blocks).not.toContain("redis-1");
  expect(blocks).not.toContain("\ufffd");
  expect(text).toContain("…");
  expect(blocks).toContain("… and 17 more config changes in the findings");
});

test("what a repository says pings nobody and formats nothing", () => {
  const [line] = config.lines;
  if (line === undefined) throw new Error("there is a line");
  const evil = "<!channel> *x* <https://evil.test|here>";
  const change = { file: evil, path: evil, kind: "changed", from: evil, to: evil } as const;
  const { blocks, text } = shown({ lines: [{ ...line, name: evil, author: evil, change }] });
  expect(blocks).not.toMatch(/<!channel>|<https:/);
  expect(text).not.toMatch(/<!channel>|<https:/);
});
