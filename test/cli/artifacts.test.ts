import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defaultArtifacts } from "../../src/config/resolve-artifacts.ts";
import { openArtifacts } from "../../src/integrations/artifacts/open.ts";
import type { Artifacts } from "../../src/ports/artifacts.ts";
import { type CliRun, gofire } from "./gofire.ts";

const never = new AbortController().signal;
const key = randomBytes(32).toString("base64");

describe("gofire artifacts", () => {
  let folder: string;
  let artifacts: Artifacts;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gofire-cli-"));
    const config = { ...defaultArtifacts, encryption: { key: { env: "KEY" }, formerKeys: [] } };
    ({ artifacts } = await openArtifacts(config, {
      stateFolder: folder,
      secret: () => Promise.resolve(key),
    }));
    await writeFile(join(folder, "gofire.yaml"), "artifacts: { encryption: { keyEnv: KEY } }\n");
    for (const name of ["gf-3fa9/bundle/heap.pb.gz", "gf-3fa9/findings.md", "gf-77xy/findings.md"]) {
      await artifacts.put(`incidents/${name}`, of(1_000), { contentType: "text/plain" }, never);
    }
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  function run(...words: readonly string[]): Promise<CliRun> {
    return gofire(["artifacts", ...words], { cwd: folder, env: { GOFIRE_STATE: folder, KEY: key } });
  }

  test("lists incidents with what they take", async () => {
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^gf-3fa9 +2 KiB +2 artifacts +\S+ m?s old$/m);
    expect(stdout).toMatch(/^gf-77xy +1000 B +1 artifact +\S+ m?s old$/m);
    expect(stdout).toMatch(/^2 incidents, 3 artifacts, 2\.9 KiB$/m);
  });

  test("deletes what is kept of one incident and nothing else", async () => {
    const { code, stdout } = await run("remove", "gf-3fa9");
    expect(code).toBe(0);
    expect(stdout).toContain("gf-3fa9: 2 artifacts deleted, 2 KiB.");
    expect(stdout).toContain("Files that were posted to a chat stay there");
    expect((await artifacts.list("incidents/", never)).map(({ key }) => key)).toEqual([
      "incidents/gf-77xy/findings.md",
    ]);
    expect(await run("remove", "gf-3fa9")).toMatchObject({
      code: 2,
      stderr: "gofire: Nothing is kept of gf-3fa9. gofire artifacts lists what is.\n",
    });
  });

  test.each([
    [["delete", "gf-77xy"], 2, "is not what gofire artifacts can do"],
    [["remove"], 2, "Remove what?"],
    [["remove", "../gf-77xy"], 3, "is not the key of an artifact"],
    [["remove", "gf-77xy/.."], 3, "is not the key of an artifact"],
  ])("%j is refused", async (words, code, why) => {
    const { stderr, ...ended } = await run(...words);
    expect(ended.code).toBe(code);
    expect(stderr).toContain(why);
    expect(await artifacts.list("incidents/", never)).toHaveLength(3);
  });

  test("says which secret is missing", async () => {
    const { code, stderr } = await gofire(["artifacts"], {
      cwd: folder,
      env: { GOFIRE_STATE: folder, KEY: "" },
    });
    expect(code).toBe(2);
    expect(stderr).toContain("gofire.yaml: artifacts: the environment variable KEY is not set.");
  });
});

async function* of(bytes: number): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new Uint8Array(bytes));
}
