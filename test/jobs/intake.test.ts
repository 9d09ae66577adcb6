import { beforeEach, describe, expect, test } from "vitest";
import type { AlertNotification } from "../../src/domain/alerts/alert.ts";
import { rememberingIntake } from "../../src/jobs/pages/intake.ts";
import type { Said } from "../../src/ports/alerts.ts";
import { alertmanagerBody } from "../parsers/alert-bodies.ts";

const never = new AbortController().signal;

function bytesOf(groupKey: string): Uint8Array {
  return Buffer.from(JSON.stringify(alertmanagerBody({ alerts: 3, groupKey })));
}

describe("an intake that remembers", () => {
  /** What was read; what was only counted. */
  let received: string[];
  let repeated: string[];
  /** What the store says last. */
  let newest: Map<string, string>;
  beforeEach(() => {
    received = [];
    repeated = [];
    newest = new Map();
  });
  const alerts = {
    receive: ({ groupKey, status }: AlertNotification) => {
      received.push(groupKey);
      newest.set(groupKey, status);
      return Promise.resolve({ news: "changed", said: { groupId: groupKey, state: status } } as const);
    },
    repeat: ({ groupId, state }: Said) => {
      const isSame = newest.get(groupId) === state;
      if (isSame) repeated.push(groupId);
      return Promise.resolve(isSame);
    },
  };

  test("reads a body once, and every other one for itself", async () => {
    const take = rememberingIntake(alerts);
    expect(await take(bytesOf("a"), never)).toMatchObject({ kind: "taken", news: "changed" });
    expect(await take(bytesOf("a"), never)).toMatchObject({ kind: "taken", news: "repeat" });
    // The same characters in Latin-1 and UTF-8 are other bytes.
    for (const other of ["b", "ä", "Ã¤", "€"]) await take(bytesOf(other), never);
    expect(received).toEqual(["a", "b", "ä", "Ã¤", "€"]);
    expect(repeated).toEqual(["a"]);
  });

  test("reads it anew when the group has said something else since", async () => {
    const take = rememberingIntake(alerts);
    await take(bytesOf("a"), never);
    newest.set("a", "resolved");
    expect(await take(bytesOf("a"), never)).toMatchObject({ kind: "taken", news: "changed" });
    expect(received).toEqual(["a", "a"]);
    expect(repeated).toEqual([]);
  });

  test("remembers nothing that was not taken over: garbage, and what the store failed on", async () => {
    const take = rememberingIntake({ ...alerts, receive: () => Promise.reject(new Error("no Redis")) });
    for (let time = 0; time < 2; time++) {
      expect(await take(Buffer.from("garbage"), never)).toMatchObject({ kind: "garbage" });
      await expect(take(bytesOf("a"), never)).rejects.toThrow("no Redis");
    }
    expect(repeated).toEqual([]);
  });

  test("remembers at most twice as many as it may, and those that are said again longest", async () => {
    const take = rememberingIntake(alerts, 10);
    for (let at = 0; at < 25; at++) {
      await take(bytesOf("said again"), never);
      await take(bytesOf(`group ${at}`), never);
    }
    expect(received).toHaveLength(26);
    received = [];
    await take(bytesOf("group 24"), never);
    await take(bytesOf("said again"), never);
    expect(received).toEqual([]);
    await take(bytesOf("group 0"), never);
    expect(received).toEqual(["group 0"]);
  });
});
