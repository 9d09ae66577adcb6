import { expect, test } from "vitest";
import { tlsPlaces } from "../../src/commands/access/tls-places.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { readTlsTarget } from "../../src/domain/tls/target.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import { fakeTlsProbes } from "../fakes/tls-probe.ts";

const config = parseConfig(
  `
services:
  order:
    targets:
      - url: https://order.internal:8443
        tls: { serverName: order.test }
      - unixSocket: /run/order.sock
allow:
  targets: ["10.20.0.0/16:6060"]
  tls: ["*.shop.example", "partner.example:8443", "[fd00::1]:8443"]
`,
  "gofire.yaml",
  "/",
  [],
);
const never = new AbortController().signal;

test.each([
  ["order.internal:8443", true],
  ["order.internal", true],
  ["order.internal:22", false],
  ["10.20.3.4:6060", true],
  ["10.20.3.4", false],
  ["a.shop.example", true],
  ["a.b.shop.example", false],
  ["shop.example", false],
  ["a.shop.example:22", false],
  ["evil-shop.example", false],
  ["partner.example:8443", true],
  ["partner.example", false],
  ["[fd00::1]:8443", true],
  ["169.254.169.254", false],
  ["2852039166:8443", false],
  ["localhost:6379", false],
])("%s from the chat: %s", (word, isAllowed) => {
  const permit = () => tlsPlaces(config, thisHost, fakeTlsProbes()).permit(readTlsTarget(word));
  if (isAllowed) permit();
  else expect(permit).toThrow(/allow\.tls|never asked/);
});

test("without a configuration nothing is let in, and nothing is asked", async () => {
  const probes = fakeTlsProbes();
  const places = tlsPlaces(undefined, thisHost, probes);
  await expect(places.look({ host: "order.internal", port: 443 }, never)).rejects.toThrow("allow.tls");
  expect(probes.asked).toEqual([]);
});

test("what gofire.yaml says of a target is used, and its place is said", async () => {
  const probes = fakeTlsProbes();
  const places = tlsPlaces(config, thisHost, probes);
  const report = await places.look({ host: "order.internal", port: 443 }, never);
  expect(probes.asked).toEqual([{ host: "order.internal", port: 443, tls: { serverName: "order.test" } }]);
  expect(report.using).toMatch(/^tls of order \(gofire\.yaml:\d+:\d+\)$/);
});
