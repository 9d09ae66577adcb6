import { describe, expect, test } from "vitest";
import { parseTarget } from "../../src/capture/address.ts";
import { allowTarget } from "../../src/capture/allow.ts";
import { UsageError } from "../../src/domain/errors.ts";

const usual = { pprofPath: "/debug/pprof/", metrics: "/metrics", expvarPath: "/debug/vars" };

/** A path that may be the index or in front of it. */
function at(front: string) {
  return {
    ...usual,
    pprofPath: `${front}/`,
    elsewhere: {
      pprofPath: `${front}/debug/pprof/`,
      metrics: `${front}/metrics`,
      expvarPath: `${front}/debug/vars`,
    },
  };
}

describe("an address as typed", () => {
  test.each([
    ["localhost:6060", { origin: "http://localhost:6060", ...usual }],
    [" 10.0.0.5:6060 ", { origin: "http://10.0.0.5:6060", ...usual }],
    [":6060", { origin: "http://localhost:6060", ...usual }],
    ["order", { origin: "http://order", ...usual }],
    ["[::1]:6060", { origin: "http://[::1]:6060", ...usual }],
    ["https://host", { origin: "https://host", ...usual }],
    ["http://host:6060/", { origin: "http://host:6060", ...usual }],
    ["http://host:6060/metrics", { origin: "http://host:6060", ...usual }],
    ["http://host:6060/debug/fgprof?seconds=3", { origin: "http://host:6060", ...usual }],
    ["http://host:6060/debug/vars", { origin: "http://host:6060", ...usual }],
    ["http://host:6060/debug/pprof", { origin: "http://host:6060", ...usual }],
    ["http://host:6060/debug/pprof/heap?debug=1#top", { origin: "http://host:6060", ...usual }],
    [
      "https://gw/orders/debug/pprof/goroutine?debug=2",
      {
        origin: "https://gw",
        pprofPath: "/orders/debug/pprof/",
        metrics: "/orders/metrics",
        expvarPath: "/orders/debug/vars",
      },
    ],
    [
      "http://127.0.0.1:8001/api/v1/namespaces/shop/pods/order-7c9:6060/proxy/debug/pprof/",
      {
        origin: "http://127.0.0.1:8001",
        pprofPath: "/api/v1/namespaces/shop/pods/order-7c9:6060/proxy/debug/pprof/",
        metrics: "/api/v1/namespaces/shop/pods/order-7c9:6060/proxy/metrics",
        expvarPath: "/api/v1/namespaces/shop/pods/order-7c9:6060/proxy/debug/vars",
      },
    ],
    [
      "http://host/internal/profiling",
      {
        origin: "http://host",
        ...usual,
        pprofPath: "/internal/profiling/",
        elsewhere: {
          pprofPath: "/internal/profiling/debug/pprof/",
          metrics: "/internal/profiling/metrics",
          expvarPath: "/internal/profiling/debug/vars",
        },
      },
    ],
    ["HTTP://Host:6060/DEBUG", { origin: "http://host:6060", ...at("/DEBUG") }],
    ["https://gw/svc/?a=b#c", { origin: "https://gw", ...at("/svc") }],
    ["https://gw/s%20v/", { origin: "https://gw", ...at("/s%20v") }],
    ["http://bücher.example:6060", { origin: "http://xn--bcher-kva.example:6060", ...usual }],
    ["http://host:443", { origin: "http://host:443", ...usual }],
    ["unix:/run/app.sock", { origin: "http://localhost", socketPath: "/run/app.sock", ...usual }],
    ["unix:///run/app.sock", { origin: "http://localhost", socketPath: "/run/app.sock", ...usual }],
  ])("%s", (text, address) => {
    expect(parseTarget(text)).toEqual({ address });
  });

  test("takes user and password out of the URL", () => {
    expect(parseTarget("https://ana:p%40ss%25@host:6060")).toEqual({
      address: { origin: "https://host:6060", ...usual },
      credentials: { kind: "basic", username: "ana", password: "p@ss%" },
    });
    expect(parseTarget("https://ana:100%@host").credentials).toMatchObject({ password: "100%" });
  });

  test("paths that were set win over those that were guessed", () => {
    expect(
      parseTarget("http://host:6060/x/debug/pprof/", {
        pprofPath: "internal/pprof",
        metrics: "http://host:9090/metrics",
        expvarPath: "/vars",
      }).address,
    ).toEqual({
      origin: "http://host:6060",
      pprofPath: "/internal/pprof/",
      metrics: "http://host:9090/metrics",
      expvarPath: "/vars",
    });
  });

  test.each(["", "   ", "ftp://host/x", "http://", "http://host:99999", "two words", "unix:app.sock"])(
    "%j is refused",
    (text) => {
      expect(() => parseTarget(text)).toThrow(UsageError);
    },
  );

  test.each(["localhost:0", "http://host:70000/debug/pprof", "[::1]:65536", "http://ana:1@host:0?x"])(
    "%s: which ports there are",
    (text) => {
      expect(() => parseTarget(text)).toThrow(/^port \d+ does not exist: ports go from 1 to 65535$/);
    },
  );

  test.each([
    "http://ana:secret@host:99999",
    "http://ana:secret@",
    "ana:secret@ho st:1",
    "http://ana:secret@[::1",
  ])("a refusal of %s does not repeat the password", (text) => {
    expect(() => parseTarget(text)).toThrow(UsageError);
    expect(() => parseTarget(text)).toThrow(/^(?!.*secret)/);
  });
});

