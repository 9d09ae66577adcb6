import type { MessageBody } from "../../src/domain/chat/message.ts";
import type { ConfigChange } from "../../src/domain/configuration/config-change.ts";
import type { Rollback } from "../../src/domain/configuration/rollback.ts";
import type { RollbackRequest } from "../../src/domain/configuration/rollback-request.ts";
import type { RollbackStep } from "../../src/domain/configuration/rollback-step.ts";
import { chatReplyBody } from "../../src/render/slack/chat-reply.ts";
import { lostRollbackCard, lostRollbackNote } from "../../src/render/slack/lost-rollback.ts";
import {
  overheardRollbackCard,
  rollbackCard,
  rollbackOutcome,
} from "../../src/render/slack/rollback-card.ts";

const minuteMs = 60_000;
const revision = "0f606d972d".repeat(4);
const digest = "9c1f4be27a03".padEnd(64, "5");
const value: ConfigChange = {
  file: "env/prod/order.yaml",
  path: "redis.max_active",
  kind: "changed",
  from: "0",
  to: "200",
};
const title = "Lock with 11,902 waiters is probably held by a goroutine in IO wait";
const expected = {
  id: "f1",
  rule: "goroutine/lock-holder",
  title,
  measured: { value: 11_902, limit: 10, unit: "goroutines" },
};

/** A rollback from the plan to each of its ends. */
export function rollbacks(nowMs: number): readonly MessageBody[] {
  const plan: Rollback = {
    service: "order",
    repository: "https://git.example.com/shop/config.git",
    branch: "main",
    way: {
      kind: "revert",
      revision,
      name: "v20261124-prod-redis-tune",
      author: "ana",
      subject: "Order: let redis decide how many",
      atMs: nowMs - 14 * minuteMs,
      askedAtMs: nowMs,
      isMerge: false,
      incident: {
        id: "gf-3fa9",
        moment: "the page",
        momentMs: nowMs,
        suspected: { finding: "f1", title, reason: "who waits for a smaller pool piles up" },
      },
    },
    own: [value, { file: value.file, path: "redis.password", kind: "changed", secret: true }],
    others: [{ ...value, file: "env/prod/payment.yaml", to: "100" }],
    moved: [],
    already: 0,
    uncompared: [],
    later: [{ name: "v20261124-prod-log", author: "bo", atMs: nowMs, values: 1 }],
    notes: [],
    writable: { push: "branch", way: { kind: "revert", revision }, conflicts: [], digest },
  };
  const asked: RollbackRequest = {
    id: "7k2m9xq4",
    version: 1,
    state: "asked",
    service: "order",
    plan,
    way: { kind: "revert", revision },
    push: "branch",
    digest,
    place: { channel: "C1", thread: "1.2" },
    incident: { id: "gf-3fa9", instance: "order-7c9-x2", expected: [expected], goroutines: 12_408 },
    asked: { userId: "U0MIRA0001", atMs: nowMs, intent: "1" },
    captures: [],
  };
  const agreed = { ...asked, state: "agreed", agreed: { userId: "U0JONAS002", atMs: nowMs } } as const;
  const commit = "5758cc5262".repeat(4);
  const pushed = { ...agreed, written: { commit, branch: "main", onto: revision, atMs: nowMs } };
  const gone = {
    incidentId: "gf-1taf",
    begunAtMs: nowMs,
    result: {
      helped: "yes",
      measured: [{ rule: expected.rule, title, state: "gone", before: expected.measured }],
      goroutines: 311,
      instance: "order-7c9-x2",
      configuration: 'service="order",tag="v20261124-prod-begin"',
    },
  } as const;
  const still = {
    incidentId: "gf-d3bv",
    begunAtMs: nowMs,
    result: {
      helped: "no",
      measured: [
        {
          rule: expected.rule,
          title,
          state: "still",
          before: expected.measured,
          after: { ...expected.measured, value: 12_077 },
        },
      ],
      goroutines: 12_590,
      instance: "order-7c9-x2",
    },
  } as const;
  const ends: readonly RollbackRequest[] = [
    { ...pushed, state: "verifying", captures: [still] },
    { ...pushed, state: "verified", captures: [still, gone] },
    { ...pushed, state: "unverified", captures: [still, still] },
    {
      ...pushed,
      state: "proposed",
      push: "proposal",
      written: { commit, branch: "gofire/rollback-7k2m9xq4", atMs: nowMs },
    },
    {
      ...agreed,
      state: "failed",
      problem:
        "the server does not take this push (it says: main is protected: open a pull request): set rollback.push: proposal in gofire.yaml, and it is pushed beside the branch for people to merge, or let gofire's user push there.",
    },
    { ...asked, state: "withdrawn", ended: { userId: "U0JONAS002", atMs: nowMs, how: "cancelled" } },
  ];
  const wish = { digest, service: "order", incidentId: "gf-3fa9" };
  const { id, push, service } = asked;
  const { repository } = plan;
  const people = { asked: asked.asked, agreed: agreed.agreed };
  const lost = { id, push, service, repository, stands: "approved", atMs: nowMs, ...people } as const;
  const outcome = ends[2] === undefined ? undefined : rollbackOutcome(ends[2]);
  return [
    looking({ kind: "plan", service: "order" }),
    chatReplyBody({ kind: "rollback", rollback: plan, asking: { wish } }),
    looking({ kind: "ask", ...wish }),
    chatReplyBody({ kind: "rollback-asked", request: asked }),
    rollbackCard(asked),
    overheardRollbackCard(asked),
    looking({ kind: "agree", rollbackId: asked.id }),
    chatReplyBody({ kind: "rollback-decided", request: agreed }),
    ...ends.map(rollbackCard),
    ...(outcome === undefined ? [] : [outcome]),
    lostRollbackCard({ ...lost, inRepository: null }),
    lostRollbackCard({ ...lost, inRepository: { commit, branch: "main", onto: revision } }),
    lostRollbackNote({ ...lost, inRepository: { unknown: "the remote does not answer" } }),
  ];
}

/** What is said at once, before a worker has looked. */
function looking(does: RollbackStep["does"]): MessageBody {
  return chatReplyBody({ kind: "rollback-looking", does, place: { channel: "C1" } });
}
