import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { DiscoverConfig } from "../../src/config/gofire-config.ts";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { parseConfig } from "../../src/config/parse.ts";

function discover(source: string, besides = ""): DiscoverConfig | undefined {
  const text = `services: { order: { discover: ${source} } }\n${besides}`;
  return parseConfig(text, "gofire.yaml", "/etc/gofire", []).services["order"]?.discover;
}

describe("where processes are found", () => {
  test.each([
    [
      "{ dns: { name: order.shop.svc.cluster.local, port: 6060 } }",
      { kind: "dns", name: "order.shop.svc.cluster.local", port: 6060, scheme: "http" },
    ],
    [
      "{ dns: { srv: _pprof._tcp.order.shop.svc.cluster.local., scheme: https } }",
      { kind: "dns-srv", name: "_pprof._tcp.order.shop.svc.cluster.local.", scheme: "https" },
    ],
  ])("%s", (source, place) => {
    expect(discover(source)?.place).toEqual(place);
  });

  test("each is reached as the service and the defaults say", () => {
    const source = `
defaults: { eachTarget: { metricsPath: /m, headers: { X-A: a } } }
services:
  order:
    eachTarget: { pprofPath: /p/, headers: { X-B: b } }
    discover: { dns: { name: order.test, port: 1 } }
`;
    const { place, ...reach } = parseConfig(source, "gofire.yaml", "/", []).services["order"]?.discover ?? {};
    expect(place?.kind).toBe("dns");
    expect(reach).toEqual({
      at: "gofire.yaml:6:5",
      pprofPath: "/p/",
      metrics: "/m",
      headers: { "X-A": "a", "X-B": "b" },
    });
  });

  test.each([
    ["{}", "1:32", "needs dns"],
    ["{ dsn: {} }", "1:34", 'did you mean "dns"?'],
    ["{ dns: {} }", "1:39", "needs name or srv"],
    ["{ dns: { name: a.b } }", "1:47", "needs port too"],
    ["{ dns: { port: 1, srv: a.b } }", "1:47", "needs name too"],
    ["{ dns: { name: a.b, srv: a.b, port: 1 } }", "1:57", "stands beside name"],
    ["{ dns: { name: 'a b', port: 1 } }", "1:47", "is not a name of DNS"],
    ["{ dns: { name: 'http://a', port: 1 } }", "1:47", "is not a name of DNS"],
    [`{ dns: { name: ${"a.".repeat(130)}b, port: 1 } }`, "1:47", "is not a name of DNS"],
    ["{ dns: { name: a, port: 0 } }", "1:56", "must be at least 1"],
    ["{ dns: { name: a, port: pprof } }", "1:56", "must be a number"],
    ["{ dns: { name: a, port: 1, scheme: grpc } }", "1:67", "must be one of http, https"],
  ])("%s is refused at %s", (source, place, message) => {
    expect(() => discover(source)).toThrow(message);
    expect(() => discover(source)).toThrow(`gofire.yaml:${place}: `);
  });

  test.each([
    ["{ dns: { name: a, port: 1 } }", true],
    ["{ dns: { srv: a } }", true],
    ["{}", false],
    ["{ dns: { name: a } }", false],
    ["{ dns: { name: a, port: 1, srv: a } }", false],
  ])("editors hear the same: %s", (source, accepted) => {
    const valid = new Ajv2020({ allErrors: true }).compile(configJsonSchema([]));
    expect(valid(parse(`services: { order: { discover: ${source} } }`))).toBe(accepted);
  });
});
