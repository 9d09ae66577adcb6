import { onTestFinished } from "vitest";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { type SlackClient, slackClient } from "../../src/integrations/slack/client.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { SlackStandIn, SlackStandInOptions } from "../../src/sandbox/slack/stand-in.ts";
import { startSlack } from "../sandbox/slack/bolt.ts";

/** A real stand-in that is asked about people and places. */
export interface AskedSlack {
  readonly slack: SlackStandIn;
  readonly client: SlackClient;
  /** For what is remembered: stands still but for `pass`. */
  readonly clock: Clock;
  readonly pass: (ms: number) => void;
  /** How often a method was called. */
  readonly calls: (method: string) => number;
  /** From now on these methods answer 503. */
  readonly fail: (...methods: readonly string[]) => void;
}

/** Far above what somebody is kept waiting, and below what one call may take: a busy machine is no hanging one. */
export const notWaitedForMs = 8_000;

/** Is closed when the test that called it ends. */
export async function askedSlack(options: Partial<SlackStandInOptions> = {}): Promise<AskedSlack> {
  const slack = await startSlack({ limitsRates: false, ...options });
  onTestFinished(() => slack.close());
  const client = slackClient({ token: slack.tokens.bot, apiUrl: slack.apiUrl, clock: systemClock });
  onTestFinished(() => client.close());
  let nowMs = 0;
  return {
    slack,
    client,
    clock: { ...systemClock, monotonicMs: () => nowMs },
    pass: (ms) => void (nowMs += ms),
    calls: (method) => slack.traffic.exchanges.filter(({ name }) => name === method).length,
    fail(...methods) {
      for (const on of methods)
        slack.faults.add({ on, kind: "status", status: 503, when: "before", times: 100 });
    },
  };
}
