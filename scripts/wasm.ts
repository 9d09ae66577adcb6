/**
 * `npm run wasm` compiles src/parsers/goroutine-dump/count-known.as and what it imports to stack-walk-code.ts beside it. A
 * test fails when that is not the code of the sources. The compiler is fetched for it: 100 MB that nothing else needs.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const compiler = "assemblyscript@0.28.20";
const room = "src/parsers/goroutine-dump";
/** The first exports all that the module does. */
const sources = ["count-known", "stack-walk"];
const output = `${room}/stack-walk-code.ts`;

const folder = mkdtempSync(join(tmpdir(), "gofire-wasm-"));
try {
  const hash = createHash("sha256");
  for (const name of sources) {
    copyFileSync(`${room}/${name}.as`, join(folder, `${name}.ts`));
    hash.update(readFileSync(`${room}/${name}.as`));
  }
  const flags = [
    "-O3",
    "--runtime",
    "stub",
    "--enable",
    "simd",
    "--enable",
    "bulk-memory",
    "--use",
    "abort=",
  ];
  execFileSync("npx", ["--yes", "-p", compiler, "asc", `${sources[0]}.ts`, ...flags, "-o", "code.wasm"], {
    cwd: folder,
    stdio: "inherit",
  });
  const code = readFileSync(join(folder, "code.wasm"));
  const lines = code.toString("base64").match(/.{1,100}/g) ?? [];
  writeFileSync(
    output,
    `/** Written by \`npm run wasm\`: what ${compiler} made of ${sources.map((name) => `${name}.as`).join(" and ")}. SHA-256 of these. */
export const stackWalkSource = "${hash.digest("hex")}";

/** A WebAssembly module, base64. */
export const stackWalkCode =
${lines.map((line) => `  "${line}"`).join(" +\n")};
`,
  );
  process.stdout.write(`${output}: ${code.length} bytes of code\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
