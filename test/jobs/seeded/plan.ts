import type { Fault, FaultEffect } from "../../../src/sandbox/slack/faults.ts";
import { type Dice, dice } from "./dice.ts";

/** What goes wrong in one run, and what people do meanwhile. */
export interface Plan {
  readonly seed: number;
  readonly mode: "socket" | "http";
  /** Whether who hears people and who does the work are two processes. */
  readonly apart: boolean;
  /** How far the clocks of the two are off. */
  readonly skewMs: { readonly web: number; readonly worker: number };
  readonly faults: readonly Fault[];
  /** Commands, each for a service of its own, and how long each waits for the one before it. */
  readonly commands: readonly { readonly service: string; readonly afterMs: number }[];
  /** A click on the first card, and whether every connection is replaced under it. */
  readonly click?: { readonly refresh: boolean };
  /** Whether every service has two processes, and people want them compared. */
  readonly peer: boolean;
  /** Whether people say what they think of the first card's finding. */
  readonly votes: boolean;
  /** Whether Redis loses the lock of each job once, so that two do it for a while. */
  readonly locksLost: boolean;
  /** When Redis is killed, and how long it is away. */
  readonly redisAway?: { readonly afterMs: number; readonly forMs: number };
}

const callEffects: readonly FaultEffect[] = [
  { kind: "reset", when: "before" },
  { kind: "reset", when: "after" },
  { kind: "status", status: 503, when: "before" },
  { kind: "status", status: 503, when: "after" },
  { kind: "error", error: "internal_error", when: "before" },
  { kind: "error", error: "internal_error", when: "after" },
  { kind: "hang", when: "before" },
  { kind: "hang", when: "after" },
  { kind: "rate-limited", retryAfterS: 1 },
  { kind: "delay", delayMs: 300 },
];

const calls = [
  "chat.postMessage",
  "chat.update",
  "files.getUploadURLExternal",
  "files.completeUploadExternal",
  "files.info",
  "conversations.history",
  "conversations.replies",
  "users.info",
];

const sharing: readonly FaultEffect[] = [{ kind: "not-shared" }, { kind: "slow-share", delayMs: 700 }];

const deliveries: readonly FaultEffect[] = [
  { kind: "duplicate" },
  { kind: "lost" },
  { kind: "held-back", delayMs: 200 },
  { kind: "clock-skew", skewS: -600 },
];

const skewsMs = [0, 0, 1_500, -1_500, 20_000, -20_000, 600_000, -600_000];

export function planOf(seed: number): Plan {
  const chance = dice(seed);
  const apart = chance.chance(40);
  const mode = chance.oneOf(["socket", "http"] as const);
  // By http nobody is heard whose clock is off by more than five minutes: Slack's signatures are too old then.
  const web = chance.oneOf(skewsMs.filter((ms) => mode === "socket" || Math.abs(ms) < 300_000));
  const plan = {
    seed,
    mode,
    apart,
    skewMs: { web, worker: apart ? chance.oneOf(skewsMs) : web },
    faults: faultsOf(chance),
    commands: Array.from({ length: 1 + chance.below(2) }, (_, at) => ({
      service: `order-${at}`,
      afterMs: at === 0 ? 0 : chance.below(400),
    })),
    ...(chance.chance(40) ? { click: { refresh: chance.chance(60) } } : {}),
    ...(chance.chance(20)
      ? { redisAway: { afterMs: chance.below(900), forMs: 50 + chance.below(500) } }
      : {}),
  };
  // Thrown last, so that what a seed meant before it still means.
  const peer = chance.chance(20);
  const votes = chance.chance(50);
  return { ...plan, peer, votes, locksLost: chance.chance(30) };
}

function faultsOf(chance: Dice): readonly Fault[] {
  const struck = Array.from({ length: 1 + chance.below(3) }, () => ({
    on: chance.oneOf(calls),
    skip: chance.below(3),
    times: 1 + chance.below(2),
    ...chance.oneOf(callEffects),
  }));
  const shares = chance.chance(25)
    ? [{ on: "files.completeUploadExternal", skip: chance.below(2), ...chance.oneOf(sharing) }]
    : [];
  const delivered = chance.chance(50)
    ? [{ on: chance.oneOf(["slash_commands", "interactive"]), ...chance.oneOf(deliveries) }]
    : [];
  return [...struck, ...shares, ...delivered];
}
