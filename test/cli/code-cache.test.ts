import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chunkLoader } from "../../src/chunk-loader.ts";

const capture = resolve("lab/captures/go1.26.8/lock-order/goroutine-dump.txt.gz");
const caches = () => readdirSync("dist/chunks").filter((name) => name.endsWith(".cache"));

function analyze(program: string) {
  return spawnSync(process.execPath, [program, "analyze", capture, "--format", "json"], { encoding: "utf8" });
}

describe("the code cache of the built program", () => {
  let copy: string;
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), "gofire-code-cache-"));
    cpSync("dist", copy, { recursive: true });
    symlinkSync(resolve("node_modules"), join(copy, "node_modules"));
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  it("is taken by the Node that built it, for the chunks that judging takes", () => {
    const { load, scripts } = chunkLoader(resolve("dist"), createRequire(resolve("dist/cli.js")));
    for (const name of caches()) load(`./chunks/${name.slice(0, name.indexOf(".js") + 3)}`);

    const taken = [...scripts].map(([path, script]) => [basename(path), script.cachedDataRejected]);
    expect(taken.filter(([, isRejected]) => isRejected === false).map(([name]) => name)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^terminal-/), expect.stringMatching(/^analyzers-/)]),
    );
    expect(taken.filter(([, isRejected]) => isRejected === true)).toEqual([]);
  });

  it.each([
    ["is of another V8 or was cut", Buffer.from("not what V8 wrote")],
    ["is empty", Buffer.alloc(0)],
    ["is not there", undefined],
  ])("changes nothing when it %s", (_case, content) => {
    const names = caches();
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      if (content === undefined) rmSync(join(copy, "chunks", name));
      else writeFileSync(join(copy, "chunks", name), content);
    }
    const { status, stdout, stderr } = analyze(join(copy, "cli.js"));
    expect({ status, stderr, isSame: stdout === analyze("dist/cli.js").stdout }).toEqual({
      status: 1,
      stderr: "",
      isSame: true,
    });
  });
});
