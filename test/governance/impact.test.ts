import { describe, expect, test } from "vitest";
import type { ConfigChange } from "../../src/domain/configuration/config-change.ts";
import { impactOf } from "../../src/governance/impact.ts";

function impact(path: string, from: string | undefined, to: string | undefined): string | undefined {
  const kind = from === undefined ? "added" : to === undefined ? "removed" : "changed";
  const change: ConfigChange = {
    file: "env/prod/order.yaml",
    path,
    kind,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
  return impactOf(change);
}

describe("what a change of a setting can mean", () => {
  test.each([
    ["redis.max_active", "200", "50", /^callers wait for a free connection sooner/],
    ["redis.max_active", "50", "200", /^more connections are open/],
    ["redis.max_active", "200", "0", /^0 means no limit to some libraries.*every request waits$/],
    ["redis.max_active", "200", '"0"', /^0 means no limit/],
    ["redis.max_active", "200", '"50"', /^callers wait for a free connection sooner/],
    ["redis.max_active", "200", "-1", /^-1 usually means no limit: more connections/],
    ["db.maxIdleConns", "10", "2", /^connections are dialled anew more often/],
    ["http.read_timeout", "5s", "500ms", /^calls that were only slow fail/],
    ["http.read_timeout", "500ms", "1m30s", undefined],
    ["http.read_timeout", "5s", "0s", /^0 usually means no limit: a call that hangs stays for ever$/],
    ["http.max_attempts", "2", "10", /^what is slow or down is asked more often/],
    ["redis.addr", "a:6379", "b:6379", /^requests go elsewhere/],
    ["env[name=GOGC].value", "100", "off", /^off usually means no limit: the heap grows/],
    ["env[name=GOMEMLIMIT].value", "2GiB", "512MiB", /^the process is killed at its limit sooner/],
    ["resources.limits.cpu", "2", "1", /^the process is throttled sooner/],
    ["worker.concurrency", "8", "0", /^0 leaves nobody to do the work, or means no limit/],
    ["image.tag", "v1", "v2", /^another version of the code/],
    ["redis.max_active", "200", undefined, /^what holds without it is up to the program$/],
  ])("%s %s → %s", (path, from, to, words) => {
    const said = impact(path, from, to);
    if (words === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(words);
  });

  test("is not told where nobody knows: another name, a value that is not shown, from no limit to one", () => {
    expect(impact("feature.colour", "red", "blue")).toBeUndefined();
    expect(impact("redis.max_active", "0", "50")).toBeUndefined();
    const secret: ConfigChange = { file: "a", path: "db.pool_size", kind: "changed", secret: true };
    expect(impactOf(secret)).toBeUndefined();
  });
});
