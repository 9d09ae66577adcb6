import { describe, expect, test } from "vitest";
import { rollbacks } from "../../../scripts/screenshots/rollbacks.ts";
import type { ConfigChange } from "../../../src/domain/configuration/config-change.ts";
import type { Rollback } from "../../../src/domain/configuration/rollback.ts";
import {
  inTheWay,
  longestShown,
  type RollbackRequest,
  readWish,
  wishText,
} from "../../../src/domain/configuration/rollback-request.ts";
import {
  overheardRollbackCard,
  rollbackCard,
  rollbackOutcome,
} from "../../../src/render/slack/rollback-card.ts";
import { startMs } from "./incidents.ts";
import { pings, refusalsOf, shownTexts } from "./slack-accepts.ts";

const revision = "0f606d972d".repeat(4);
const way = { kind: "revert", revision } as const;
const value: ConfigChange = {
  file: "prod/order.yaml",
  path: "redis.max_active",
  kind: "changed",
  from: "0",
  to: "200",
};
const plan: Rollback = {
  service: "order",
  repository: "https://git.example.com/shop/config.git",
  branch: "main",
  way: {
    ...way,
    name: "v2-prod",
    author: "ana",
    subject: "Tune",
    atMs: startMs,
    askedAtMs: startMs,
    isMerge: false,
  },
  own: [value],
  others: [],
  moved: [],
  already: 0,
  uncompared: [],
  later: [],
  notes: [],
  writable: { push: "branch", way, conflicts: [], digest: "a".repeat(64) },
};
const asked: RollbackRequest = {
  id: "7k2m9xq4",
  version: 1,
  state: "asked",
  service: "order",
  plan,
  way,
  push: "branch",
  digest: "a".repeat(64),
  place: { channel: "C1" },
  asked: { userId: "U1", atMs: startMs, intent: "1" },
  captures: [],
};

function textOf(request: RollbackRequest): string {
  const body = rollbackCard(request);
  expect(refusalsOf(body)).toEqual([]);
  return shownTexts(body.blocks).join("\n");
}

function actionsOf(request: RollbackRequest): readonly string[] {
  return [...JSON.stringify(rollbackCard(request).blocks).matchAll(/"action_id":"([^"]+)"/g)].map(
    ([, id]) => id ?? "",
  );
}

test("every state of the pictures is taken by Slack, and says itself in words, too", () => {
  for (const body of rollbacks(startMs)) {
    expect(refusalsOf(body)).toEqual([]);
    expect(body.text).toMatch(/order|7k2m9xq4/);
  }
});

