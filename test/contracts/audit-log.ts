import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openCheckpoint } from "../../src/audit/checkpoint.ts";
import { readVerifier } from "../../src/audit/keys.ts";
import type { AuditEvent, LoggedEvent } from "../../src/domain/audit/audit-event.ts";
import type { AuditLog } from "../../src/ports/audit-log.ts";
import { approval } from "./approval.ts";

const never = new AbortController().signal;

/** What every implementation of the port promises. */
export function auditLogContract(
  name: string,
  open: () => Promise<{ readonly log: AuditLog; remove?(): Promise<void> }>,
): void {
  describe(`${name} as an audit log`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    let log: AuditLog;
    beforeAll(async () => {
      opened = await open();
      log = opened.log;
    });
    afterAll(async () => {
      await log.close();
      await opened.remove?.();
    });

    async function all(from = 0): Promise<LoggedEvent[]> {
      const found: LoggedEvent[] = [];
      for await (const entry of log.entries(from, never)) found.push(entry);
      return found;
    }

    test("gives each act the next place, in order", async () => {
      expect(await all()).toEqual([]);
      const first = await log.append(approval("act:1"), never);
      const second = await log.append(approval("act:2", { facts: { second: 2, first: true } }), never);
      expect([first.index, second.index]).toEqual([0, 1]);
      expect(await all()).toEqual([first, second]);
      expect(await all(1)).toEqual([second]);
      expect(second.event).toEqual(approval("act:2", { facts: { first: true, second: 2 } }));
    });

    test("keeps an act once, as it was said first", async () => {
      const before = await all();
      const again = await log.append(approval("act:1", { actor: "slack:U0OTHER" }), never);
      expect(again).toEqual(before[0]);
      expect(await all()).toEqual(before);
    });

    test("gives acts that come at once a place each, and the same act one", async () => {
      const before = (await all()).length;
      const ids = ["at-once:a", "at-once:b", "at-once:a", "at-once:c", "at-once:b"];
      const places = await Promise.all(ids.map((id) => log.append(approval(id), never)));
      expect(places.map(({ event }) => event.id)).toEqual(ids);
      expect(new Set(places.map(({ index }) => index)).size).toBe(3);
      expect((await all()).length).toBe(before + 3);
    });

    test("says in its checkpoint how large it is, signed by the key that it names", async () => {
      const { length } = await all();
      const verifier = readVerifier(log.verifier);
      if (typeof verifier === "string") throw new Error(verifier);
      expect(verifier.name).toBe(log.origin);
      expect(openCheckpoint(await log.checkpoint(never), verifier)).toMatchObject({ size: length });
    });

    test.each<[string, AuditEvent]>([
      ["an id with a space", approval("act 1")],
      ["an unknown type", { ...approval("act:t"), type: "config.eaten" as AuditEvent["type"] }],
      ["a digest in another form", approval("act:d", { subject: { repository: "r", digest: "sha256:00" } })],
      ["half a commit hash", approval("act:h", { subject: { repository: "r", head: "0123abc" } })],
      ["a fact that is a list", { ...approval("act:f"), facts: { who: ["a"] as unknown as string } }],
      ["a part that no event has", { ...approval("act:p"), mail: "ana@shop.example" } as AuditEvent],
      ["more than an entry can hold", approval("act:large", { facts: { text: "x".repeat(60_000) } })],
    ])("takes no event with %s", async (_, event) => {
      const before = await all();
      await expect(log.append(event, never)).rejects.toThrow(TypeError);
      expect(await all()).toEqual(before);
    });

    test("is in the same place whenever it is asked", async () => {
      expect(await log.place(never)).toBe(await log.place(never));
    });

    test("tells nothing to somebody who gave up", async () => {
      const reason = new Error("gave up");
      const given = AbortSignal.abort(reason);
      await expect(log.checkpoint(given)).rejects.toBe(reason);
      await expect(log.place(given)).rejects.toBe(reason);
      await expect(log.entries(0, given)[Symbol.asyncIterator]().next()).rejects.toBe(reason);
    });

    test("adds nothing for somebody who gave up", async () => {
      const before = await all();
      await expect(log.append(approval("act:late"), AbortSignal.abort(new Error("gave up")))).rejects.toThrow(
        "gave up",
      );
      expect(await all()).toEqual(before);
    });
  });
}
