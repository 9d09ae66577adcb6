import { describe, expect, test } from "vitest";
import type { GofireConfig } from "../../src/config/gofire-config.ts";
import { parseConfig } from "../../src/config/parse.ts";

function config(source: string): GofireConfig {
  return parseConfig(source, "gofire.yaml", "/etc/gofire", []);
}

describe("prometheus", () => {
  test("is asked nothing unless the file names one", () => {
    expect(config("").prometheus).toBeUndefined();
  });

  test("is reached as targets are", () => {
    const source = `prometheus:
  url: https://mimir.internal/prometheus
  auth: { basic: { user: gofire, passwordFile: password } }
  headers: { X-Scope-OrgID: shop }
  tls: { caFile: ca.pem }
  proxy: { url: http://proxy:3128 }
`;
    expect(config(source).prometheus).toEqual({
      at: "gofire.yaml: prometheus",
      url: "https://mimir.internal/prometheus",
      auth: { kind: "basic", user: "gofire", password: { file: "/etc/gofire/password" } },
      headers: { "X-Scope-OrgID": "shop" },
      tls: { caFile: "/etc/gofire/ca.pem" },
      proxy: { url: "http://proxy:3128" },
    });
  });

  test("knows a service's series by labels", () => {
    const source = "services: { order: { prometheus: { labels: { job: shop/order, namespace: shop } } } }";
    expect(config(source).services["order"]?.seriesLabels).toEqual({ job: "shop/order", namespace: "shop" });
    expect(config("services: { order: {} }").services["order"]?.seriesLabels).toBeUndefined();
  });

  test.each([
    ["prometheus: {}", "1:1", "url"],
    ["prometheus: { url: prometheus:9090 }", "1:20", "must be a URL that begins with http"],
    ["prometheus: { url: 'http://p/?x=1' }", "1:20", "without a query"],
    ["prometheus: { url: http://p, adress: x }", "1:30", "adress"],
    ["prometheus: { url: http://p, auth: {} }", "1:36", "needs bearer or basic"],
    ["prometheus: { url: http://p, headers: { Authorization: x } }", "1:56", "is a secret by its name"],
    ["services: { a: { prometheus: { labels: {} } } }", "1:40", "must name at least one label"],
    ["services: { a: { prometheus: { labels: { a-b: x } } } }", "1:42", "is not the name of a label"],
    ["services: { a: { prometheus: { labels: { job: '' } } } }", "1:47", "must not be empty"],
  ])("%s is refused at %s", (source, place, message) => {
    expect(() => config(source)).toThrow(message);
    expect(() => config(source)).toThrow(`gofire.yaml:${place}: `);
  });
});
