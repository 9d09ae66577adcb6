import { describe, expect, test } from "vitest";
import { configHistoryChecks } from "../../src/commands/doctor/config-history.ts";
import type { DoctorCheck } from "../../src/commands/reply.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { PortError } from "../../src/domain/errors.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import type { ConfigHistory, GitCredentials, HistoryPlace } from "../../src/ports/config-history.ts";
import { fakeConfigHistory } from "../fakes/config-history.ts";
import { unheard } from "./unheard.ts";

const dayMs = 86_400_000;

interface Checked {
  readonly checks: readonly DoctorCheck[];
  readonly places: readonly HistoryPlace[];
  readonly closed: number;
}

async function check(source: string, change: Partial<ConfigHistory> = {}): Promise<Checked> {
  const places: HistoryPlace[] = [];
  let closed = 0;
  const host = { ...thisHost, environment: (name: string) => (name === "TOKEN" ? "t0ken" : undefined) };
  const history: ConfigHistory = {
    ...fakeConfigHistory(
      [40, 12, 3].map((days, index) => ({
        revision: `${index}`.padEnd(40, "a"),
        author: "ana",
        subject: "Tune",
        mergedAtMs: systemClock.nowMs() - days * dayMs,
        files: { "order.yaml": `v: ${index}\n` },
      })),
    ),
    ...change,
    close() {
      closed += 1;
      return Promise.resolve();
    },
  };
  const checks = await configHistoryChecks(parseConfig(source, "gofire.yaml", "/etc/gofire", []), unheard, {
    host: () => Promise.resolve(host),
    clock: () => Promise.resolve(systemClock),
    configHistories: () =>
      Promise.resolve({
        open(place: HistoryPlace) {
          places.push(place);
          return history;
        },
      }),
  });
  return { checks, places, closed };
}

const section = "configHistory: { repository: 'https://git.test/config.git', tokenEnv: TOKEN }\n";
const named = `${section}services: { order: { config: [order.yaml] }, cart: { config: [cart] }, pay: {} }`;

function credentialsOf({ places }: Checked): Promise<GitCredentials> | undefined {
  return places[0]?.credentials?.();
}

describe("doctor and the repository of configuration", () => {
  test("nothing is said where none is named, and what is missing where no service has files in it", async () => {
    expect(await check("")).toEqual({ checks: [], places: [], closed: 0 });
    const { checks, places } = await check(section);
    expect(checks).toMatchObject([
      { name: "config history", state: "warning", next: expect.stringContaining("Add config: [PATH]") },
    ]);
    expect(places).toEqual([]);
  });

  test("counts what changed of each service, asked with its token, and closes what it opened", async () => {
    const checked = await check(named);
    expect(checked.checks).toEqual([
      { name: "config history", state: "ok", detail: "config: 2 changes of order within 30 days" },
      { name: "config history", state: "ok", detail: "config: 0 changes of cart within 30 days" },
    ]);
    expect(await credentialsOf(checked)).toEqual({ user: "x-access-token", token: "t0ken" });
    expect(checked.closed).toBe(1);
    await expect(credentialsOf(await check(named.replace("TOKEN", "OTHER")))).rejects.toThrow(
      "gofire.yaml: configHistory: the environment variable OTHER is not set",
    );
  });

  test("says what could not be looked at, and why nothing was", async () => {
    const cut = await check(named, {
      changes: () => Promise.resolve({ revisions: [], notes: ["The history is cut off."] }),
    });
    expect(cut.checks[0]).toMatchObject({
      state: "warning",
      detail: "config: 0 changes of order within 30 days. The history is cut off.",
    });
    const refused = new PortError("forbidden", "config", "the remote does not let gofire in");
    const failed = await check(named, { changes: () => Promise.reject(refused) });
    expect(failed.checks).toEqual([
      {
        name: "config history",
        state: "failed",
        detail: "config: the remote does not let gofire in",
        next: expect.stringContaining("until it answers"),
      },
    ]);
    expect(failed.closed).toBe(1);
  });
});
