import { describe, expect, test } from "vitest";
import { prometheusChecks } from "../../src/commands/doctor/prometheus.ts";
import type { DoctorCheck } from "../../src/commands/reply.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { PortError } from "../../src/domain/errors.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import type { WebAccess } from "../../src/ports/web-access.ts";
import { fakeMetricsServer, type QueryScript } from "../fakes/metrics-server.ts";
import { unheard } from "./unheard.ts";

async function checks(
  source: string,
  script: QueryScript,
  opened: WebAccess[] = [],
): Promise<readonly DoctorCheck[]> {
  const host = { ...thisHost, environment: (name: string) => (name === "TOKEN" ? "t0ken" : undefined) };
  return await prometheusChecks(parseConfig(source, "gofire.yaml", "/etc/gofire", []), unheard, {
    host: () => Promise.resolve(host),
    clock: () => Promise.resolve(systemClock),
    metricsServers: () =>
      Promise.resolve({
        open(_url: string, access: WebAccess) {
          opened.push(access);
          return fakeMetricsServer(script);
        },
      }),
  });
}

const named = "prometheus: { url: http://prometheus.test:9090, auth: { bearer: { tokenEnv: TOKEN } } }";

describe("doctor and Prometheus", () => {
  test("nothing is said where none is named", async () => {
    expect(await checks("", () => [])).toEqual([]);
  });

  test("counts the Go processes that it knows, asked with its secret", async () => {
    const opened: WebAccess[] = [];
    const found = await checks(named, () => [{ labels: {}, points: [{ atMs: 0, value: 12 }] }], opened);
    expect(found).toEqual([
      {
        name: "prometheus",
        state: "ok",
        detail: "http://prometheus.test:9090 answers, and knows 12 Go processes",
      },
    ]);
    expect(opened).toEqual([{ credentials: { kind: "bearer", token: "t0ken" } }]);
  });

  test("says what is missing", async () => {
    expect(await checks(named, () => [])).toMatchObject([
      { state: "warning", next: expect.stringContaining("scrape /metrics") },
    ]);
    const refused = new PortError("forbidden", "http://prometheus.test:9090", "it refuses us (HTTP 401)");
    expect(await checks(named, () => refused)).toMatchObject([
      { state: "failed", detail: "it refuses us (HTTP 401)", next: expect.stringContaining("no baseline") },
    ]);
    expect(await checks(named.replace("TOKEN", "OTHER"), () => [])).toMatchObject([
      { state: "failed", detail: expect.stringContaining("OTHER is not set") },
    ]);
  });
});
