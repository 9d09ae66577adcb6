import { describe, expect, test } from "vitest";
import { asker } from "../../../src/capture/context/asker.ts";
import { selector } from "../../../src/capture/context/promql.ts";
import {
  type FoundSeries,
  type SeriesHints,
  whichSeries,
} from "../../../src/capture/context/which-series.ts";
import type { Unknown } from "../../../src/domain/metrics/counters.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { fakeMetricsServer } from "../../fakes/metrics-server.ts";
import { type Labels, series } from "./series.ts";

/** Every process that is scraped: the server answers with those that any selector of the question fits. */
const scraped: readonly Labels[] = [
  { job: "order", instance: "10.0.0.5:6060", namespace: "shop" },
  { job: "order", instance: "10.0.0.6:6060", namespace: "shop" },
  { job: "shop/cart", instance: "10.0.1.5:8080", namespace: "shop", pod: "cart-5d9-a1" },
  { job: "kubernetes-pods", instance: "10.0.2.5:9090", namespace: "shop", pod: "mail-7c9-x2", app: "mail" },
  { job: "kubernetes-pods", instance: "10.0.2.6:9090", namespace: "shop", pod: "geo-7c9-x2" },
  { job: "kube-state-metrics", instance: "10.0.9.9:8080", namespace: "monitoring", pod: "ksm-1" },
];

/** What Prometheus does with the matchers of one metric that our questions use. */
function answering(expression: string): readonly Labels[] {
  return scraped.filter((labels) =>
    expression.split(" or ").some((part) =>
      [...part.matchAll(/(\w+)(=~|=)"((?:[^"\\]|\\.)*)"/g)].every(([, name = "", kind, literal = ""]) => {
        const wanted = String(JSON.parse(`"${literal}"`));
        const value = labels[name] ?? "";
        return kind === "=" ? value === wanted : new RegExp(`^(?:${wanted})$`).test(value);
      }),
    ),
  );
}

async function find(hints: Partial<SeriesHints>): Promise<FoundSeries | Unknown> {
  const server = fakeMetricsServer((expression) =>
    answering(expression).map((labels) => series({ __name__: "go_goroutines", ...labels }, 1)),
  );
  const questions = asker(server, 0, fakeClock(), new AbortController().signal);
  return await whichSeries({ names: [], ...hints }, questions);
}

describe("which series are a service's, and which the process's", () => {
  test("the address tells the process, and its job the service", async () => {
    expect(await find({ service: "order", names: ["10.0.0.5:6060"] })).toEqual({
      service: { job: "order", namespace: "shop" },
      process: { job: "order", namespace: "shop", instance: "10.0.0.5:6060" },
      notes: [],
    });
  });

  test("so does the host, where metrics have another port than pprof", async () => {
    expect(await find({ service: "cart", names: ["10.0.1.5:6060"] })).toMatchObject({
      service: { job: "shop/cart", namespace: "shop" },
      process: { instance: "10.0.1.5:8080", pod: "cart-5d9-a1" },
    });
  });

  test("a job that many services share is narrowed by the label that names this one", async () => {
    expect(await find({ service: "mail", names: ["mail-7c9-x2"] })).toMatchObject({
      service: { job: "kubernetes-pods", namespace: "shop", app: "mail" },
      process: { pod: "mail-7c9-x2" },
      notes: [],
    });
  });

  test("or else only the process itself is compared, and that is said", async () => {
    const found = await find({ service: "geo", names: ["10.0.2.6:6060"] });
    expect(found).toMatchObject({
      service: { instance: "10.0.2.6:9090" },
      process: { instance: "10.0.2.6:9090" },
      notes: [expect.stringContaining("only this process's own past is compared")],
    });
  });

  test("what gofire.yaml says comes before everything else", async () => {
    const found = await find({ service: "order", labels: { job: "shop/cart" }, names: ["10.0.0.5:6060"] });
    expect(found).toMatchObject({ service: { job: "shop/cart" }, process: { pod: "cart-5d9-a1" } });
  });

  test("several processes behind a loopback address are the service, none of them the process", async () => {
    const found = await find({ service: "order", names: ["127.0.0.1:6060"] });
    expect(found).toEqual({
      service: { job: "order" },
      notes: [
        'Which of the 2 series of {job="order"} is the captured process is not known: no instance or pod label is 127.0.0.1:6060.',
      ],
    });
  });

  test("an alert of an exporter about a pod means the pod, not the exporter", async () => {
    const alert = {
      job: "kube-state-metrics",
      instance: "10.0.9.9:8080",
      pod: "ksm-1",
      namespace: "monitoring",
      exported_pod: "mail-7c9-x2",
      exported_namespace: "shop",
    };
    expect(await find({ service: "mail", names: ["localhost:6060"], alert })).toMatchObject({
      process: { pod: "mail-7c9-x2" },
    });
    expect(await find({ names: ["localhost:6060"], alert: { job: "kube-state-metrics" } })).toHaveProperty(
      "unknown",
    );
  });

  test("an alert's job is taken for the service's only with a word about it", async () => {
    expect(
      await find({ service: "shop-orders", names: ["localhost:6060"], alert: { job: "order" } }),
    ).toMatchObject({
      service: { job: "order" },
      notes: [expect.stringContaining("is assumed"), expect.stringContaining("is not known")],
    });
  });

  test("nothing at all is told with what was looked for", async () => {
    expect(await find({ service: "ghost", names: ["localhost:1"] })).toEqual({
      unknown: expect.stringMatching(
        /^no series go_goroutines with \{instance="localhost:1"\} or \{job="ghost"\}/,
      ),
    });
  });

  test("labels of any content are only ever labels", () => {
    const value = 'a"} or vector(1) #\\\n\u2028é\ud800';
    expect(selector({ job: value })).toBe('{job="a\\"} or vector(1) #\\\\\\n\u2028é\ufffd"}');
    expect(selector({ pod: { pattern: "a\\.b" } })).toBe('{pod=~"a\\\\.b"}');
  });
});
