import { isRequest } from "../code/code-object.ts";
import type { OwnCode } from "../code/own-code.ts";
import type { GoroutineEvidence } from "../evidence/evidence.ts";
import type { Threshold } from "../findings/analyzer.ts";
import type { Confidence } from "../findings/finding.ts";
import {
  type GrowthLimits,
  growthThresholds,
  type PileUpTrend,
  sumOf,
  trendOf,
} from "../goroutines/pile-up.ts";
import { atWorkWith, type Holder, holdersOf, type PoolQueue } from "./pool-queues.ts";

/** Limits that the rules about pools share. */
export const poolThresholds = {
  waiting: {
    default: 5,
    unit: "goroutines",
    meaning: "goroutines that wait for one kind of pool, in every capture",
    source: "docs/decisions/0003-default-thresholds.md",
  },
  waitingPerUser: {
    default: 4,
    unit: "ratio",
    meaning:
      "waiting goroutines for each one at work with the pool, from which an unchanging queue is too long",
    source: "docs/decisions/0003-default-thresholds.md",
  },
  longQueue: {
    default: 20,
    unit: "goroutines",
    meaning: "waiting goroutines below which an unchanging queue is what a pool is for",
    source: "docs/decisions/0003-default-thresholds.md",
  },
  ...growthThresholds,
} as const satisfies Record<string, Threshold>;

export type PoolLimits = GrowthLimits & Readonly<Record<keyof typeof poolThresholds, number>>;

/** What is known about one pool that goroutines wait for. */
export interface PoolPressure {
  readonly trend: PileUpTrend;
  readonly confidence: Confidence;
  /** Goroutines at work with the pool in the most telling snapshot. */
  readonly atWork: number;
  /** Who holds something from it and waits for something else. */
  readonly holders: readonly Holder[];
  /** How many of those who wait hold something from it already. */
  readonly nested: number;
  /** How many of those who wait do so on behalf of a request. */
  readonly serving: number;
}

/**
 * Tells a pool that has run dry from one that is full and moves. Undefined when there is nothing to say.
 *
 * A pool that moves has its users on the goroutine stacks, about as many as it has things to lend. So a queue that
 * neither grows nor ages is a fault only when it is several times longer than the users at work, or when nobody is at
 * work at all. Workers that wait for jobs in something called a pool look like this too: pools that are known by
 * their name only count when requests wait for them, or when the queue grows.
 */
export function poolPressure(
  queue: PoolQueue,
  evidence: GoroutineEvidence,
  own: OwnCode,
  limits: PoolLimits,
): PoolPressure | undefined {
  const { pile } = queue;
  const trend = trendOf(pile, limits.waiting, limits);
  if (trend === "few") return undefined;
  const snapshots = new Set([evidence.best, ...evidence.series]);
  const users = [...snapshots].map((snapshot) => sumOf(atWorkWith(queue, snapshot)));
  const mostAtWork = Math.max(...users);
  const waiting = new Set(pile.groups);
  const all = holdersOf(queue, evidence.best, own);
  const holders = all.filter(({ group }) => !waiting.has(group));
  const nested = sumOf(all.flatMap(({ group }) => (waiting.has(group) ? [group] : [])));
  const serving = sumOf(pile.groups.filter(isRequest));
  const wanted = serving > 0 || (queue.library !== "unknown" && queue.library !== "semaphore");
  const least = Math.min(pile.count, ...pile.counts);
  const isLong = least >= limits.longQueue && least >= limits.waitingPerUser * Math.max(1, mostAtWork);
  const confidence = confidenceOf(trend, wanted, {
    isLong,
    outnumbers: pile.count >= mostAtWork,
    mostAtWork,
  });
  if (confidence === undefined) return undefined;
  return { trend, confidence, atWork: users[0] ?? 0, holders, nested, serving };
}

interface Queue {
  /** Several times longer than the users at work. */
  readonly isLong: boolean;
  /** At least as long as the users at work; a shorter one grows and shrinks with the load. */
  readonly outnumbers: boolean;
  readonly mostAtWork: number;
}

function confidenceOf(
  trend: PileUpTrend,
  wanted: boolean,
  { isLong, outnumbers, mostAtWork }: Queue,
): Confidence | undefined {
  switch (trend) {
    case "growing":
      return outnumbers ? "likely" : undefined;
    case "old":
      return wanted ? "likely" : undefined;
    case "steady":
      return wanted && (isLong || mostAtWork === 0) ? "likely" : undefined;
    case "seen-once":
      if (!wanted || !isLong) return undefined;
      return mostAtWork === 0 ? "likely" : "possible";
    default:
      return undefined;
  }
}
