/**
 * The last step of `npm run build`: lets the built program judge a recorded capture, and keeps what V8 compiled for that
 * beside each chunk (docs/decisions/0044-code-cache.md).
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { setFlagsFromString } from "node:v8";

const capture = "lab/captures/go1.26.8/mutex-io";
const program = resolve("dist/cli.js");
const require = createRequire(program);
const { chunkLoader, codeCachePath } = require(resolve("dist/chunk-loader.js"));

const { load, scripts } = chunkLoader(resolve("dist"), require);
const [terminal] = /\.\/chunks\/terminal-\w+\.js/.exec(readFileSync(program, "latin1"));
const { runCommand } = load(terminal);

// Else V8 forgets what it has not needed for a while. Under other flags than it was made with it refuses a cache.
setFlagsFromString("--no-flush-bytecode");
for (const words of [
  ["replay", capture],
  ["replay", capture, "--format", "json"],
  ["analyze", `${capture}/goroutine-dump.txt.gz`],
  ["analyze", `${capture}/heap-2.pb.gz`],
]) {
  const code = await runCommand(words, "");
  if (code === 2) throw new Error(`gofire ${words.join(" ")} ended with ${code}`);
}
setFlagsFromString("--flush-bytecode");
// And judging has changed this one (src/commands/analysis.ts).
const [budget] =
  /--interrupt-budget=\d+/.exec(execFileSync(process.execPath, ["--v8-options"], { encoding: "utf8" })) ?? [];
if (budget !== undefined) setFlagsFromString(budget);

for (const [path, script] of scripts) writeFileSync(codeCachePath(path), script.createCachedData());
