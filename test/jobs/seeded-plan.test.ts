import { expect, test } from "vitest";
import { planOf } from "./seeded/plan.ts";
import { faultSeeds, killSeeds } from "./seeded/seeds.ts";

/*
 * What goes wrong, and where it is tried:
 *
 * | SIGKILL during every step             | seeded-kills (13 moments), killed (each moment by name), page, page-interrupted,  |
 * |                                       | storm/killed (each moment of a storm)                                             |
 * | a worker taken for dead that lives    | seeded (each job's lock lost once), publish-twice, one-sender                     |
 * | Redis restarted                       | seeded, killed ("a Redis that is killed and comes back")                          |
 * | Slack: 429                            | seeded, slack-faults, slack-chat-pace                                             |
 * | Slack: 503 and reset after processing | seeded, slack-faults, slack-chat-faults (200 more seeded runs of the chat alone)  |
 * | Slack: hanging                        | seeded, slack-faults, slack-people, slack-rooms                                   |
 * | Slack: `ok:true` but not shared       | seeded, slack-chat-faults                                                         |
 * | socket refresh during a click         | seeded, slack-in-receivers                                                        |
 * | duplicate deliveries                  | seeded, slack-in                                                                  |
 * | clicks on right and wrong             | seeded (half of the runs: changed, twice, by two people), bot-feedback            |
 * | clock skew                            | seeded (both processes, and Slack's signatures), publish-clocks                   |
 *
 * A seed decides at random, so whether the seeds in use meet all of it is looked at here.
 */

const plans = faultSeeds.map(planOf);
const faults = plans.flatMap((plan) => plan.faults);

test("there are two hundred runs and more", () => {
  expect(new Set([...faultSeeds, ...killSeeds]).size).toBe(faultSeeds.length + killSeeds.length);
  expect(faultSeeds.length + killSeeds.length).toBeGreaterThanOrEqual(200);
});

test.each([
  ["reset before", { kind: "reset", when: "before" }],
  ["reset after processing", { kind: "reset", when: "after" }],
  ["503 before", { kind: "status", status: 503, when: "before" }],
  ["503 after processing", { kind: "status", status: 503, when: "after" }],
  ["internal_error after processing", { kind: "error", error: "internal_error", when: "after" }],
  ["hanging before", { kind: "hang", when: "before" }],
  ["hanging after", { kind: "hang", when: "after" }],
  ["429", { kind: "rate-limited" }],
  ["ok:true but not shared", { kind: "not-shared" }],
  ["shared late", { kind: "slow-share" }],
  ["a delivery twice", { kind: "duplicate" }],
  ["a delivery lost", { kind: "lost" }],
  ["a delivery held back", { kind: "held-back" }],
  ["a delivery with an old clock", { kind: "clock-skew" }],
])("the seeds meet %s", (_name, effect) => {
  expect(faults.filter((fault) => matches(fault, effect)).length).toBeGreaterThanOrEqual(5);
});

test.each([
  "chat.postMessage",
  "chat.update",
  "files.completeUploadExternal",
  "slash_commands",
  "interactive",
])("the seeds strike %s", (on) => {
  expect(faults.filter((fault) => fault.on === on).length).toBeGreaterThanOrEqual(10);
});

test("posts are lost after processing, which is where a message could come twice", () => {
  const after = faults.filter(
    (fault) => fault.on === "chat.postMessage" && "when" in fault && fault.when === "after",
  );
  expect(new Set(after.map(({ kind }) => kind))).toEqual(new Set(["reset", "status", "error", "hang"]));
});

test.each([
  ["Redis is killed", (plan: (typeof plans)[number]) => plan.redisAway !== undefined],
  [
    "connections are replaced under a click",
    (plan) => plan.mode === "socket" && plan.click?.refresh === true,
  ],
  ["two processes share the work", (plan) => plan.apart],
  ["a clock is ten minutes ahead", (plan) => Math.max(plan.skewMs.web, plan.skewMs.worker) === 600_000],
  ["a clock is ten minutes behind", (plan) => Math.min(plan.skewMs.web, plan.skewMs.worker) === -600_000],
  ["two processes disagree about the time", (plan) => plan.skewMs.web !== plan.skewMs.worker],
  ["a peer is compared", (plan) => plan.peer],
  ["one process does each job twice at a time", (plan) => plan.locksLost && !plan.apart],
  ["two processes do each job for a while", (plan) => plan.locksLost && plan.apart],
  ["people judge a finding", (plan) => plan.votes],
  [
    "people judge a finding while deliveries go wrong",
    (plan) => plan.votes && plan.faults.some(({ on }) => on === "interactive"),
  ],
  ["over http", (plan) => plan.mode === "http"],
] satisfies readonly [string, (plan: (typeof plans)[number]) => boolean][])(
  "in some runs %s",
  (_name, is) => {
    expect(plans.filter(is).length).toBeGreaterThanOrEqual(10);
  },
);

function matches(fault: object, effect: object): boolean {
  return Object.entries(effect).every(([name, value]) => Reflect.get(fault, name) === value);
}
