import { expect, test } from "vitest";
import { rollbackChecks } from "../../src/commands/doctor/rollback.ts";
import type { DoctorCheck } from "../../src/commands/reply.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { PortError } from "../../src/domain/errors.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import type { ConfigWriter, WritePlace } from "../../src/ports/config-writer.ts";
import { fakeConfigWriter } from "../fakes/config-writer.ts";
import { unheard } from "./unheard.ts";

const history =
  "configHistory: { repository: 'https://git.test/config.git', branch: main, tokenEnv: READ }\n";
const named = `${history}rollback: { push: branch, tokenEnv: WRITE }\naccess: { rollback: {} }\naudit: { origin: gofire.test/audit }\n`;

async function check(source: string, change: Partial<ConfigWriter> = {}) {
  const places: WritePlace[] = [];
  let closed = 0;
  const host = { ...thisHost, environment: (name: string) => (name === "WRITE" ? "t0ken" : undefined) };
  const writer = {
    ...fakeConfigWriter([]).writer,
    ...change,
    close() {
      closed += 1;
      return Promise.resolve();
    },
  };
  const checks: readonly DoctorCheck[] = await rollbackChecks(
    parseConfig(source, "gofire.yaml", "/etc/gofire", []),
    unheard,
    {
      host: () => Promise.resolve(host),
      configWriters: () =>
        Promise.resolve({
          open(place: WritePlace) {
            places.push(place);
            return writer;
          },
        }),
    },
  );
  return { checks, places, closed: () => closed };
}

test("doctor asks nothing where gofire may not write, else whether it could, with the token for that", async () => {
  expect((await check(history)).checks).toEqual([]);
  const { checks, places, closed } = await check(named);
  expect(checks).toMatchObject([
    { name: "rollback", state: "ok", detail: expect.stringContaining("onto main") },
  ]);
  expect(await places[0]?.credentials?.()).toEqual({ user: "x-access-token", token: "t0ken" });
  expect(closed()).toBe(1);
});

test("doctor says why a rollback would be refused", async () => {
  const refused = new PortError("forbidden", "config", "the server lets gofire read and not write");
  const { checks, closed } = await check(named, { tryPush: () => Promise.reject(refused) });
  expect(checks).toMatchObject([
    { state: "failed", detail: "config: the server lets gofire read and not write" },
  ]);
  expect(closed()).toBe(1);
});
