import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { DiscoverConfig, GofireConfig } from "../../src/config/gofire-config.ts";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { parseConfig } from "../../src/config/parse.ts";

function discover(source: string, besides = ""): DiscoverConfig | undefined {
  const text = `services: { order: { discover: ${source} } }\n${besides}`;
  return parseConfig(text, "gofire.yaml", "/etc/gofire", []).services["order"]?.discover;
}

function parsed(service: string): GofireConfig {
  return parseConfig(`services: { order: { ${service} } }`, "gofire.yaml", "/", []);
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
    [
      "{ kubernetes: { selector: 'app=order,tier!=canary', port: pprof } }",
      {
        kind: "kubernetes",
        selector: "app=order,tier!=canary",
        port: "pprof",
        scheme: "http",
        via: "pod-ip",
      },
    ],
    [
      "{ kubernetes: { namespace: shop, selector: app=order, port: 6060, scheme: https, via: apiServer } }",
      {
        kind: "kubernetes",
        namespace: "shop",
        selector: "app=order",
        port: 6060,
        scheme: "https",
        via: "api-server",
      },
    ],
  ])("%s", (source, place) => {
    expect(discover(source)?.place).toEqual(place);
  });

  test("a Prometheus is asked for targets by their labels, where the file says where it is", () => {
    const source = "{ prometheus: { labels: { job: order, pod: ~order-.* }, port: 6060 } }";
    expect(discover(source, "prometheus: { url: http://p:9090 }")?.place).toEqual({
      kind: "prometheus",
      labels: { job: { equals: "order" }, pod: { pattern: /^(?:order-.*)$/u } },
      port: 6060,
    });
    expect(() => discover(source)).toThrow(
      'gofire.yaml:1:34: "services.order.discover.prometheus" needs the section "prometheus"',
    );
  });

  test("a cluster is named by a kubeconfig and one of its contexts", () => {
    const text = "kubernetes: { kubeconfig: k8s/config, context: prod }";
    expect(parseConfig(text, "gofire.yaml", "/etc/gofire", []).kubernetes).toEqual({
      kubeconfig: "/etc/gofire/k8s/config",
      context: "prod",
    });
    expect(() => parseConfig("kubernetes: { token: x }", "gofire.yaml", "/", [])).toThrow("is not a setting");
  });

  test("through the API server no secrets of the process are sent, and none may be named for it", () => {
    const pods = "discover: { kubernetes: { selector: a, port: 1, via: apiServer } }";
    const auth = "eachTarget: { pprofPath: /p, auth: { bearer: { tokenEnv: T } } }";
    expect(() => parsed(`${pods}, ${auth}`)).toThrow(
      /^gofire\.yaml:1:\d+: "services\.order\.eachTarget\.auth" is for the process itself/,
    );
    // There they are for the processes of the list.
    expect(
      parsed(`${pods}, ${auth}, targets: [{ url: http://a }]`).services["order"]?.discover?.pprofPath,
    ).toBe("/p");
    expect(
      parsed(`${pods.replace("apiServer", "podIP")}, ${auth}`).services["order"]?.discover?.auth,
    ).toBeDefined();
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
    ["{}", "1:32", "needs dns, kubernetes or prometheus"],
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
    ["{ dns: { srv: a }, kubernetes: { selector: a, port: 1 } }", "1:63", "stands beside dns"],
    ["{ kubernetes: { port: 1 } }", "1:34", "selector"],
    ["{ kubernetes: { selector: '', port: 1 } }", "1:58", "must not be empty"],
    ["{ kubernetes: { selector: a, port: 0 } }", "1:67", "must be at least 1"],
    ["{ kubernetes: { selector: a, port: [] } }", "1:67", "must be a port's number, or its name"],
    ["{ kubernetes: { selector: a, port: A_b } }", "1:67", "is not the name of a port"],
    ["{ kubernetes: { selector: a, port: 1, namespace: Shop } }", "1:81", "is not the name of a namespace"],
    ["{ kubernetes: { selector: a, port: 1, via: proxy } }", "1:75", "must be one of podIP, apiServer"],
    ["{ prometheus: { labels: {} } }", "1:56", "must name at least one label"],
    ["{ prometheus: { labels: { job: '~(' } } }", "1:63", "is not a regular expression"],
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
    const valid = new Ajv2020({ strictTypes: true, allErrors: true }).compile(configJsonSchema([]));
    expect(valid(parse(`services: { order: { discover: ${source} } }`))).toBe(accepted);
  });
});
