import { expect, test } from "vitest";
import type { ConfigChange } from "../../../src/domain/configuration/config-change.ts";
import type { RevertWay, Rollback } from "../../../src/domain/configuration/rollback.ts";
import { rollbackBody } from "../../../src/render/slack/rollback.ts";
import { startMs } from "./incidents.ts";
import { pings, refusalsOf, shownTexts } from "./slack-accepts.ts";

const minute = 60_000;
const revision = "0f606d972d".repeat(4);
const value: ConfigChange = {
  file: "prod/order.yaml",
  path: "redis.max_active",
  kind: "changed",
  from: "0",
  to: "200",
};
const way: RevertWay = {
  kind: "revert",
  revision,
  name: "v20240521-prod-redis-tune",
  author: "ana",
  subject: "Tune redis",
  atMs: startMs - 14 * minute,
  askedAtMs: startMs + 5 * minute,
  isMerge: false,
  incident: {
    id: "gf-3fa9",
    moment: "the page",
    momentMs: startMs,
    suspected: {
      finding: "f1",
      title: "The pool is used up",
      reason: "a smaller pool has callers wait sooner",
    },
  },
};
const whole: Rollback = {
  service: "order",
  repository: "https://git.example.com/shop/config.git",
  branch: "main",
  way,
  own: [value],
  others: [],
  moved: [],
  already: 0,
  uncompared: [],
  later: [],
  notes: [],
};

function linesOf(change: Partial<Rollback>): readonly string[] {
  const body = rollbackBody({ rollback: { ...whole, ...change } });
  expect(refusalsOf(body)).toEqual([]);
  return shownTexts(body.blocks).flatMap((text) => text.split("\n"));
}

test("says what comes back, that nothing is done, the commands, and how to see whether it helped", () => {
  expect(linesOf({})).toEqual([
    "⏪ order · what a rollback would put back",
    "gofire changes nothing itself. This would be put back, as before v20240521-prod-redis-tune by ana, 14 min before the page (Tune redis):",
    "• redis.max_active 0 → 200 (prod/order.yaml)",
    "At the root of a clean clone of https://git.example.com/shop/config.git:",
    `\`git switch main &amp;&amp; git pull --ff-only &amp;&amp; git revert --no-edit ${revision}\``,
    "Release it as you release every change. Then: `/gofire snapshot order`, to see whether it helped.",
    "Chosen because it could explain f1 of gf-3fa9 (inferred from its name: a smaller pool has callers wait sooner).",
  ]);
  expect(rollbackBody({ rollback: whole }).text).toBe(
    "gofire changes nothing itself. This would be put back, as before v20240521-prod-redis-tune by ana, 14 min before the page (Tune redis): " +
      "redis.max_active 0 → 200 (prod/order.yaml). " +
      `At the root of a clean clone of https://git.example.com/shop/config.git: git switch main &amp;&amp; git pull --ff-only &amp;&amp; git revert --no-edit ${revision} ` +
      "Then: /gofire snapshot order, to see whether it helped.",
  );
});

test("warns of what else comes back, of what is in the way, and of what is not known", () => {
  const lines = linesOf({
    others: [{ ...value, file: "prod/payment.yaml" }],
    moved: [{ since: { ...value, file: "x.yaml", path: "x", from: "2", to: "3" }, before: "1" }],
    already: 2,
    uncompared: [{ file: "chart.tpl", reason: "It is no YAML" }],
    later: [{ name: "v3", author: "bo", atMs: startMs, values: 4 }],
    notes: ["What is known is 3 h old: the remote does not answer."],
  });
  expect(lines.filter((line) => line.startsWith("⚠️"))).toEqual([
    "⚠️ The same change touched 1 value outside of the files of order, 1 of the same name. A revert takes it back, too:",
    "⚠️ x.yaml: x 2 → 3 since the change; before it 1",
    "⚠️ Git stops there with a conflict: mend the file and git revert --continue, or git revert --abort",
    "⚠️ 2 values of the change are as before already",
    "⚠️ chart.tpl comes back, too, and could not be compared: It is no YAML",
    "⚠️ v3 by bo changed 4 values in the same files since; they stay unless git finds a conflict",
    "⚠️ What is known is 3 h old: the remote does not answer",
  ]);
});

const writable = { push: "branch", way: { kind: "revert", revision }, conflicts: [] } as const;

test("says where gofire cannot write it, and why that is not known", () => {
  expect(linesOf({ writable: { ...writable, conflicts: ["prod/order.yaml"] } })).toContain(
    "⚠️ prod/order.yaml: git cannot do it by itself there, so gofire will not",
  );
  const lines = linesOf({
    writable: { ...writable, problem: "the remote does not answer" },
  });
  expect(lines).toContain("⚠️ Whether gofire could do it is not known: the remote does not answer");
  expect(lines[1]).toMatch(/^Nothing is changed yet\./);
});

test("says that nothing comes back by itself, and what a change that is a rollback would bring again", () => {
  const none = { own: [], moved: [{ since: value }], way: { ...way, undoes: "v1" } };
  const [, first, ...rest] = linesOf(none);
  expect(first).toMatch(/A revert of v20240521-prod-redis-tune by ana, .* puts back no value by itself\.$/);
  expect(rest[0]).toBe(
    "⚠️ v20240521-prod-redis-tune has itself rolled v1 back: taken back, it brings the values of v1 again",
  );
});

test("a secret's value is told nowhere; what is from outside pings nobody; a command is whole or not there", () => {
  const evil = "<!channel> *x* `<https://evil.test|here>`";
  const change = { ...value, file: evil, path: evil, from: evil, to: evil };
  const secret = { file: "a.yaml", path: "db.password", kind: "changed", secret: true } as const;
  const restore = { kind: "restore", revision, name: evil, paths: [evil] } as const;
  const evilAll = {
    repository: evil,
    own: [secret, ...Array.from({ length: 60 }, () => change)],
    others: Array.from({ length: 60 }, () => change),
    moved: Array.from({ length: 60 }, () => ({ since: change, before: evil })),
    uncompared: Array.from({ length: 60 }, () => ({ file: evil, reason: evil })),
    later: Array.from({ length: 60 }, () => ({ name: evil, author: evil, atMs: 0, values: 1 })),
    notes: [evil.repeat(50)],
  };
  const lines = linesOf({ ...evilAll, way: restore });
  expect(lines).toContain("• db.password changed (its value is not shown) (a.yaml)");
  expect(lines.join("\n")).toContain("… and 49 more values");
  expect(lines.join("\n")).toContain("cannot be written as a command");
  for (const one of [restore, { ...way, name: evil, author: evil, subject: evil }]) {
    const body = rollbackBody({ rollback: { ...whole, ...evilAll, way: one } });
    expect(pings(body)).toEqual([]);
    expect(JSON.stringify(body)).not.toMatch(/<!channel>|<https:/);
  }
});
