/**
 * `npm run build`: compiles src/cli.ts and everything it reaches into dist/.
 * One bundle with lazily loaded chunks, because opening a thousand small files is what makes Node programs slow to
 * start (docs/decisions/0005-start-up-time.md).
 */
import { chmodSync, readFileSync, rmSync } from "node:fs";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints: ["src/cli.ts"],
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  chunkNames: "chunks/[name]-[hash]",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  define: { "process.env.GOFIRE_VERSION": JSON.stringify(version) },
  // Bundled CommonJS packages ask for Node's own modules with require().
  banner: {
    js: 'import{createRequire as gofireRequire}from"node:module";const require=gofireRequire(import.meta.url);',
  },
  logLevel: "warning",
});
chmodSync("dist/cli.js", 0o755);
