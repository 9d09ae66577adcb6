/**
 * `npm run build`: compiles src/cli.ts and everything it reaches into dist/.
 * One bundle with lazily loaded chunks, because opening a thousand small files is what makes Node programs slow to
 * start (docs/decisions/0005-start-up-time.md).
 */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve as absolute, dirname } from "node:path";
import { build, transform } from "esbuild";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

const entry = "src/cli.ts";
/** What every command but `--version` begins with. */
const first = "src/terminal.ts";

/**
 * Code that several chunks share gets a chunk of its own for each set of chunks that share it, and `analyze` opened
 * forty of them. Whatever is loaded later, `first` is there by then: with that said in every file that an `import()`
 * names, all that `first` needs is shared by all, and stays in one chunk.
 */
const firstIsThere = {
  name: "first-is-there",
  async setup({ onLoad }) {
    const { inputs } = (
      await build({
        entryPoints: [entry],
        outdir: "dist",
        bundle: true,
        packages: "external",
        platform: "node",
        format: "esm",
        metafile: true,
        write: false,
        logLevel: "error",
      })
    ).metafile;
    const importsOf = (file, kind) =>
      (inputs[file]?.imports ?? [])
        .filter((found) => found.kind === kind && !found.external)
        .map(({ path }) => path);
    const isThere = new Set([first]);
    for (const file of isThere) for (const path of importsOf(file, "import-statement")) isThere.add(path);
    const later = Object.keys(inputs)
      .filter((file) => file !== entry)
      .flatMap((file) => importsOf(file, "dynamic-import"));
    // Of what is there anyway, with all that it needs, an `import()` makes chunks of its own.
    const there = later.filter((file) => isThere.has(file));
    if (there.length > 0)
      throw new Error(`${first} has ${there.join(", ")} already: no import() of it, please`);
    const paths = new Set(later.map((file) => absolute(file)));
    onLoad({ filter: /\.ts$/ }, ({ path }) =>
      paths.has(path)
        ? {
            contents: `${readFileSync(path, "utf8")}\nimport ${JSON.stringify(absolute(first))};`,
            loader: "ts",
          }
        : undefined,
    );
  },
};

/** What every build here takes the code to be for. */
const forNode = { platform: "node", target: "node20.19", logLevel: "warning" };

rmSync("dist", { recursive: true, force: true });
const { outputFiles } = await build({
  ...forNode,
  entryPoints: [entry],
  write: false,
  plugins: [firstIsThere],
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  chunkNames: "chunks/[name]-[hash]",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  // Its page is files of the package, so it is installed anyway; bundled, it would bring a second BullMQ along.
  external: ["@bull-board/*"],
  define: { "process.env.GOFIRE_VERSION": JSON.stringify(version) },
});

/** V8 reads text of one byte per character faster. esbuild escapes all others, but for those in regular expressions. */
const notAscii = /[\u0080-\uffff]/g;

// esbuild splits modules only, and V8 has code caches for scripts only (src/chunk-loader.ts).
const program = absolute("dist/cli.js");
for (const { path, text } of outputFiles) {
  const { code } = await transform(text, {
    ...forNode,
    // What there is to warn of it has said above.
    logLevel: "error",
    format: "cjs",
    minifySyntax: true,
    minifyWhitespace: true,
    supported: { "dynamic-import": false },
    define: { "import.meta.url": "moduleUrl" },
    ...(path === program && {
      banner: '"use strict";require=require("./chunk-loader.js").chunkLoader(__dirname,require).load;',
    }),
  });
  mkdirSync(dirname(path), { recursive: true });
  const ascii = code.replaceAll(notAscii, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  writeFileSync(
    path,
    path === program ? ascii : `(function(module,exports,require,moduleUrl){"use strict";${ascii}})`,
  );
}
writeFileSync("dist/package.json", '{ "type": "commonjs" }\n');
await build({
  ...forNode,
  entryPoints: ["src/chunk-loader.ts"],
  outfile: "dist/chunk-loader.js",
  bundle: true,
  format: "cjs",
  minify: true,
});
chmodSync("dist/cli.js", 0o755);

// A worker thread begins with a file of its own, beside the chunk that starts it.
await build({
  ...forNode,
  entryPoints: ["src/integrations/pictures/raster-worker.mjs"],
  outfile: "dist/chunks/raster-worker.mjs",
  bundle: true,
  format: "esm",
  minify: true,
});

// What is read rather than imported (src/integrations/package-file.ts); its licences go with it.
const { resolve } = createRequire(import.meta.url);
const fonts = "@expo-google-fonts/roboto-condensed";
for (const file of [
  "@resvg/resvg-wasm/index_bg.wasm",
  `${fonts}/500Medium/RobotoCondensed_500Medium.ttf`,
  `${fonts}/700Bold/RobotoCondensed_700Bold.ttf`,
  `${fonts}/LICENSE_FONT`,
]) {
  cpSync(resolve(file), `dist/packages/${file}`);
}
const speedscope = dirname(resolve("speedscope/package.json"));
cpSync(`${speedscope}/dist/release`, "dist/packages/speedscope/dist/release", { recursive: true });
cpSync(`${speedscope}/LICENSE`, "dist/packages/speedscope/LICENSE");

// In a process of its own: with the program's flags, and without its output.
if (existsSync("lab/captures"))
  execFileSync(process.execPath, ["scripts/code-cache.mjs"], { stdio: ["ignore", "ignore", "inherit"] });
else process.stderr.write("lab/captures is not here: built without a code cache, gofire starts slower.\n");