describe("the card that asks", () => {
  test("shows each value, its two buttons and what a click asks before it counts", () => {
    expect(textOf(asked)).toContain("• redis.max_active 0 → 200 (prod/order.yaml)");
    expect(actionsOf(asked)).toEqual(["rollback-go", "rollback-cancel"]);
    expect(JSON.stringify(rollbackCard(asked).blocks)).toContain(
      "It is pushed onto main: redis.max_active 0 → 200",
    );
    expect(actionsOf({ ...asked, state: "agreed", agreed: asked.asked })).toEqual([]);
  });

  test("has all of what may be agreed to, however it is written out, or nobody can agree", () => {
    const long = { ...value, path: "p".repeat(longestShown), from: "f".repeat(longestShown), to: "1" };
    const many = Array.from({ length: 8 }, (_, at) => ({ ...long, to: `${at}` }));
    const whole = { ...plan, own: many.slice(0, 5), others: many.slice(5, 7) };
    expect(inTheWay(whole)).toBeUndefined();
    const text = textOf({ ...asked, plan: whole });
    for (const { to } of many.slice(0, 7)) expect(text).toContain(`→ ${to} (prod/order.yaml)`);
    expect(text).toContain("p".repeat(longestShown));
    expect(inTheWay({ ...plan, own: [{ ...value, to: "x".repeat(longestShown + 1) }] })).toContain("whole");
    expect(inTheWay({ ...plan, own: Array.from({ length: 25 }, () => value) })).toContain("25");
    // Even of what got this far and is too long for a message.
    const cut = { ...asked, plan: { ...plan, own: Array.from({ length: 80 }, () => long) } };
    expect(textOf(cut)).toContain("nobody can agree to it");
    expect(actionsOf(cut)).toEqual(["rollback-cancel"]);
  });

  test("pings nobody by what is from outside, and shows no secret", () => {
    const evil = "<!channel> *x* `<https://evil.test|here>`";
    const change = { ...value, file: evil, path: evil, from: evil, to: evil };
    const secret = { file: "a.yaml", path: "db.password", kind: "changed", secret: true } as const;
    const all = {
      ...asked,
      service: "order",
      plan: { ...plan, repository: evil, branch: evil, own: [secret, change], others: [change] },
      problem: evil,
      captures: [
        {
          incidentId: "gf-1",
          begunAtMs: 0,
          result: {
            helped: "no" as const,
            instance: evil,
            configuration: evil,
            problem: evil,
            measured: [{ rule: evil, title: evil, state: "unseen" as const, reason: evil }],
          },
        },
      ],
      written: { commit: revision, branch: evil, atMs: 0 },
    };
    for (const state of ["asked", "verifying", "unverified", "proposed", "failed"] as const) {
      for (const body of [rollbackCard({ ...all, state }), rollbackOutcome({ ...all, state })]) {
        expect(body === undefined ? [] : pings(body).filter((one) => one !== "<@U1>")).toEqual([]);
        expect(JSON.stringify(body)).not.toMatch(/<!channel>|<https:/);
      }
    }
    expect(textOf({ ...all, state: "asked" })).toContain("db.password changed (its value is not shown)");
  });
});

test("where others read, a card keeps where it stands and no value, branch, file or person, and can be cancelled", () => {
  for (const state of ["asked", "agreed", "verifying", "unverified", "failed"] as const) {
    const body = overheardRollbackCard({ ...asked, state, problem: "prod/order.yaml cannot be merged" });
    expect(refusalsOf(body)).toEqual([]);
    const drawn = JSON.stringify(body);
    for (const withheld of ["max_active", "200", "prod/order", plan.repository, "main", "<@"]) {
      expect(drawn).not.toContain(withheld);
    }
    expect(drawn).toContain(`/gofire rollback ${asked.service}`);
    const actions = [...drawn.matchAll(/"action_id":"([^"]+)"/g)].map(([, id]) => id);
    expect(actions).toEqual(state === "asked" ? ["rollback-cancel"] : []);
  }
});

test("what stands in the way of asking is said; what is not compared nobody can agree to", () => {
  const { writable: _writable, ...without } = plan;
  expect(inTheWay(plan)).toBeUndefined();
  expect(inTheWay(without)).toContain("git cannot tell");
  expect(inTheWay({ ...plan, moved: [{ since: value }] })).toContain("git cannot tell");
  expect(inTheWay({ ...plan, uncompared: [{ file: "x.tpl", reason: "no YAML" }] })).toContain("x.tpl");
  expect(inTheWay({ ...plan, own: [] })).toContain("no value");
  const writable = { push: "branch", way, conflicts: [], problem: "the remote does not answer" } as const;
  expect(inTheWay({ ...plan, writable })).toContain("the remote does not answer");
});

test("a button carries how to work the plan out again, and reads nothing else", () => {
  const wish = { digest: "a".repeat(64), service: "order", incidentId: "gf-3fa9", tag: "v1 prod" };
  expect(readWish(wishText(wish))).toEqual(wish);
  expect(readWish(wishText({ digest: wish.digest, service: "order" }))).toEqual({
    digest: wish.digest,
    service: "order",
  });
  for (const text of ["", "x", wish.digest, `${wish.digest} -`, `${"g".repeat(64)} - order`]) {
    expect(readWish(text)).toBeUndefined();
  }
});
