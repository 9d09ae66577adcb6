import { expect, test } from "vitest";
import { gateChecks } from "../../src/commands/doctor/gate.ts";
import { parseConfig } from "../../src/config/parse.ts";

const history = "configHistory: { repository: https://git.example.com/shop/config.git, branch: main }\n";
const audit = "audit: { origin: gofire.shop.example/audit }\n";
const gate = "gate: { environments: { prod: { paths: [env/prod], approvals: 2 } } }\n";
const people = (...ids: readonly string[]) =>
  `people: { ${ids.map((id) => `${id}: { git: [${id}@shop.example] }`).join(", ")} }\n`;

function checked(text: string) {
  return gateChecks(parseConfig(text, "gofire.yaml", "/", []));
}

test("doctor says of each environment whether enough people could approve a change of it", () => {
  expect(checked(history)).toEqual([]);
  const named = `${history}${audit}${gate}`;
  expect(checked(`${named}${people("U0ANA", "U0BO", "U0CY")}`)).toEqual([
    { name: "gate", state: "ok", detail: "prod takes 2 approvals; people names 3 people" },
  ]);
  expect(checked(`${named}${people("U0ANA", "U0BO")}`)).toMatchObject([
    { state: "warning", next: expect.stringContaining("with one of them as the author") },
  ]);
  expect(checked(`${named}${people("U0ANA")}`)).toMatchObject([
    { state: "failed", detail: "prod takes 2 approvals; people names 1 person" },
  ]);
});

test("doctor names who may approve and could not, and what is missing altogether", () => {
  const access = "access: { approve: { users: [U0ANA, U0NEW] } }\n";
  const named = `${history}${audit}${gate}${people("U0ANA", "U0BO", "U0CY")}${access}`;
  expect(checked(named)).toMatchObject([
    { state: "ok" },
    { state: "warning", detail: expect.stringMatching(/^U0NEW may approve/) },
  ]);
  expect(checked(`${history}${gate}`)).toMatchObject([
    { state: "failed", detail: expect.stringContaining("audit log") },
  ]);
});
