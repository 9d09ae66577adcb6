import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Writes one file that plain Node runs: a loader would take a second of each start. */
export async function bundled(program: URL, outfile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(program)],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    // Files beside the tests are found from where the sources are.
    define: { "import.meta.url": JSON.stringify(new URL("bot.ts", import.meta.url).href) },
    banner: {
      js: 'import{createRequire as gofireRequire}from"node:module";const require=gofireRequire(process.execPath);',
    },
    logLevel: "warning",
  });
}
