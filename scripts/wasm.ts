/**
 * `npm run wasm` compiles the sources in AssemblyScript to the modules beside them. Tests fail when a module is not the code
 * of its sources. The compiler is fetched for it: 100 MB that nothing else needs.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const compiler = "assemblyscript@0.28.20";
/** The first of the sources exports all that the module does. */
const modules = [
  { room: "src/parsers/goroutine-dump", sources: ["count-known", "stack-walk"], module: "stackWalk" },
  { room: "src/parsers/pprof", sources: ["read-fields"], module: "readFields" },
];

const flags = ["-O3", "--runtime", "stub", "--enable", "simd", "--enable", "bulk-memory", "--use", "abort="];

for (const { room, sources, module } of modules) {
  const folder = mkdtempSync(join(tmpdir(), "gofire-wasm-"));
  try {
    const hash = createHash("sha256");
    for (const name of sources) {
      copyFileSync(`${room}/${name}.as`, join(folder, `${name}.ts`));
      hash.update(readFileSync(`${room}/${name}.as`));
    }
    execFileSync("npx", ["--yes", "-p", compiler, "asc", `${sources[0]}.ts`, ...flags, "-o", "code.wasm"], {
      cwd: folder,
      stdio: "inherit",
    });
    const code = readFileSync(join(folder, "code.wasm"));
    const lines = code.toString("base64").match(/.{1,100}/g) ?? [];
    const output = `${room}/${module.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}-code.ts`;
    writeFileSync(
      output,
      `/** Written by \`npm run wasm\`: what ${compiler} made of ${sources.map((name) => `${name}.as`).join(" and ")}. SHA-256 of it. */
export const ${module}Source = "${hash.digest("hex")}";

/** A WebAssembly module, base64. */
export const ${module}Code =
${lines.map((line) => `  "${line}"`).join(" +\n")};
`,
    );
    process.stdout.write(`${output}: ${code.length} bytes of code\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
