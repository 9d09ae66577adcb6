import { describe, expect, it } from "vitest";
import { analyzers } from "../src/analyzers/index.ts";
import { runAnalyzers } from "../src/analyzers/run.ts";
import { ownCode } from "../src/domain/code/own-code.ts";
import {
  type Figure,
  figureNames,
  figureTimes,
  type ServiceContext,
} from "../src/domain/context/service-context.ts";
import type { Evidence } from "../src/domain/evidence/evidence.ts";
import { scrape } from "./domain/metrics/scrapes.ts";

const atMs = Date.UTC(2026, 10, 29, 9, 41);
const target = { service: "order", own: ownCode([]) };

function context(rest: Partial<ServiceContext>): ServiceContext {
  return {
    artifact: "context.json",
    server: "http://prometheus.test:9090",
    atMs,
    figures: [],
    missing: [],
    events: [],
    notes: [],
    ...rest,
  };
}

function now(name: Figure["name"], value: number, unit: Figure["unit"]): Figure {
  return { name, when: "now", value, unit, atMs, of: "process", query: `query of ${name}` };
}

function judged(rule: string, evidence: Partial<Evidence>) {
  const { findings, checks } = runAnalyzers(analyzers, evidence, target, { rules: [rule] });
  return { finding: findings[0], check: checks[0] };
}

/** Rules of numbers that Prometheus may stand in for: what it lacks has to be told, too. */
const standIns = [
  "gc/gogc-thrash",
  "gc/memory-limit-thrash",
  "gc/memory-limit-unset",
  "gc/pause-p99",
  "process/fd-exhaustion",
  "process/restarts",
  "process/rss-over-heap",
  "process/threads",
  "sched/cpu-throttling",
  "sched/gomaxprocs-over-quota",
  "sched/latency",
];

describe("a rule of numbers", () => {
  it.each(standIns)("%s is inconclusive, with Prometheus' reason, when nobody has the number", (rule) => {
    const why = "Prometheus did not answer within 3 s";
    const missing = figureNames.flatMap((name) => figureTimes.map((when) => ({ name, when, missing: why })));
    const { finding, check } = judged(rule, { context: context({ missing }) });
    expect(finding).toBeUndefined();
    expect(check?.state).toBe("inconclusive");
    expect(check?.reason).toContain(why);
  });

  it("that Prometheus alone has is cited as Prometheus', even beside a scrape that lacks it", () => {
    const metrics: Evidence["metrics"] = [scrape("go_goroutines 12")];
    const figures = [
      now("threads", 900, "threads"),
      now("open-fds", 1_000, "descriptors"),
      now("max-fds", 1_024, "descriptors"),
    ];
    for (const rule of ["process/threads", "process/fd-exhaustion"]) {
      const { finding } = judged(rule, { metrics, context: context({ figures }) });
      expect(finding?.evidence[0]?.artifact).toBe("context.json");
    }
  });

  it("takes threads per processor from Prometheus where the process does not tell GOMAXPROCS", () => {
    const figures = [now("threads", 120, "threads"), now("gomaxprocs", 2, "threads")];
    const { finding } = judged("process/threads", { context: context({ figures }) });
    expect(finding?.measured).toMatchObject({ value: 120, limit: 100 });
  });
});

/** Pauses whose p99 lies in a bucket, in milliseconds. */
function bucket(when: Figure["when"], above: number, upTo?: number): Figure {
  return {
    ...now("gc-pause-p99", upTo ?? above, "ms"),
    when,
    range: { above, ...(upTo === undefined ? {} : { upTo }) },
  };
}

describe("pauses of which only buckets are known", () => {
  it("are told as ranges, now and on other days", () => {
    const figures = [bucket("now", 10.49, 117.4), bucket("last-week", 0.092, 0.92)];
    const { finding } = judged("gc/pause-p99", { context: context({ figures }) });
    expect(finding?.summary).toContain("p99 of the pauses");
    expect(finding?.summary).toContain("lies between 10 ms and 117 ms; a histogram does not tell more");
    expect(finding?.summary).toContain(
      "That is unusual: the same hour last week had between 92 µs and 920 µs at p99, by Prometheus.",
    );
    expect(finding?.measured?.usual).toMatchObject({
      when: "last-week",
      range: { above: 0.092, upTo: 0.92 },
    });
  });

  it("in a bucket that reaches across the limit are inconclusive, not a number in between", () => {
    const { finding, check } = judged("gc/pause-p99", {
      context: context({ figures: [bucket("now", 0.92, 10.49)] }),
    });
    expect(finding).toBeUndefined();
    expect(check).toMatchObject({ state: "inconclusive" });
    expect(check?.reason).toContain("p99 lies between 920 µs and 10 ms");
  });
});
