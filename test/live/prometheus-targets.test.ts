import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { serviceTargets } from "../../src/commands/access/service-targets.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { goTargets } from "../../src/integrations/go-target/client.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import { targetSources } from "../../src/target-sources.ts";
import { until } from "../jobs/bot.ts";
import { type BuiltLab, buildLab, hasGo } from "./lab.ts";
import { hasPrometheus, startPrometheus } from "./prometheus.ts";

const never = new AbortController().signal;

describe.skipIf(!hasGo || !hasPrometheus)("what a real Prometheus scrapes (needs Go)", () => {
  let built: BuiltLab;
  beforeAll(() => {
    built = buildLab();
  });
  afterAll(() => built.remove());

  test("are the processes of a service, and answer where they were found", async () => {
    const labs = [await built.start(), await built.start()];
    for (const lab of labs) onTestFinished(() => lab.stop());
    const addresses = labs.map(({ debugUrl }) => new URL(debugUrl).host);
    const prometheus = await startPrometheus([
      ...addresses.map((address, at) => ({ job: `order-${at}`, address })),
      { job: "cart", address: "127.0.0.1:1" },
    ]);
    onTestFinished(() => prometheus.close());
    const yaml = `
prometheus: { url: "${prometheus.url}" }
services: { order: { discover: { prometheus: { labels: { job: ~order-.* } } } } }
`;
    const config = parseConfig(yaml, "gofire.yaml", "/", []);
    const sources = targetSources({ userAgent: "gofire/test" });
    // Each time anew: until it has scraped, Prometheus does not know whether they are well.
    const known = await until(async () => {
      const targets = serviceTargets(config, { host: thisHost, sources, clock: systemClock });
      const found = await targets.of("order", never);
      return found.targets.length === 2 && found.targets.every(({ isReady }) => isReady !== false)
        ? found
        : undefined;
    }, "both processes");
    expect(known.knownFrom).toBe("Prometheus");
    expect(known.targets.map(({ name }) => name).toSorted()).toEqual(addresses.toSorted());
    for (const target of known.targets) {
      const { address, access } = await target.named({ access: {} }, never);
      const process = goTargets().open(address, access);
      const answer = await process.index({ deadlineMs: 5_000, maxBytes: 1 << 20 }, never);
      expect(answer.status).toBe(200);
      for await (const chunk of answer.body) void chunk;
      await process.close();
    }
  });
});
