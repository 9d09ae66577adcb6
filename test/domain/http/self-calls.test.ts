import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { analyzers } from "../../../src/analyzers/index.ts";
import { runAnalyzers } from "../../../src/analyzers/run.ts";
import { ownCode } from "../../../src/domain/code/own-code.ts";
import { selfCall } from "../../../src/domain/http/self-calls.ts";
import { readEvidence } from "../../../src/integrations/artifacts/read.ts";
import { group, seen, snapshot } from "../goroutines/goroutines.ts";

const own = ownCode([]);
const get = ["net/http.(*persistConn).roundTrip:1", "net/http.(*Client).Get:1"];
const serve = ["net/http.HandlerFunc.ServeHTTP:1", "net/http.(*conn).serve:1"];

/** A process in which so many calls are out and so many requests are in a handler that waits. */
function busy(calls: number, handlers: number, handler: string, connections = handlers) {
  return snapshot([
    group("select", [...get, "shop/prober.(*Loop).once:7"], { count: calls }),
    group("chan receive", [handler, ...serve], { count: handlers }),
    group("IO wait", ["net/http.(*persistConn).Read:1", "net/http.(*persistConn).readLoop:2"], {
      count: calls,
    }),
    group("IO wait", ["bufio.(*Reader).Peek:1", "net/http.(*conn).serve:1"], {
      count: connections - handlers,
    }),
  ]);
}

function servedBy(...snapshots: ReturnType<typeof busy>[]): string | undefined {
  const [first = snapshot([]), ...later] = snapshots;
  const evidence = seen(first, later);
  return selfCall(
    evidence,
    ({ stack }) => stack.some(({ function: symbol }) => symbol.includes("roundTrip")),
    own,
  )?.site.where[0]?.function;
}

describe("whose server a call waits for", () => {
  it("is the process's own where in every capture as many requests are handled as wait", () => {
    const handler = "shop/orders.(*Api).List:9";
    expect(servedBy(busy(40, 40, handler), busy(90, 91, handler))).toBe("shop/orders.(*Api).List");
  });

  it("is not known where the numbers, or those of the connections, differ in one capture", () => {
    const handler = "shop/orders.(*Api).List:9";
    expect(servedBy(busy(40, 40, handler), busy(90, 50, handler))).toBeUndefined();
    expect(servedBy(busy(40, 90, handler), busy(90, 90, handler))).toBeUndefined();
    expect(servedBy(busy(40, 40, handler), busy(90, 90, handler, 140))).toBeUndefined();
  });

  it("is another one where the handlers wait for those who call", () => {
    const handler = "shop/prober.(*Loop).Ask:30";
    expect(servedBy(busy(40, 40, handler), busy(90, 90, handler))).toBeUndefined();
  });
});

describe("recorded programs", () => {
  it.each([
    ["fires-own-server-receives", "main.waitReply", "main.arrivals.func1.1"],
    [
      "fires-own-server-locks",
      "example.com/acme/relay/api.(*Stock).ServeHTTP",
      "example.com/acme/relay/api.(*Gateway).ServeHTTP",
    ],
    ["fires-grpc-self-call", "main.call", "main.call"],
  ])("%s: what blocks the handler stands first, the call is its symptom", async (name, root, call) => {
    const [first, second] = await judged(name);
    expect(first).toMatchObject({ id: "f1", role: "root" });
    expect(first?.where[0]?.function).toBe(root);
    expect(second).toMatchObject({ rule: "http/slow-upstream", confidence: "likely", causedBy: "f1" });
    expect(second?.where[0]?.function).toBe(call);
    expect(second?.summary).toContain("Probably this very process serves them (inferred:");
  });

  it("fires-server-elsewhere: the upstream stands first though as many handlers wait for the callers", async () => {
    const [first] = await judged("fires-server-elsewhere");
    expect(first).toMatchObject({ rule: "http/slow-upstream", role: "root" });
    expect(first?.title).toContain("wait for an upstream's answer");
  });
});

async function judged(name: string) {
  const folder = `src/analyzers/http-slow-upstream/fixtures/${name}`;
  const captures = readdirSync(folder).filter((file) => file !== "expect.json");
  const paths = captures.toSorted().map((file) => `${folder}/${file}`);
  const { evidence, target } = await readEvidence(paths);
  return runAnalyzers(analyzers, evidence, target).findings;
}
