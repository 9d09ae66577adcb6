import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { analyzers } from "../../src/analyzers/index.ts";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { loadConfig } from "../../src/config/load.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { defaultArtifacts } from "../../src/config/resolve-artifacts.ts";
import { optionalKinds } from "../../src/domain/evidence/capture.ts";
import type { Analyzer } from "../../src/domain/findings/analyzer.ts";

const rules = analyzers.map((analyzer: Analyzer) => analyzer.meta);
const noRules = () => Promise.resolve([]);
const example = readFileSync("gofire.example.yaml", "utf8");

function config(source: string) {
  return parseConfig(source, "gofire.yaml", "/etc/gofire", [
    { id: "a/b", thresholds: { x: {}, y: {} } },
    { id: "c/d", thresholds: { z: {} } },
  ]);
}

describe("a configuration", () => {
  it("that says nothing has no services and allows nothing", () => {
    for (const source of ["", "# nothing\n", "{}\n"]) {
      expect(config(source)).toEqual({
        file: "gofire.yaml",
        services: {},
        people: new Map(),
        defaults: { modules: [], thresholds: {}, capture: {} },
        allow: { targets: [], tls: [] },
        access: { rights: {}, givenBy: { users: [], groups: [], channels: [] } },
        captures: {},
        artifacts: defaultArtifacts,
        web: {},
      });
    }
  });

  it("lays a service's settings over the defaults", () => {
    const { services, defaults } = config(`
defaults:
  modules: [example.com/base]
  thresholds: { a/b: { x: 1, y: 2 } }
  capture: { cpuSeconds: 5, gapSeconds: 2.5, dumpLimit: 10 }
services:
  order:
    modules: [example.com/base, example.com/order]
    thresholds: { a/b: { y: 3 }, c/d: { z: 4 } }
    capture: { cpuSeconds: 0, deadlineSeconds: 60, include: [trace] }
`);
    expect(defaults).toEqual({
      modules: ["example.com/base"],
      thresholds: { "a/b": { x: 1, y: 2 } },
      capture: { cpuSeconds: 5, goroutineGapMs: 2500, dumpLimit: 10 },
    });
    expect(services["order"]).toEqual({
      targets: [],
      modules: ["example.com/base", "example.com/order"],
      thresholds: { "a/b": { x: 1, y: 3 }, "c/d": { z: 4 } },
      capture: { cpuSeconds: 0, goroutineGapMs: 2500, dumpLimit: 10, deadlineMs: 60_000, include: ["trace"] },
    });
    expect(services["constructor"]).toBeUndefined();
  });

  it("lays a target's settings over its service's over the defaults", () => {
    const { services } = config(`
defaults:
  eachTarget:
    pprofPath: /default/pprof
    headers: { X-A: "1", X-B: "1" }
    auth: { bearer: { tokenEnv: TOKEN } }
services:
  order:
    eachTarget:
      metricsPath: /service/metrics
      profileRatesPath: /service/rates
      headers: { x-b: "2", X-C: "2" }
    targets:
      - url: http://a:1
      - unixSocket: /run/b.sock
        instance: b
        metricsUrl: http://b:2/metrics
        expvarPath: /vars
        headers: { X-C: { file: secret } }
        auth: { basic: { user: u, passwordFile: /run/secrets/p } }
        tls: { caFile: ca.pem, passphraseEnv: PASS }
        proxy: { url: http://p:3128, user: pu, passwordEnv: PP }
`);
    expect(services["order"]?.targets).toEqual([
      {
        at: "gofire.yaml:14:9",
        address: "http://a:1",
        pprofPath: "/default/pprof",
        metrics: "/service/metrics",
        profileRatesPath: "/service/rates",
        headers: { "X-A": "1", "x-b": "2", "X-C": "2" },
        auth: { kind: "bearer", token: { env: "TOKEN" } },
      },
      {
        at: "gofire.yaml:15:9",
        address: "unix:/run/b.sock",
        instance: "b",
        pprofPath: "/default/pprof",
        metrics: "http://b:2/metrics",
        expvarPath: "/vars",
        profileRatesPath: "/service/rates",
        headers: { "X-A": "1", "x-b": "2", "X-C": { file: "/etc/gofire/secret" } },
        auth: { kind: "basic", user: "u", password: { file: "/run/secrets/p" } },
        tls: { caFile: "/etc/gofire/ca.pem", passphrase: { env: "PASS" } },
        proxy: { url: "http://p:3128", user: "pu", password: { env: "PP" } },
      },
    ]);
  });

  it("may use anchors, CRLF and a byte order mark", () => {
    const { services } = config(
      "\ufeffservices:\r\n  a: &a\r\n    targets:\r\n      - url: http://a:1\r\n  b: *a\r\n",
    );
    expect(services["b"]?.targets).toEqual(services["a"]?.targets);
    expect(services["b"]?.targets[0]?.at).toBe("gofire.yaml:4:9");
  });

  it("knows the optional captures that the capture itself knows", () => {
    const source = `defaults: { capture: { include: [${optionalKinds.join(", ")}] } }`;
    expect(config(source).defaults.capture.include).toEqual(optionalKinds);
    expect(JSON.stringify(configJsonSchema())).toContain(JSON.stringify(optionalKinds));
  });
});

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), "gofire-config-"));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

