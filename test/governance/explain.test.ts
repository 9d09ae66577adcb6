import { describe, expect, it } from "vitest";
import { analyzers } from "../../src/analyzers/index.ts";
import type { ConfigChange, ConfigHistoryFacts } from "../../src/domain/configuration/config-change.ts";
import type { Finding } from "../../src/domain/findings/finding.ts";
import { explainedRules, withConfig } from "../../src/governance/explain.ts";
import { keyKinds } from "../../src/governance/key-kinds.ts";
import { direction } from "../../src/governance/quantity.ts";

const minute = 60_000;
const atMs = 1_716_261_120_000;

function finding(rule: string, change: Partial<Finding> = {}): Finding {
  return {
    id: "f1",
    rule,
    severity: "critical",
    confidence: "likely",
    title: "",
    summary: "",
    where: [],
    role: "root",
    evidence: [],
    next: [],
    ...change,
  };
}

function changed(path: string, from?: string, to?: string): ConfigChange {
  return {
    file: "env/prod/order.yaml",
    path,
    kind: "changed",
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

/** What a change that came `agoMs` before could explain of the findings. */
function explained(change: ConfigChange, findings: readonly Finding[], agoMs = 14 * minute) {
  const facts: ConfigHistoryFacts = {
    artifact: "config-history.json.gz",
    repository: "config",
    paths: ["env/prod"],
    atMs,
    windowMs: 360 * minute,
    revisions: [
      {
        revision: "a".repeat(40),
        author: "ana",
        subject: "",
        atMs: atMs - agoMs,
        changes: [change],
        more: 0,
        uncompared: [],
      },
    ],
    notes: [],
  };
  return withConfig({ findings }, facts).config?.revisions[0]?.changes[0]?.couldExplain;
}

describe("a change that could explain a finding", () => {
  it.each([
    ["redis.max_active", "200", "0", "pool/exhausted"],
    ['data["app.yaml"].db.maxOpenConns', "50", "5", "sql/pool-exhausted"],
    ["spring.redis.pool-size", "20", "2", "goroutine/mutex-pileup"],
    ["http.timeout", "1s", "30s", "http/slow-upstream"],
    ["payment.url", "http://a", "http://b", "http/slow-upstream"],
    ["env[name=GOGC].value", "100", "10", "gc/gogc-thrash"],
    ["env[name=GOMEMLIMIT].value", "2GiB", "512MiB", "gc/memory-limit-thrash"],
    ["spec.containers[name=order].resources.limits.cpu", "2", "500m", "sched/cpu-throttling"],
    ["env[name=GOMAXPROCS].value", "2", "64", "sched/gomaxprocs-over-quota"],
    ["log.level", "info", "debug", "log/lock-blocked"],
    ["spec.containers[name=order].image", "order:1", "order:2", "goroutine/nil-channel"],
  ])("%s %s → %s: %s", (path, from, to, rule) => {
    expect(explained(changed(path, from, to), [finding(rule)])).toMatchObject({ finding: "f1" });
  });

  it.each([
    ["it went the other way", changed("redis.max_active", "0", "200"), finding("pool/exhausted")],
    ["it is about something else", changed("feature.banner", "old", "new"), finding("pool/exhausted")],
    [
      "its rule is about something else",
      changed("redis.max_active", "200", "0"),
      finding("tls/handshake-stall"),
    ],
    [
      "the finding names another dependency",
      changed("redis.max_active", "200", "0"),
      finding("sql/pool-exhausted", { title: "40 goroutines wait for a database/sql connection" }),
    ],
    [
      "0 is no limit there",
      changed("redis.max_active", "200", "0"),
      finding("pool/exhausted", { title: "40 goroutines wait for a redigo connection" }),
    ],
    [
      "the finding is context only",
      changed("redis.max_active", "9", "0"),
      finding("pool/exhausted", { severity: "info" }),
    ],
  ])("is none when %s", (_why, change, found) => {
    expect(explained(change, [found])).toBeUndefined();
  });

  it("came within the hour before", () => {
    const change = changed("redis.max_active", "200", "0");
    expect(explained(change, [finding("pool/exhausted")], 60 * minute)).toBeDefined();
    expect(explained(change, [finding("pool/exhausted")], 61 * minute)).toBeUndefined();
  });

  it("is told of the first finding that it fits", () => {
    const findings = [
      finding("heap/growth", { id: "f1" }),
      finding("pool/exhausted", { id: "f2" }),
      finding("goroutine/count", { id: "f3" }),
    ];
    expect(explained(changed("redis.max_active", "200", "0"), findings)).toMatchObject({ finding: "f2" });
  });

  it("may be a secret, whose way nobody knows", () => {
    const change: ConfigChange = { ...changed("redis.pool_size"), secret: true };
    expect(explained(change, [finding("pool/exhausted")])).toBeDefined();
  });

  it("is only of rules that there are", () => {
    const known = analyzers.map(({ meta }) => meta.id);
    expect(explainedRules.filter((rule) => !known.includes(rule))).toEqual([]);
  });
});

describe("names of settings", () => {
  it.each([
    ["redis.MaxActive", ["pool-size"]],
    ["http.maxIdleConnsPerHost", ["idle-connections"]],
    ["http.MaxConnsPerHost", ["pool-size"]],
    ["redis.pool_timeout", ["timeout"]],
    ["server.http2.max_concurrent_streams", ["http2-streams"]],
    ["token", []],
    ["catalog.title", []],
    ["reports.portfolio", []],
  ])("%s is about %j", (path, kinds) => {
    expect([...keyKinds(path)]).toEqual(kinds);
  });
});

describe("values", () => {
  it.each([
    ["200", "0", "less"],
    ["1s", "500ms", "less"],
    ["1h", "90s", "less"],
    ["1m", "2m", "more"],
    ["512Mi", "1Gi", "more"],
    ["1.5", "2", "more"],
    ["5", "5", undefined],
    ["2", "500m", undefined],
    ["1m", "30s", undefined],
    ["a", "2", undefined],
    [undefined, "2", undefined],
  ])("from %s to %s is %s", (from, to, way) => {
    expect(direction(from, to)).toBe(way);
  });
});
