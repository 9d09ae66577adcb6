import { describe, expect, test } from "vitest";
import { choosePeer, type PeerCandidates } from "../../../src/domain/incidents/peer-choice.ts";

function named(...names: readonly string[]) {
  return names.map((name) => ({ name, aliases: [] }));
}

function choice(change: Partial<PeerCandidates> = {}) {
  return choosePeer({
    service: "order",
    processes: named("order-1", "order-2", "order-3"),
    knownFrom: "gofire.yaml",
    alerted: new Set(),
    cooling: new Set(),
    byPerson: false,
    ...change,
  });
}

describe("the peer of a process", () => {
  test.each([
    [undefined, "order-2"],
    ["order-1", "order-2"],
    ["order-2", "order-3"],
    ["order-3", "order-1"],
    // A pod that gofire.yaml does not name, at an allowed address.
    ["10.0.0.9:6060", "order-1"],
  ])("of %s is the next in the configuration's order: %s", (captured, instance) => {
    expect(choice(captured === undefined ? {} : { captured })).toEqual({ instance });
  });

  test("is none that a firing alert names", () => {
    expect(choice({ captured: "order-1", alerted: new Set(["order-1", "order-2"]) })).toEqual({
      instance: "order-3",
    });
    expect(choice({ captured: "order-1", alerted: new Set(["order-1", "order-2", "order-3"]) })).toEqual({
      reason: "alerts are firing for every other process of order",
    });
  });

  test("is none that whoever lists it takes for sick", () => {
    const [first, second, third] = named("order-1", "order-2", "order-3");
    if (first === undefined || second === undefined || third === undefined) throw new Error("three names");
    const sick = { ...second, isReady: false } as const;
    expect(choice({ processes: [first, sick, third] })).toEqual({ instance: "order-3" });
    expect(choice({ processes: [first, sick] })).toEqual({ reason: "no other process of order is ready" });
  });

  test("is for alerts none that was captured a moment ago; for people only where there is another", () => {
    expect(choice({ cooling: new Set(["order-2"]) })).toEqual({ instance: "order-3" });
    const all = new Set(["order-1", "order-2", "order-3"]);
    expect(choice({ cooling: all })).toEqual({
      reason: "every other process of order was captured a moment ago, and alerts may not ask again so soon",
    });
    expect(choice({ cooling: all, byPerson: true })).toEqual({ instance: "order-2" });
    expect(choice({ cooling: new Set(["order-2"]), byPerson: true })).toEqual({ instance: "order-3" });
  });

  test("is not guessed where the alert names a process that gofire does not know, unless a person asks", () => {
    expect(choice({ unknownInstance: "10.0.0.9:8080" })).toEqual({
      reason:
        "the alert is about 10.0.0.9:8080, which is unknown to gofire.yaml: any process of order may be the sick one",
    });
    expect(choice({ unknownInstance: "10.0.0.9:8080", byPerson: true })).toEqual({ instance: "order-2" });
  });

  test("is missing where there is one process, or none that gofire knows", () => {
    const reason = "no other process of order is known from gofire.yaml";
    expect(choice({ processes: named("order-1") })).toEqual({ reason });
    expect(choice({ processes: [] })).toEqual({ reason });
  });
});
