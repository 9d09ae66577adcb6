import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/config/mistake.ts";
import { parseConfig } from "../../src/config/parse.ts";

const rules = [
  { id: "goroutine/count", thresholds: { goroutines: {} } },
  { id: "heap/growth", thresholds: { ratio: {}, leastBytes: {} } },
];

/** The lines that the person reads. */
function mistakes(source: string): string[] {
  try {
    parseConfig(source, "gofire.yaml", "/etc/gofire", rules);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}

/** The one mistake of a file, without the file's name. */
function mistake(source: string): string {
  const [only = "", ...others] = mistakes(source);
  expect(others).toEqual([]);
  expect(only).toMatch(/^gofire\.yaml:/);
  return only.slice("gofire.yaml:".length);
}

function order(...lines: string[]): string {
  return ["services:", "  order:", ...lines.map((line) => `    ${line}`), ""].join("\n");
}

function target(...lines: string[]): string {
  return order("targets:", ...lines.map((line, index) => `${index === 0 ? "  - " : "    "}${line}`));
}

describe("YAML", () => {
  it.each([
    ["a: 'x\nb: 2\n", "3:1: is not YAML: Missing closing 'quote"],
    ["allow: x: y\n", "1:8: is not YAML: Nested mappings are not allowed in compact mappings"],
    ["services:\n\torder: {}\n", "2:1: a tab cannot indent in YAML: use spaces"],
    ["allow: {}\nservices: {}\nallow: {}\n", "3:1: is here for the second time in this section"],
    ["allow: {}\n---\nallow: {}\n", '2:1: a second YAML document begins here ("---"); only one is read'],
    ["allow: !!foo {}\n", "1:8: is not YAML: Unresolved tag"],
    ["allow: !!binary aGk=\n", "1:8: is not YAML: Unresolved tag"],
    ["? [a]\n: 1\n", "1:3: the name of a setting must be plain text"],
    ["__proto__: {}\n", '1:1: "__proto__" cannot be the name of a setting'],
    ["allow: *x\n", "1:8: this alias has no anchor before it"],
    ["allow: &x\n  targets: [*x]\n", "2:13: this alias stands inside itself"],
    [
      "allow: &x {}\ndefaults:\n  <<: *x\n",
      '3:3: merge keys ("<<") are not read: put what settings share into "defaults" or "eachTarget"',
    ],
  ])("%j", (source, expected) => {
    expect(mistake(source)).toBe(expected);
  });
});

describe("settings", () => {
  it.each([
    ["[]\n", "1:1: the file must be a section of settings"],
    ["servces: {}\n", '1:1: "servces" is not a setting; did you mean "services"?'],
    [
      "colour: red\n",
      '1:1: "colour" is not a setting; settings here: services, defaults, allow, slack, access, captures, alerts, artifacts, queueBoard, prometheus, configHistory, rollback, gate, people, kubernetes, web, audit',
    ],
    [
      target("urll: http://a:1"),
      '4:9: "services.order.targets[0].urll" is not a setting; did you mean "url"?',
    ],
    [
      order("capture:", "  cpuSecond: 5"),
      '4:7: "services.order.capture.cpuSecond" is not a setting; did you mean "cpuSeconds"?',
    ],
    ["services:\n", '1:1: "services" is empty: write something below it, or leave it out'],
    ["services: []\n", '1:11: "services" must be a section of names and settings'],
    [
      "services:\n  a b: {}\n",
      `2:3: "services.a b" is not a service's name: letters, digits, dots and dashes`,
    ],
    [
      order("targets: http://a:1"),
      '3:14: "services.order.targets" must be a list (lines that begin with "- ")',
    ],
    [order("targets: [5]"), '3:15: "services.order.targets[0]" must be a section of settings'],
    [target("url: 5"), '4:14: "services.order.targets[0].url" must be text (put it in quotes)'],
    [
      order("capture: { cpuSeconds: 20s }"),
      '3:28: "services.order.capture.cpuSeconds" must be a number without a unit, which the setting\'s name says',
    ],
    [
      order('capture: { cpuSeconds: "20" }'),
      '3:28: "services.order.capture.cpuSeconds" must be a number without quotes',
    ],
    [order("shadow: sometimes"), '3:13: "services.order.shadow" must be true or false'],
    [
      "allow:\n  targets: [10.0.0.0/99]\n",
      '2:13: "allow.targets[0]" must be host:port with "*" inside a label, an IPv4 range like 10.0.0.0/8:6060, or unix:/path',
    ],
    [
      target("url: http://a:99999"),
      '4:14: "services.order.targets[0].url" must be a URL that begins with http:// or https://, without a query',
    ],
    [
      order("capture: { cpuSeconds: 1.5 }"),
      '3:28: "services.order.capture.cpuSeconds" must be a whole number',
    ],
    [order("capture: { gapSeconds: many }"), '3:28: "services.order.capture.gapSeconds" must be a number'],
    [order("capture: { cpuSeconds: 301 }"), '3:28: "services.order.capture.cpuSeconds" must be at most 300'],
    [
      order("capture: { maxBytes: 1e30 }"),
      '3:26: "services.order.capture.maxBytes" must be at most 4294967296',
    ],
    [
      order("capture: { deadlineSeconds: 0 }"),
      '3:33: "services.order.capture.deadlineSeconds" must be at least 1',
    ],
    [
      order("capture: { include: [alloc] }"),
      '3:26: "services.order.capture.include[0]" must be one of allocs, goroutineleak, expvar, cmdline, trace',
    ],
    [
      target("url: http://a:1", "headers: { X-N: { env: A, fiel: b } }"),
      '5:35: "services.order.targets[0].headers.X-N.fiel" is not a setting; did you mean "file"?',
    ],
    [
      `"a\\e[31m${"x".repeat(80)}": 1\n`,
      `1:1: "a\ufffd[31m${"x".repeat(54)}…" is not a setting; settings here: services, defaults, allow, slack, access, captures, alerts, artifacts, queueBoard, prometheus, configHistory, rollback, gate, people, kubernetes, web, audit`,
    ],
    [order("modules: [/abs]"), '3:15: "services.order.modules[0]" is not a Go import path'],
    [
      "allow: { targets: [http://a/x y] }\n",
      expect.stringContaining('1:20: "allow.targets[0]" must be host:port'),
    ],
  ])("%j", (source, expected) => {
    expect(mistake(source)).toEqual(expected);
  });
});

describe("targets", () => {
  it.each([
    [target("instance: a"), '4:9: "services.order.targets[0]" needs url or unixSocket'],
    [
      target("url: http://a:1", "unixSocket: /run/a"),
      '5:21: "services.order.targets[0].unixSocket" stands beside url: keep one of the two',
    ],
    [
      target("url: http://a:1", "metricsPath: /m", "metricsUrl: http://b:2/m"),
      '6:21: "services.order.targets[0].metricsUrl" stands beside metricsPath: keep one of the two',
    ],
    [
      target("url: a:6060"),
      '4:14: "services.order.targets[0].url" must be a URL that begins with http:// or https://, without a query',
    ],
    [
      target("unixSocket: run/a"),
      '4:21: "services.order.targets[0].unixSocket" must be a path that begins with "/"',
    ],
    [target("url: http://a:1", "auth: {}"), '5:15: "services.order.targets[0].auth" needs bearer or basic'],
    [
      target("url: http://a:1", "auth: { basic: { passwordEnv: P } }"),
      '5:17: "services.order.targets[0].auth.basic.user" is missing',
    ],
    [
      target("url: https://a:1", "tls: { certFile: a.pem }"),
      '5:26: "services.order.targets[0].tls.certFile" needs keyFile too',
    ],
    [
      target("url: http://a:1", "headers: { 'b c': d }"),
      '5:20: "services.order.targets[0].headers.b c" is not the name of an HTTP header',
    ],
    [
      target("url: http://a:1", "headers: { X-N: 5 }"),
      '5:25: "services.order.targets[0].headers.X-N" must be text, or { env: NAME } or { file: PATH } for a secret',
    ],
    [
      order("targets:", "  - { url: http://a:1, instance: x }", "  - { url: http://a:2, instance: x }"),
      '5:38: "services.order.targets[1].instance" is the name of another target too',
    ],
  ])("%j", (source, expected) => {
    expect(mistake(source)).toBe(expected);
  });
});

describe("secrets", () => {
  const pasted =
    "this looks like a secret, and secrets do not stand in this file: name an environment variable or a file";

  it.each([
    [target("url: http://user:hunter2@a:1"), `4:14: ${pasted}`],
    [target("url: http://a:1", "headers: { X-Any: Bearer hunter2 }"), `5:27: ${pasted}`],
    [target("url: http://a:1", "instance: ghp_hunter2hunter2hunter2"), `5:19: ${pasted}`],
    [target("url: https://a:1", 'tls: { caFile: "-----BEGIN CERTIFICATE-----hunter2" }'), `5:24: ${pasted}`],
    [target("url: http://a:1", "metricsUrl: http://b:2/m?token=hunter2"), `5:21: ${pasted}`],
    [
      target("url: http://a:1", "headers: { X-Api-Key: hunter2 }"),
      '5:31: "services.order.targets[0].headers.X-Api-Key" is a secret by its name: write { env: NAME } or { file: PATH } instead',
    ],
    [
      target("url: http://a:1", "auth: { bearer: { token: hunter2 } }"),
      '5:27: "services.order.targets[0].auth.bearer.token" would be a secret in this file: write tokenEnv or tokenFile instead',
    ],
    [
      target("url: http://a:1", "auth: { bearer: { tokenEnv: hunter2 } }"),
      '5:37: "services.order.targets[0].auth.bearer.tokenEnv" must be the name of an environment variable in capitals, like ORDER_TOKEN, never the secret itself',
    ],
    [target("url: http://a:1", "auth: { bearer: *hunter2 }"), "5:25: this alias has no anchor before it"],
    [target("url: http://a:1", "auth: { bearer: !hunter2 x }"), "5:25: is not YAML: Unresolved tag"],
    [
      target("url: http://a:1", "auth: { bearer: hunter2 }"),
      '5:25: "services.order.targets[0].auth.bearer" must be a section of settings',
    ],
  ])("are refused and not repeated: %j", (source, expected) => {
    const told = mistake(source);
    expect(told).toBe(expected);
    expect(told).not.toContain("hunter2");
  });
});

describe("thresholds", () => {
  it.each([
    [
      order("thresholds: { goroutine/cuont: {} }"),
      '3:19: there is no rule "goroutine/cuont"; did you mean "goroutine/count"?',
    ],
    [
      order("thresholds: { nothing/like: {} }"),
      '3:19: there is no rule "nothing/like"; rules: goroutine/count, heap/growth',
    ],
    [
      order("thresholds:", "  heap/growth:", "    ratios: 2"),
      '5:9: rule "heap/growth" has no threshold "ratios"; did you mean "ratio"?',
    ],
    [
      "defaults:\n  thresholds:\n    heap/growth:\n      x: 2\n",
      '4:7: rule "heap/growth" has no threshold "x"; thresholds: ratio, leastBytes',
    ],
    [
      order("thresholds: { heap/growth: { ratio: high } }"),
      '3:41: "services.order.thresholds.heap/growth.ratio" must be a number',
    ],
    [
      order("thresholds: { heap/growth: { ratio: -1 } }"),
      '3:41: "services.order.thresholds.heap/growth.ratio" must be at least 0',
    ],
  ])("%j", (source, expected) => {
    expect(mistake(source)).toBe(expected);
  });
});

describe("several mistakes", () => {
  it("are told together, in the file's order, alias targets where they are written", () => {
    expect(
      mistakes(
        [
          "defaults:",
          "  eachTarget: &reach",
          "    pprofPath: debug",
          "servces: {}",
          "services:",
          "  order:",
          "    eachTarget: *reach",
          "    targets:",
          "      - {}",
          "",
        ].join("\n"),
      ),
    ).toEqual([
      'gofire.yaml:3:16: "services.order.eachTarget.pprofPath" must be a path that begins with "/"',
      'gofire.yaml:4:1: "servces" is not a setting; did you mean "services"?',
      'gofire.yaml:9:9: "services.order.targets[0]" needs url or unixSocket',
    ]);
  });

  it("are cut at twenty", () => {
    const lines = mistakes(Array.from({ length: 30 }, (_, i) => `x${i}: 1\n`).join(""));
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe("and 10 more");
  });
});

describe("damaged files", () => {
  it("are read or refused, never anything else", () => {
    const example = readFileSync("gofire.example.yaml", "utf8").replaceAll(/^ *#.*\n/gm, "");
    const words = [
      "&a ",
      "*a",
      "? ",
      "- ",
      "[",
      "}",
      "!!set ",
      "|\n",
      "'",
      "\t",
      "---\n",
      ": ",
      "~",
      "\0",
      "1e400",
    ];
    let places = 0;
    for (let i = 0; i < 400; i++) {
      // Prime strides: every word meets many places, the same on every run.
      const at = (i * 7919) % example.length;
      const end = at + ((i * 31) % 23);
      const source = `${example.slice(0, at)}${words[i % words.length]}${example.slice(end)}`;
      for (const line of mistakes(source)) {
        expect(line).toMatch(/^gofire\.yaml:\d+:\d+: \P{Cc}+$|^and \d+ more$/u);
        places++;
      }
    }
    expect(places).toBeGreaterThan(400);
  });
});

describe("hostile files", () => {
  const nested = "is nested deeper than 100 levels";

  it.each([
    ["flow", `allow: ${"[".repeat(100_000)}`, `1:107: ${nested}`],
    ["compact lists", `allow:\n  ${"- ".repeat(50_000)}x\n`, `2:201: ${nested}`],
    ["many bytes", `# ${"x".repeat(300_000)}\n`, "1:1: the file is larger than 256 KiB"],
    [
      "aliases of aliases",
      `a: &a [${"x,".repeat(20)}]\nb: &b [${"*a,".repeat(20)}]\nc: &c [${"*b,".repeat(20)}]\nd: [${"*c,".repeat(20)}]\n`,
      "2:8: aliases stand for more than 1000 values in all",
    ],
  ])("are refused quickly: %s", (_, source, expected) => {
    expect(mistake(source)).toBe(expected);
  });
});
