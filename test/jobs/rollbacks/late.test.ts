import { expect, test } from "vitest";
import type { Rollback } from "../../../src/domain/configuration/rollback.ts";
import type { RollbackRequest } from "../../../src/domain/configuration/rollback-request.ts";
import { type RollbackJobPorts, rollback } from "../../../src/jobs/rollback.ts";
import { fakeAuditLog } from "../../fakes/audit-log.ts";
import { fakeChat } from "../../fakes/chat.ts";
import { fakeConfigWriter } from "../../fakes/config-writer.ts";
import { everybodyMay } from "../../fakes/rights.ts";
import { plainCards } from "../bot.ts";

const signal = new AbortController().signal;
const minute = 60_000;
const order = "prod/order.yaml";
const revision = "b".repeat(40);
const agreedAtMs = 1_716_261_120_000;

/** What becomes of a rollback that a worker first sees so long after it was agreed to. */
async function seenAfter(ms: number) {
  const commit = { author: "ana", subject: "x", mergedAtMs: 0 };
  const { writer, pushes } = fakeConfigWriter(
    [
      { ...commit, revision: "a".repeat(40), files: { [order]: "a: 1\n" } },
      { ...commit, revision, files: { [order]: "a: 0\n" } },
    ],
    "proposal",
  );
  const way = { kind: "revert", revision } as const;
  const made = await writer.prepare(way, signal);
  if (made.kind !== "prepared") throw new Error(made.kind);
  let request: RollbackRequest = {
    id: "7k2m9xq4",
    version: 1,
    state: "agreed",
    service: "order",
    plan: { repository: "config", way: { ...way, name: "v2" }, own: [], others: [] } as unknown as Rollback,
    way,
    push: "proposal",
    digest: made.digest,
    place: { channel: "C1" },
    asked: { userId: "U1", atMs: agreedAtMs - minute, intent: "1" },
    agreed: { userId: "U2", atMs: agreedAtMs },
    captures: [],
  };
  const log = fakeAuditLog();
  const ports = {
    configs: { of: () => ({ writer }) },
    auditLog: log,
    chat: fakeChat(),
    cards: plainCards,
    rights: everybodyMay(),
    clock: { nowMs: () => agreedAtMs + ms },
    rollbacks: {
      read: () => Promise.resolve(request),
      update(_id: string, change: (now: RollbackRequest) => RollbackRequest) {
        request = change(request);
        return Promise.resolve(request);
      },
    },
  } as unknown as RollbackJobPorts;
  await rollback.run({ rollbackId: request.id }, ports, { signal, attempt: 1 });
  return { pushes: pushes(), request, acts: log.logged.map(({ event }) => event.type) };
}

test("what was agreed to is pushed soon, or not at all: nobody waits for it hours later", async () => {
  const soon = await seenAfter(9 * minute);
  expect([soon.pushes, soon.request.state]).toEqual([1, "proposed"]);
  const late = await seenAfter(3 * 60 * minute);
  expect([late.pushes, late.request.state]).toEqual([0, "failed"]);
  expect(late.request.problem).toContain("more than 10 min ago");
  expect(late.acts).toEqual(["rollback.approved", "rollback.failed"]);
});