describe("loading", () => {
  it("finds gofire.yaml, then gofire.yml, and says when there is neither", async () => {
    const both = folderWith({ "gofire.yaml": "services: { a: {} }", "gofire.yml": "services: { b: {} }" });
    expect(Object.keys((await loadConfig(undefined, noRules, both))?.services ?? {})).toEqual(["a"]);
    const other = folderWith({ "gofire.yml": "services: { b: {} }" });
    expect((await loadConfig(undefined, noRules, other))?.file).toBe("gofire.yml");
    expect(await loadConfig(undefined, noRules, folderWith({}))).toBeUndefined();
  });

  it("takes paths as relative to the file", async () => {
    const folder = folderWith({
      "g.yaml": "defaults: {}\nservices: { a: { targets: [{ url: 'https://a', tls: { caFile: x } }] } }",
    });
    const loaded = await loadConfig(join(folder, "g.yaml"), noRules);
    expect(loaded?.services["a"]?.targets[0]?.tls?.caFile).toBe(join(folder, "x"));
  });

  it("explains what cannot be read", async () => {
    const folder = folderWith({ bad: Buffer.from([0x61, 0xff]) });
    const missing = join(folder, "none.yaml");
    await expect(loadConfig(missing, noRules)).rejects.toThrow(`There is no file ${missing}.`);
    await expect(loadConfig(folder, noRules)).rejects.toThrow(`${folder} cannot be read: it is a folder.`);
    await expect(loadConfig(join(folder, "bad"), noRules)).rejects.toThrow(
      "bad:1:1: the file is not UTF-8 text",
    );
  });
});

describe("pages", () => {
  it("belong to services by labels, values anchored when they are patterns", () => {
    const { services, alerts } = config(`
services:
  order:
    match: [{ namespace: shop, deployment: "~order-(a|b)" }, { team: order }]
    channel: C0ORDER
alerts: { channel: C0EAQDV4Z, routes: [{ match: { team: "~pay.*" }, channel: C0PAY }], bearerFile: token, grafana: { secretEnv: HMAC, timestampHeader: X-Time } }
`);
    expect(services["order"]?.matches).toEqual([
      { namespace: { equals: "shop" }, deployment: { pattern: /^(?:order-(a|b))$/u } },
      { team: { equals: "order" } },
    ]);
    expect(services["order"]?.channel).toBe("C0ORDER");
    expect(alerts).toEqual({
      channel: "C0EAQDV4Z",
      routes: [{ match: { team: { pattern: /^(?:pay.*)$/u } }, channel: "C0PAY" }],
      comparesPeers: true,
      shadow: false,
      storm: { pages: 10, withinMs: 60_000, quietMs: 300_000 },
      bearer: { file: "/etc/gofire/token" },
      grafana: { secret: { env: "HMAC" }, header: "x-grafana-alerting-signature", timestampHeader: "x-time" },
    });
  });

  it("are answered in shadow as the service says, else as for all", () => {
    const { services, alerts } = config(`
services: { order: { shadow: false }, cart: {} }
alerts: { channel: C0EAQDV4Z, shadow: true }
`);
    expect([alerts?.shadow, services["order"]?.shadow, services["cart"]?.shadow]).toEqual([
      true,
      false,
      undefined,
    ]);
  });

  it("compare with another process unless they are not to", () => {
    const { alerts } = config("alerts: { channel: C0EAQDV4Z, comparePeers: false }");
    expect(alerts?.comparesPeers).toBe(false);
  });

  it("may say when they are a storm", () => {
    const { alerts } = config("alerts: { channel: C0EAQDV4Z, storm: { pages: 25, quietSeconds: 60 } }");
    expect(alerts?.storm).toEqual({ pages: 25, withinMs: 60_000, quietMs: 60_000 });
  });

  it.each([
    ["services: { a: { match: [{ team: '~(' }] } }", "is not a regular expression"],
    ["services: { a: { match: [{}] } }", "must name at least one label"],
    ["services: { a: { match: [{ 'a-b': x }] } }", "is not the name of a label"],
    ["services: { a: { channel: '#ops' } }", "must be the id of a channel"],
    ["alerts: { channel: C0EAQDV4Z, routes: [{ match: { team: a } }] }", "channel"],
    [
      "alerts: { channel: C0EAQDV4Z, routes: [{ match: {}, channel: C0PAY }] }",
      "must name at least one label",
    ],
    [
      "alerts: { channel: C0EAQDV4Z, routes: [{ match: { team: '~(' }, channel: C0PAY }] }",
      "regular expression",
    ],
    [
      "alerts: { channel: C0EAQDV4Z, routes: [{ match: { team: a }, channel: pay }] }",
      "must be the id of a channel",
    ],
    ["alerts: { channel: C0EAQDV4Z, comparePeers: sometimes }", "comparePeers"],
    ["alerts: { channel: C0EAQDV4Z, storm: { pages: 1 } }", "pages"],
    ["alerts: { bearerEnv: TOKEN }", "channel"],
    ["alerts: { channel: C0EAQDV4Z, tls: { certFile: a, keyFile: b } }", "needs listen too"],
    [
      'alerts: { channel: C0EAQDV4Z, listen: "[::]:8443", tls: { certFile: a, keyFile: b, clientNames: [c] } }',
      "needs clientCaFile too",
    ],
    ['alerts: { channel: C0EAQDV4Z, listen: "[::]:8443", tls: { certFile: a } }', "keyFile"],
    ["alerts: { channel: C0EAQDV4Z, listen: 8443 }", "listen"],
    ['alerts: { channel: C0EAQDV4Z, listen: ":8443" }', "must be HOST:PORT, for example 0.0.0.0:8443"],
    ["alerts: { channel: ops }", "must be the id of a channel"],
    ["alerts: { channel: C0EAQDV4Z, grafana: {} }", "needs secretEnv or secretFile"],
    ["alerts: { channel: C0EAQDV4Z, bearerEnv: hunter2 }", "never the secret itself"],
  ])("are refused with a place: %s", (source, message) => {
    expect(() => config(source)).toThrow(message);
    expect(() => config(source)).toThrow(/^gofire\.yaml:1:\d+: /);
  });
});

