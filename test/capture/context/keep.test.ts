import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { ServiceContext } from "../../../src/domain/context/service-context.ts";
import { PortError } from "../../../src/domain/errors.ts";
import { serviceContextDocument } from "../../../src/parsers/service-context.ts";
import type { MetricsServer } from "../../../src/ports/metrics-server.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { fakeMetricsServer } from "../../fakes/metrics-server.ts";
import { healthy, type Run, reasonOf, run } from "../scripted.ts";
import { series, timeout } from "./series.ts";

const order = { job: "order", instance: "order.test:6060" };
const server = () =>
  fakeMetricsServer((expression) =>
    expression.startsWith("go_goroutines{") ? [series({ __name__: "go_goroutines", ...order }, 12)] : [],
  );

function keptBy({ store, outcome }: Run): ServiceContext {
  const file = store.bundles.get(outcome.bundle ?? "")?.get("context.json.gz");
  if (file === undefined) throw new Error("the bundle has no context");
  const parser = serviceContextDocument.parser("context.json.gz");
  parser.push(gunzipSync(file));
  const result = parser.end();
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

describe("a capture beside which a metrics server is asked", () => {
  test("keeps in its bundle what the server said, as it was said", async () => {
    const made = await run(healthy, { context: { server: server() } });
    expect(made.outcome.ending).toBe("complete");
    const record = made.outcome.manifest.captures.at(-1);
    expect(record).toMatchObject({ kind: "context", file: "context.json.gz", status: "ok" });
    expect(record?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(keptBy(made)).toEqual(made.outcome.context);
    expect(made.outcome.context?.figures).toMatchObject([{ name: "goroutines", value: 12, of: "process" }]);
    expect(made.progress.filter((event) => "kind" in event && event.kind === "context")).toEqual([
      { type: "started", kind: "context", expectedMs: 0 },
    ]);
  });

  test("asks about the moment at which the page began, unless that is long ago", async () => {
    const clock = fakeClock();
    const moments: number[] = [];
    const noting = (): MetricsServer => {
      const fake = server();
      return {
        ...fake,
        query(expression, atMs, ...words) {
          moments.push(atMs);
          return fake.query(expression, atMs, ...words);
        },
      };
    };
    const startMs = clock.nowMs();
    await run(healthy, { clock, context: { server: noting(), sinceMs: startMs - 60_000 } });
    expect(new Set(moments)).toEqual(new Set([startMs - 60_000]));
    moments.length = 0;
    const nowMs = clock.nowMs();
    await run(healthy, { clock, context: { server: noting(), sinceMs: nowMs - 3_600_000 } });
    expect(new Set(moments)).toEqual(new Set([nowMs]));
  });

  test("is whole when the server does not answer, and says so", async () => {
    const made = await run(healthy, {
      context: { server: { ...server(), query: () => Promise.reject(timeout) } },
    });
    expect(made.outcome.ending).toBe("complete");
    expect(made.outcome.manifest.captures.at(-1)).toMatchObject({ kind: "context", status: "failed" });
    expect(reasonOf(made, "context")).toBe("1 question unanswered: Prometheus did not answer within 3 s");
    expect(keptBy(made).notes).toEqual(["Prometheus did not answer within 3 s"]);
  });

  test("waits two seconds at most for a server that is silent, once everything else is taken", async () => {
    const clock = fakeClock();
    const made = await run(healthy, {
      clock,
      context: {
        server: {
          ...server(),
          query: (_expression, _atMs, _limits, signal) =>
            new Promise((_resolve, reject) =>
              signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }),
            ),
        },
      },
    });
    expect(clock.slept.at(-1)).toBe(2_000);
    expect(made.outcome.ending).toBe("complete");
    expect(reasonOf(made, "context")).toContain("the capture was over before Prometheus had answered");
  });

  test("does not ask where the request leaves it out", async () => {
    const asked = server();
    const made = await run(healthy, { request: { exclude: ["context"] }, context: { server: asked } });
    expect(asked.asked).toEqual([]);
    expect(reasonOf(made, "context")).toBe("left out by the request");
  });

  test("of a process that cannot be reached leaves no bundle, and what the server knows", async () => {
    const made = await run(
      () => ({ refuse: new PortError("unavailable", "order.test:6060", "connection refused") }),
      {
        context: { server: server() },
      },
    );
    expect(made.outcome).toMatchObject({ ending: "unreachable", context: { processes: 0 } });
    expect(made.outcome.bundle).toBeUndefined();
  });
});
