import { expect, test } from "vitest";
import { parseArguments } from "../../src/commands/arguments.ts";
import type { Ports } from "../../src/commands/context.ts";
import { serve } from "../../src/commands/serve.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { UsageError } from "../../src/domain/errors.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import type { ServeRequest, Server } from "../../src/ports/server.ts";
import { fakeConfigHistory } from "../fakes/config-history.ts";

/** `start` is asked with a way to stop what it starts; `more` is in place of ports that are there otherwise. */
async function served(
  words: readonly string[],
  yaml: string | undefined,
  start: (request: ServeRequest, stop: () => void) => ReturnType<Server["start"]>,
  more: Partial<Ports> = {},
): Promise<void> {
  const stop = new AbortController();
  const ports = {
    config: () => Promise.resolve(yaml === undefined ? undefined : parseConfig(yaml, "gofire.yaml", "/", [])),
    host: () => Promise.resolve({ environment: () => undefined }),
    goTargets: () => Promise.resolve({}),
    targetSources: () => Promise.resolve({}),
    tlsProbes: () => Promise.resolve({}),
    clock: () => Promise.resolve(systemClock),
    server: () =>
      Promise.resolve({
        start: (request: ServeRequest) => start(request, () => stop.abort()),
      }),
    ...more,
  } as unknown as Ports;
  const context = { version: "0.0.0", signal: stop.signal, progress: () => {}, log: () => {} };
  await serve.run(context, parseArguments(serve, words), ports);
}

async function limitsOf(words: readonly string[], yaml: string | undefined): Promise<ServeRequest["limits"]> {
  let asked: ServeRequest | undefined;
  await served(words, yaml, (request, stop) => {
    asked = request;
    stop();
    return Promise.resolve({ url: "http://127.0.0.1:1", stop: () => Promise.resolve() });
  });
  if (asked === undefined) throw new Error("nothing was started");
  return asked.limits;
}

test("limits: the command line's before the file's before the usual ones", async () => {
  const yaml =
    "captures: { overall: 4, perService: 1, waiting: 7, perNode: 3, cooldownSeconds: 0, cooldownSecondsOf: { cpu: 1800 } }";
  expect(await limitsOf([], undefined)).toEqual({
    captures: 20,
    perService: 2,
    waiting: 100,
    perNode: 4,
    perMinute: 30,
    cooldownMs: 600_000,
  });
  expect(await limitsOf([], yaml)).toEqual({
    captures: 4,
    perService: 1,
    waiting: 7,
    perNode: 3,
    perMinute: 30,
    cooldownMs: 0,
    cooldownMsOf: { cpu: 1_800_000 },
  });
  expect(await limitsOf(["--captures", "9", "--cooldown", "1m"], yaml)).toEqual({
    captures: 9,
    perService: 1,
    waiting: 7,
    perNode: 3,
    perMinute: 30,
    cooldownMs: 60_000,
    cooldownMsOf: { cpu: 1_800_000 },
  });
});

test("a server that does not start leaves nothing open", async () => {
  let closed = 0;
  const history = { ...fakeConfigHistory([]), close: () => Promise.resolve(void (closed += 1)) };
  const yaml = "configHistory: { repository: https://git.example/config.git }";
  const configHistories = () => Promise.resolve({ open: () => history });
  const start = () => Promise.reject(new UsageError(`${yaml}: no token`));
  await expect(served([], yaml, start, { configHistories })).rejects.toThrow("no token");
  expect(closed).toBe(1);
});
