import { afterAll, expect, test } from "vitest";
import { gitRepository } from "../integrations/git-repository.ts";
import { gofire } from "./gofire.ts";

const repository = gitRepository();
afterAll(() => repository.remove());
const atMs = 1_716_261_120_000;
for (const [at, value] of [200, 0].entries()) {
  repository.commit({ "a.yaml": `redis:\n  max_active: ${value}\n` }, { subject: "x", atMs: atMs + at });
  repository.git(["tag", "--annotate", `v${at}-prod`, "--message", "x"]);
}
repository.commit({ "b.yaml": "a: {{ x }}\n" }, { subject: "x", atMs });
repository.git(["tag", "--annotate", "v1-dev", "--message", "x"]);

async function diff(...words: readonly string[]) {
  return await gofire(["config", "diff", "--repository", repository.folder, ...words]);
}

test("gofire config diff: values by path, with the exit code", async () => {
  expect(await diff("--base", "v0", "--head", "v1-prod")).toMatchObject({
    code: 1,
    stdout: "1 value changed from v0-prod to v1-prod\n  a.yaml:2: redis.max_active 200 → 0\n",
  });
  expect(await diff("--base", "v0", "--head", "v1-prod", "none")).toMatchObject({
    code: 0,
    stdout: "No value changed from v0-prod to v1-prod\n",
  });
  const json = await diff("--base", "v0", "--head", "v1-prod", "--format", "json");
  expect(JSON.parse(json.stdout)).toMatchObject({
    changes: [{ file: "a.yaml", path: "redis.max_active", from: "200", to: "0", line: 2 }],
    uncompared: [],
  });
});

test("what cannot be compared is said, and is no answer", async () => {
  const { code, stdout } = await diff("--base", "v1-prod", "--head", "v1-dev", "--format", "markdown");
  expect(code).toBe(3);
  expect(stdout).toMatch(/^## No value changed .*\n\n- not compared: `b\.yaml`: line 1: /);
});

test("a name that may be several things, or nothing, says what to write", async () => {
  const several = await diff("--base", "v1", "--head", "main");
  expect(several.code).toBe(2);
  expect(several.stderr.replace(/\s+/g, " ")).toContain(
    '"v1" may be any of these, name one: v1-dev, v1-prod',
  );
  expect((await diff("--base", "nope", "--head", "main")).stderr).toContain('There is no revision "nope"');
  expect((await diff("--base", "v0")).stderr).toContain("Which revisions?");
});