describe("what the configuration allows", () => {
  test.each([
    ["http://order:6060", ["order:6060"], true],
    ["http://order:6060", ["order"], true],
    ["http://order:6061", ["order:6060"], false],
    ["http://order", ["order:80"], true],
    ["https://order", ["order:443"], true],
    ["https://order:6060", ["http://order:6060"], false],
    ["http://order-7c9.prod.svc:6060", ["order-*.prod.svc:6060"], true],
    ["http://order-7c9.evil.prod.svc:6060", ["order-*.prod.svc:6060"], false],
    ["http://orderXprod.svc", ["order.prod.svc"], false],
    ["http://ORDER:6060", ["Order:6060"], true],
    ["http://10.1.2.3:6060", ["10.0.0.0/8:6060"], true],
    ["http://11.1.2.3:6060", ["10.0.0.0/8:6060"], false],
    ["http://10.0.0.5:6060", ["10.0.0.4/31"], true],
    ["http://10.0.0.6:6060", ["10.0.0.4/31"], false],
    ["http://169.254.169.254", ["10.0.0.0/8"], false],
    ["http://0x0a000001:6060", ["10.0.0.0/8:6060"], true],
    ["http://evil.test", ["0.0.0.0/0"], false],
    ["http://[fd00::5]:6060", ["[fd00::5]:6060"], true],
    ["unix:/run/app/order.sock", ["unix:/run/app/*.sock"], true],
    ["unix:/run/app/../x.sock", ["unix:/run/app/*.sock"], false],
    ["unix:/run/app/order.sock", ["localhost"], false],
    ["http://localhost", ["unix:/run/app/order.sock"], false],
    ["http://order:6060", [], false],
    ["http://order:6060", ["other", "order"], true],
  ])("%s with %j: %s", (text, patterns, allowed) => {
    const permission = allowTarget(parseTarget(text).address, patterns);
    expect(permission.allowed).toBe(allowed);
    if (!permission.allowed) expect(permission.reason).toContain("is not among the targets");
  });

  test("metrics at another origin need an allowance of their own", () => {
    const { address } = parseTarget("http://order:6060", { metrics: "http://metadata.internal/" });
    expect(allowTarget(address, ["order:6060"])).toEqual({
      allowed: false,
      reason: "http://metadata.internal is not among the targets that the configuration allows",
    });
    expect(allowTarget(address, ["order:6060", "metadata.internal"])).toEqual({ allowed: true });
  });

  test.each([
    "http://order:6060/debug",
    "10.0.0.0/33",
    "order/8",
    "or der",
    "order:99999",
    "ftp://order",
    "",
  ])("the pattern %j is refused, because a misread one could allow too much", (pattern) => {
    expect(() => allowTarget(parseTarget("http://order:6060").address, [pattern])).toThrow(UsageError);
  });
});
