import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";

function config(source: string) {
  return parseConfig(source, "gofire.yaml", "/etc/gofire", []);
}

test("the gate asks for two people and forgets after a week, unless the file says otherwise", () => {
  expect(config("").gate).toBeUndefined();
  const source = `gate:
  environments: { prod: { paths: [env/prod] }, staging: { paths: [env/staging, b.yaml], approvals: 1 } }
`;
  expect(config(source).gate?.environments).toEqual([
    { environment: "prod", paths: ["env/prod"], approvals: 2, expiresAfterMs: 7 * 86_400_000 },
    {
      environment: "staging",
      paths: ["env/staging", "b.yaml"],
      approvals: 1,
      expiresAfterMs: 7 * 86_400_000,
    },
  ]);
  const soon = "gate: { expiresAfter: 12h, environments: { prod: { paths: [a] } } }";
  expect(config(soon).gate?.environments[0]?.expiresAfterMs).toBe(12 * 3_600_000);
});

test("people are who the audit log calls them, with addresses in lower case", () => {
  const { people } = config("people: { U024BE7LH: { git: [Ana@Shop.Example, a@b] } }");
  expect([...people]).toEqual([["slack:U024BE7LH", ["ana@shop.example", "a@b"]]]);
});

test.each([
  ["gate: {}", "environments"],
  ["gate: { environments: {} }", "at least one environment"],
  ["gate: { environments: { prod: {} } }", "paths"],
  ["gate: { environments: { prod: { paths: [] } } }", "at least one path"],
  ["gate: { environments: { prod: { paths: [../x] } } }", "must be the path"],
  ["gate: { environments: { 'a b': { paths: [x] } } }", "is not an environment's name"],
  ["gate: { environments: { prod: { paths: [x], approvals: 0 } } }", "approvals"],
  ["gate: { expiresAfter: 7, environments: { prod: { paths: [x] } } }", "expiresAfter"],
  ["gate: { expiresAfter: 0d, environments: { prod: { paths: [x] } } }", "must be hours or days"],
  ["people: { ana: { git: [a@b] } }", "must be the id of a person"],
  ["people: { U024BE7LH: { git: [] } }", "at least one address"],
  ["people: { U024BE7LH: { git: [ana] } }", "must be an address as commits have it"],
])("%s is refused", (source, message) => {
  expect(() => config(source)).toThrow(message);
});
