import { describe, expect, it } from "vitest";
import { changesBetween } from "../../src/governance/diff.ts";
import { readDocument } from "../../src/governance/document.ts";

function changes(before: string, after: string, name = "order.yaml") {
  const [was, now] = [before, after].map((text) => {
    const read = readDocument(name, new TextEncoder().encode(text));
    if (!read.ok) throw new Error(read.error.message);
    return read.value;
  });
  if (was === undefined || now === undefined) throw new Error("two texts are read");
  return changesBetween(name, was, now);
}

function env(...names: readonly string[]): string {
  return `env:\n${names.map((name) => `- name: ${name}\n  value: "1"\n`).join("")}`;
}

function kept(value: string): string {
  return `apiVersion: v1\nkind: Secret\ndata:\n  plain: ${value}\n`;
}

describe("changes", () => {
  it("go by path, from one value to the other, with the line", () => {
    expect(changes("redis:\n  max_active: 200\n  gone: 1\n", "redis:\n  max_active: 0\n  new: 2\n")).toEqual([
      { file: "order.yaml", path: "redis.max_active", kind: "changed", from: "200", to: "0", line: 2 },
      { file: "order.yaml", path: "redis.new", kind: "added", to: "2", line: 3 },
      { file: "order.yaml", path: "redis.gone", kind: "removed", from: "1", line: 3 },
    ]);
  });

  it("are none where only comments, quotes or the order of names are others", () => {
    expect(changes("a: 1 # old\nb: x\n", '# new\nb: "x"\na: 1\n')).toEqual([]);
  });

  it("are there where quotes make a text of a number, a truth value, or what some readers take for one", () => {
    const plain = "a: 200\nb: true\nc: on\nd: 010\ne: [1, x]\nf: ~\n";
    const quoted = 'a: "200"\nb: \'true\'\nc: "on"\nd: "010"\ne: ["1", x]\nf: "~"\n';
    expect(changes(plain, quoted).map(({ from, to }) => `${from} → ${to}`)).toEqual([
      '200 → "200"',
      'true → "true"',
      'on → "on"',
      '010 → "010"',
      '[1, x] → ["1", x]',
      '~ → "~"',
    ]);
    expect(
      changes('"1": "200"\nenv: [{ name: "2", value: "3" }]\n', "1: '200'\nenv: [{ name: 2, value: '3' }]\n"),
    ).toMatchObject([{ path: "env[name=2].name", from: '"2"', to: "2" }]);
  });

  it("are told without quotes where both are texts", () => {
    const [was, now] = ["env: [{ name: GOGC, value: '100' }]", 'env: [{ name: GOGC, value: "50" }]'];
    expect(changes(was, now)).toMatchObject([{ from: "100", to: "50" }]);
  });

  it("tell items of lists by their names, and another order apart", () => {
    expect(changes(env("A", "B", "C"), env("C", "A", "B"))).toMatchObject([
      { path: "env", kind: "reordered", from: "[A, B, C]", to: "[C, A, B]" },
    ]);
    expect(changes(env("A", "B"), env("N", "A", "B")).map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      "added env[name=N].name",
      "added env[name=N].value",
    ]);
    expect(changes("hosts: [a, b]", "hosts: [b, a]")).toMatchObject([{ path: "hosts", kind: "reordered" }]);
    expect(changes("hosts: [a, b]", "hosts: [b, c]")).toMatchObject([{ kind: "changed", to: "[b, c]" }]);
  });

  it("come to an end for another order of as many items as a file can have", () => {
    // Minutes, when each item was looked for in the whole list for each other item.
    const names = Array.from({ length: 9_000 }, (_, item) => `N${item}`);
    expect(changes(env(...names), env(...names.toReversed()))).toMatchObject([{ kind: "reordered" }]);
  });

  it("never hold what may be a secret, by its name or its shape", () => {
    const secrets = changes(
      "db_password: hunter2\nurl: x\nenv:\n- name: API_TOKEN\n  value: abcd\nlist: [a]\nmaster_dsn: q\n",
      "db_password: hunter3\nurl: postgres://a:hunter4@db/x\nenv:\n- name: API_TOKEN\n  value: efgh\nlist: [ghp_0123456789abcdef]\nmaster_dsn: r\n",
    );
    expect(secrets.map(({ path, secret }) => [path, secret])).toEqual([
      ["db_password", true],
      ["url", true],
      ["env[name=API_TOKEN].value", true],
      ["list", true],
      ["master_dsn", true],
    ]);
    expect(JSON.stringify(secrets)).not.toMatch(/hunter|abcd|efgh|ghp_/);
    expect(changes(kept("b25l"), kept("dHdv"))).toEqual([
      { file: "order.yaml", path: "data.plain", kind: "changed", secret: true, line: 4 },
    ]);
  });

  it("tell a long text by its length", () => {
    expect(changes(`a: ${"x".repeat(200)}`, `a: ${"x".repeat(300)}`)).toMatchObject([
      { from: "text of 200 characters", to: "text of 300 characters" },
    ]);
  });

  it("see that a value became a section, and back", () => {
    expect(changes("a: 1", "a: { b: 1 }").map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      "added a.b",
      "removed a",
    ]);
  });
});
