/**
 * `npm run wasm` compiles src/parsers/goroutine-dump/stack-walk.as to stack-walk-code.ts beside it. A test fails when
 * that is not the code of the source. The compiler is fetched for it: 100 MB that nothing else needs.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const compiler = "assemblyscript@0.28.20";
const source = "src/parsers/goroutine-dump/stack-walk.as";
const output = "src/parsers/goroutine-dump/stack-walk-code.ts";

const folder = mkdtempSync(join(tmpdir(), "gofire-wasm-"));
try {
  copyFileSync(source, join(folder, "stack-walk.ts"));
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
  execFileSync("npx", ["--yes", "-p", compiler, "asc", "stack-walk.ts", ...flags, "-o", "stack-walk.wasm"], {
    cwd: folder,
    stdio: "inherit",
  });
  const code = readFileSync(join(folder, "stack-walk.wasm"));
  const lines = code.toString("base64").match(/.{1,100}/g) ?? [];
  const hash = createHash("sha256").update(readFileSync(source)).digest("hex");
  writeFileSync(
    output,
    `/** Written by \`npm run wasm\`: stack-walk.as as compiled by ${compiler}. SHA-256 of the source it was made from. */
export const stackWalkSource = "${hash}";

/** A WebAssembly module, base64. */
export const stackWalkCode =
${lines.map((line) => `  "${line}"`).join(" +\n")};
`,
  );
  process.stdout.write(`${output}: ${code.length} bytes of code\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
