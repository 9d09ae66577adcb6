import { describe, expect, test } from "vitest";
import { targetChecks } from "../../src/commands/doctor/targets.ts";
import type { DoctorCheck } from "../../src/commands/reply.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { PortError } from "../../src/domain/errors.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import { fakeClock } from "../fakes/clock.ts";
import { fakeGoTarget, type ScriptedAnswer } from "../fakes/go-target.ts";
import { fakeTargetSources } from "../fakes/target-sources.ts";
import { unheard } from "./unheard.ts";

const withRates = `
services:
  order:
    targets: [{ url: "http://order.test:6060", profileRatesPath: /debug/rates }]
`;

async function checks(
  rates: ScriptedAnswer,
  index: ScriptedAnswer = {},
  source = withRates,
): Promise<{ readonly found: readonly DoctorCheck[]; readonly asked: readonly string[] }> {
  const clock = fakeClock(0);
  const { target, asked } = fakeGoTarget((question) => (question === "index" ? index : rates), clock);
  const found = await targetChecks(parseConfig(source, "gofire.yaml", "/", []), unheard, {
    host: () => Promise.resolve(thisHost),
    clock: () => Promise.resolve(clock),
    targetSources: () => Promise.resolve(fakeTargetSources(() => [])),
    goTargets: () => Promise.resolve({ open: () => target }),
  });
  return { found, asked };
}

describe("doctor and a process that lends its profile rates", () => {
  test("asks for them, takes no lease, and says what it found", async () => {
    const { found, asked } = await checks({
      chunks: ['{"blockRateNs":0,"mutexFraction":0,"expiresAt":null}\n'],
    });
    expect(asked).toEqual(["index", "rates look"]);
    expect(found).toEqual([
      { name: "order", state: "ok", detail: "http://order.test:6060/debug/pprof/ answers in 1 ms" },
      {
        name: "order profile rates",
        state: "ok",
        detail: "/debug/rates lends them; no waits are recorded now",
      },
    ]);
  });

  test("tells the program's own rates, and that they are lent just now", async () => {
    const { found } = await checks({
      chunks: ['{"blockRateNs":10000,"mutexFraction":5,"expiresAt":"2026-05-21T03:12:09.5+02:00"}'],
    });
    expect(found[1]?.detail).toBe(
      "/debug/rates lends them; a wait is recorded for each 10 µs of waiting now, and one in 5 contentions of locks, " +
        "lent to somebody until 2026-05-21T03:12:09.5+02:00 by its clock",
    );
  });

  test.each<[string, ScriptedAnswer, string]>([
    [
      "nothing is there",
      { status: 404, chunks: ["404 page not found\n"] },
      "404: nothing lends rates at this path",
    ],
    ["something else is", { chunks: ["<!doctype html>"] }, "200, but no lease"],
    ["half of it is", { chunks: ['{"blockRateNs":0}'] }, "200, but no lease"],
    ["access is refused", { status: 401 }, "401: the target wants credentials"],
    [
      "nobody answers",
      { refuse: new PortError("unavailable", "order.test", "the other side closed the connection") },
      "the other side closed the connection",
    ],
  ])("warns when %s, and the process counts as reached", async (_when, answer, said) => {
    const { found } = await checks(answer);
    expect(found.map(({ state }) => state)).toEqual(["ok", "warning"]);
    expect(found[1]?.detail).toContain(said);
    expect(found[1]?.next).toContain("without a window");
  });

  test("a secret that nobody set is not told as a service that may be down", async () => {
    const withSecret = withRates.replace("}]", ", auth: { bearer: { tokenEnv: GOFIRE_NO_SUCH } } }]");
    const { found, asked } = await checks({}, {}, withSecret);
    expect(asked).toEqual([]);
    expect(found).toEqual([
      {
        name: "order http://order.test:6060",
        state: "failed",
        detail: expect.stringContaining("GOFIRE_NO_SUCH is not set"),
        next: expect.stringMatching(/^It is not captured without it\. \(gofire\.yaml:4:/),
      },
    ]);
  });

  test("does not ask for rates where the profiles are out of reach", async () => {
    const { found, asked } = await checks({}, { status: 403 });
    expect(asked).toEqual(["index"]);
    expect(found).toMatchObject([{ name: "order", state: "failed" }]);
  });
});
