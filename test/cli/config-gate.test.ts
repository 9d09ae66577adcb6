import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { gitRepository } from "../integrations/git-repository.ts";
import { gofire } from "./gofire.ts";

const repository = gitRepository();
const folder = mkdtempSync(join(tmpdir(), "gofire-gate-"));
afterAll(() => {
  repository.remove();
  rmSync(folder, { recursive: true });
});
const rules = join(folder, "gofire.yaml");
writeFileSync(
  rules,
  `configHistory: { repository: https://git.example.com/shop/config.git }
services: { order: { config: [env/prod/order.yaml] } }
gate:
  environments:
    prod: { paths: [env/prod] }
    staging: { paths: [env/staging], approvals: 1 }
people:
  UANA: { git: [ana@example.com] }
`,
);
const atMs = 1_716_261_120_000;
const order = (value: number) => `redis:\n  max_active: ${value}\n`;
repository.commit(
  { "env/prod/order.yaml": order(200), "env/staging/order.yaml": order(20) },
  { subject: "Begin", atMs },
);
repository.git(["checkout", "--quiet", "-b", "tune"]);
repository.commit({ "env/prod/order.yaml": order(0) }, { subject: "Tune", atMs: atMs + 1 });
repository.git(["checkout", "--quiet", "main"]);

async function gate(...words: readonly string[]) {
  return await gofire(["config", "gate", "--repository", repository.folder, ...words]);
}

test("gofire config gate: what would change where, and that nobody was asked", async () => {
  const { code, stdout } = await gate("--base", "main", "--head", "tune", "--config", rules);
  expect(stdout).toMatch(
    /^prod: waiting for approval\n {2}env\/prod\/order\.yaml:2: redis\.max_active 200 → 0\n/,
  );
  expect(stdout).toContain("0 of 2 approvals");
  expect(code).toBe(3);
});

test("where nothing of an environment changes, nothing is asked", async () => {
  const words = ["--base", "main", "--head", "tune", "--config", rules, "--environment", "staging"];
  expect(await gate(...words)).toMatchObject({ code: 0, stdout: "staging: nothing of it changes\n" });
});

test("rules that the change could have altered are not taken", async () => {
  const inside = join(repository.folder, "gofire.yaml");
  const { code, stderr } = await gate("--base", "main", "--head", "tune", "--config", inside);
  expect(code).toBe(2);
  expect(stderr).toContain("git show main:gofire.yaml");
});
