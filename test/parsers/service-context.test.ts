import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ServiceContext } from "../../src/domain/context/service-context.ts";
import { serviceContextDocument } from "../../src/parsers/service-context.ts";
import { damaged, randomNumbers } from "./damage.ts";
import { feed } from "./feed.ts";

const whole: Omit<ServiceContext, "artifact"> = {
  server: "http://prometheus.internal:9090",
  atMs: 1_764_443_520_000,
  service: '{job="order"}',
  process: '{job="order",instance="10.0.0.5:6060"}',
  startedAtMs: 1_763_843_520_000,
  processes: 3,
  figures: [
    {
      name: "scheduling-p99",
      when: "now",
      value: 117.4,
      unit: "ms",
      atMs: 1_764_443_520_000,
      windowMs: 300_000,
      of: "process",
      range: { above: 10.49, upTo: 117.4 },
      query: "sum by (le) (increase(go_sched_latencies_seconds_bucket[5m]))",
    },
  ],
  missing: [{ name: "goroutines", when: "last-week", missing: "no series go_goroutines" }],
  events: [
    {
      kind: "deploy",
      atMs: 1_764_443_000_000,
      count: 1,
      windowMs: 21_600_000,
      detail: "replica set order-7c9",
      inferred: false,
      query: "kube_replicaset_created",
    },
  ],
  notes: ["Prometheus warns: one store did not answer"],
};

function read(text: string) {
  return feed(serviceContextDocument.parser("context.json"), new TextEncoder().encode(text));
}

describe("the file that keeps a context", () => {
  it("is read back as it was written, and known by its beginning", () => {
    expect(read(serviceContextDocument.text(whole))).toEqual({
      ok: true,
      value: { artifact: "context.json", ...whole },
    });
    expect(
      serviceContextDocument.looksLike(new TextEncoder().encode(serviceContextDocument.text(whole))),
    ).toBe(true);
    expect(serviceContextDocument.looksLike(new TextEncoder().encode('{"memstats":{}}'))).toBe(false);
  });

  it.each([
    ["another version", { ...whole, gofireContext: 2 }, "gofireContext is 2; this gofire reads 1."],
    [
      "a figure that there is not",
      { gofireContext: 1, ...whole, figures: [{ ...whole.figures[0], name: "uptime" }] },
      /^figures\[0\]\.name: must be one of goroutines, .*, not "uptime"\.$/,
    ],
    [
      "a value that is none",
      { gofireContext: 1, ...whole, figures: [{ ...whole.figures[0], value: "12" }] },
      'figures[0].value: must be a number, not "12".',
    ],
    [
      "notes that are none",
      { gofireContext: 1, ...whole, notes: [1] },
      "notes: must be a list of at most 500 texts, not [1].",
    ],
    ["no figures", { gofireContext: 1, ...whole, figures: undefined }, "figures: missing."],
  ])("says what is wrong with %s", (_what, content, message) => {
    const result = read(JSON.stringify(content));
    expect(result.ok ? "read" : result.error.message).toEqual(
      typeof message === "string" ? message : expect.stringMatching(message),
    );
  });

  it("refuses more than anybody needs", () => {
    const many = { gofireContext: 1, ...whole, missing: Array.from({ length: 501 }, () => whole.missing[0]) };
    expect(read(JSON.stringify(many))).toMatchObject({
      ok: false,
      error: { code: "too-large", message: "missing has more than 500 entries." },
    });
    expect(read(`{"gofireContext":1,"server":"${"x".repeat(1 << 20)}"}`)).toMatchObject({
      ok: false,
      error: { code: "too-large" },
    });
  });

  it("never throws, whatever is in it", () => {
    fc.assert(fc.property(fc.json(), (text) => void read(text.replace(/^\{/, '{"gofireContext":1,'))));
    const seed = Buffer.from(serviceContextDocument.text(whole));
    const random = randomNumbers(7);
    for (let round = 0; round < 3_000; round++) {
      const bytes = damaged(seed, ["{", "}", '"', "null", "1e999", ","], random);
      const result = feed(serviceContextDocument.parser("a"), bytes);
      if (!result.ok) expect(result.error.message).not.toBe("");
    }
  });
});
