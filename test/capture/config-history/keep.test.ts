import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { ConfigHistoryFacts } from "../../../src/domain/configuration/config-change.ts";
import { PortError } from "../../../src/domain/errors.ts";
import { configHistoryDocument } from "../../../src/parsers/config-history.ts";
import type { ConfigHistory } from "../../../src/ports/config-history.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { type FakeCommit, fakeConfigHistory } from "../../fakes/config-history.ts";
import { healthy, type Run, run } from "../scripted.ts";

const minute = 60_000;
const file = "env/prod/order.yaml";

function keptBy({ store, outcome }: Run): ConfigHistoryFacts {
  const kept = store.bundles.get(outcome.bundle ?? "")?.get("config-history.json.gz");
  if (kept === undefined) throw new Error("the bundle has no history of configuration");
  const parser = configHistoryDocument.parser("config-history.json.gz");
  parser.push(gunzipSync(kept));
  const result = parser.end();
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

function commits(nowMs: number): readonly FakeCommit[] {
  const by = { author: "ana", revision: "a".repeat(40) };
  return [
    {
      ...by,
      subject: "Begin",
      mergedAtMs: nowMs - 900 * minute,
      files: { [file]: "redis: { max_active: 200 }" },
    },
    {
      ...by,
      subject: "Tune",
      mergedAtMs: nowMs - 14 * minute,
      files: { [file]: "redis: { max_active: 0, password: hunter2 }" },
    },
    {
      ...by,
      subject: "Odd",
      mergedAtMs: nowMs - 5 * minute,
      files: { "env/prod/chart.yaml": "a: {{ b }}", "env/prod/x.go": "" },
    },
  ];
}

function failing(trouble: Error): ConfigHistory {
  return {
    ...fakeConfigHistory([]),
    async changes() {
      await Promise.resolve();
      throw trouble;
    },
  };
}

describe("a capture beside which a repository is asked", () => {
  test("keeps in its bundle what changed by value, and no secret", async () => {
    const clock = fakeClock();
    const config = { history: fakeConfigHistory(commits(clock.nowMs())), paths: ["env/prod"] };
    const startMs = clock.nowMs();
    const made = await run(healthy, { clock, config });
    expect(made.outcome.manifest.captures.at(-1)).toMatchObject({ kind: "config", status: "ok" });
    const kept = keptBy(made);
    expect(kept).toMatchObject({ repository: "config", paths: ["env/prod"], atMs: startMs, notes: [] });
    expect(kept.revisions.map(({ subject, changes, uncompared }) => [subject, changes, uncompared])).toEqual([
      [
        "Odd",
        [],
        [
          { file: "env/prod/chart.yaml", reason: expect.stringMatching(/^line 1: /) as unknown },
          {
            file: "env/prod/x.go",
            reason: "It is no YAML, JSON, TOML, .properties or .env file by its name.",
          },
        ],
      ],
      [
        "Tune",
        [
          { file, path: "redis.max_active", kind: "changed", from: "200", to: "0", line: 1 },
          { file, path: "redis.password", kind: "added", secret: true, line: 1 },
        ],
        [],
      ],
    ]);
    expect(JSON.stringify(kept)).not.toContain("hunter2");
  });

  test("asks about the moment at which the page began", async () => {
    const clock = fakeClock();
    const sinceMs = clock.nowMs() - 6 * minute;
    const config = { history: fakeConfigHistory(commits(clock.nowMs())), paths: ["env"], sinceMs };
    const kept = keptBy(await run(healthy, { clock, config }));
    expect(kept.atMs).toBe(sinceMs);
    expect(kept.revisions.map(({ subject }) => subject)).toEqual(["Tune"]);
  });

  test("is not held up by it, and says why nothing is known", async () => {
    const clock = fakeClock();
    const silent: ConfigHistory = {
      ...fakeConfigHistory([]),
      changes: (_window, signal) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }),
        ),
    };
    const made = await run(healthy, { clock, config: { history: silent, paths: ["env"] } });
    expect(made.outcome.ending).toBe("complete");
    expect(keptBy(made).notes).toEqual([
      expect.stringMatching(/^What changed is not known: config took longer than/),
    ]);
    expect(made.outcome.manifest.captures.at(-1)).toMatchObject({ kind: "config", status: "partial" });
  });

  test.each([
    [new PortError("unavailable", "config", "there is no git program on the PATH: install git")],
    [new TypeError("a mistake of ours")],
  ])("does not fail for %s", async (error) => {
    const made = await run(healthy, { config: { history: failing(error), paths: ["env"] } });
    expect(made.outcome.ending).toBe("complete");
    expect(keptBy(made)).toMatchObject({
      revisions: [],
      notes: [`What changed is not known: ${error.message}.`],
    });
  });

  test("leaves it out when it is told to", async () => {
    const config = { history: failing(new Error("asked")), paths: ["env"] };
    const made = await run(healthy, { config, request: { exclude: ["config"] } });
    expect(made.outcome.manifest.captures.at(-1)).toMatchObject({ kind: "config", status: "skipped" });
  });

  test("keeps no bundle for it alone", async () => {
    const config = { history: fakeConfigHistory([]), paths: ["env"] };
    const made = await run(() => ({ status: 500 }), { config });
    expect(made.outcome.ending).toBe("unreachable");
    expect(made.outcome.bundle).toBeUndefined();
  });
});