describe("the example", () => {
  it("is valid, and shows targets of every kind", async () => {
    const loaded = await loadConfig("gofire.example.yaml", () => Promise.resolve(rules));
    const targets = Object.values(loaded?.services ?? {}).flatMap((service) => service.targets);
    expect(targets.map(({ address }) => address)).toEqual([
      "http://10.0.0.5:6060",
      "http://10.0.0.6:6060",
      "https://payment-0.internal:8443",
      "https://payment-1.internal:8443",
      "unix:/run/cart/debug.sock",
    ]);
    expect(new Set(targets.map(({ auth }) => auth?.kind))).toEqual(new Set([undefined, "bearer", "basic"]));
    expect(loaded?.allow.targets).toHaveLength(2);
  });

  it("names the schema that editors check it with", () => {
    expect(example.split("\n")[0]).toBe("# yaml-language-server: $schema=docs/reference/gofire.schema.json");
  });
});

describe("the JSON Schema", () => {
  const valid = new Ajv2020({ strictTypes: true, allErrors: true }).compile(configJsonSchema(rules));

  it("accepts the example, and every setting has a description", () => {
    expect(valid(parse(example)), JSON.stringify(valid.errors)).toBe(true);
    expect(undescribed(configJsonSchema(rules), "")).toEqual([]);
  });

  it.each([
    "servces: {}",
    "services: { a b: {} }",
    "services: { a: { targets: [{}] } }",
    "services: { a: { targets: [{ url: http://a:1, unixSocket: /a }] } }",
    "services: { a: { targets: [{ url: http://a:1, metricsPath: /m, metricsUrl: http://b }] } }",
    "services: { a: { targets: [{ url: http://a:1, tls: { certFile: a } }] } }",
    "services: { a: { targets: [{ url: http://a:1, auth: { bearer: { token: x } } }] } }",
    "defaults: { capture: { cpuSeconds: 1.5 } }",
    "defaults: { thresholds: { no/rule: {} } }",
    "defaults: { thresholds: { goroutine/count: { no: 1 } } }",
    "allow: { targets: ['a b'] }",
  ])("refuses what the program refuses: %s", (source) => {
    expect(valid(parse(source))).toBe(false);
    expect(() => parseConfig(source, "gofire.yaml", ".", rules)).toThrow(/^gofire\.yaml:1:\d+: /);
  });
});

/** Settings without a description, apart from required ones, whose section describes them. */
function undescribed(schema: Partial<JsonSchemaNode>, path: string): string[] {
  const { properties = {}, required = [], items, additionalProperties } = schema;
  const own = Object.entries(properties).filter(
    ([name, child]) => child.description === undefined && !required.includes(name),
  );
  const inside: [string, Partial<JsonSchemaNode> | boolean | undefined][] = [
    ...Object.entries(properties),
    ["[]", items],
    ["*", additionalProperties],
  ];
  return [
    ...own.map(([name]) => `${path}.${name}`),
    ...inside.flatMap(([name, child]) =>
      typeof child === "object" ? undescribed(child, `${path}.${name}`) : [],
    ),
  ];
}

interface JsonSchemaNode {
  readonly description: string;
  readonly properties: Readonly<Record<string, Partial<JsonSchemaNode>>>;
  readonly required: readonly string[];
  readonly items: Partial<JsonSchemaNode>;
  readonly additionalProperties: Partial<JsonSchemaNode> | boolean;
}
