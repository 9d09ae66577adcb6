/**
 * How the built program loads its chunks: as scripts, which begin with what V8 compiled of them when the program was
 * built. Modules cannot (docs/decisions/0044-code-cache.md).
 */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Script } from "node:vm";

/** What scripts/build.mjs writes around each chunk. */
type Chunk = (module: { exports: unknown }, exports: unknown, load: Load, url: string) => void;

type Load = (id: string) => unknown;

/**
 * @param folder that relative names are in
 * @param requirePackage loads everything else: packages, and Node's own modules
 * @returns the require() of a file in `folder`, and the scripts that were loaded with it, by their paths
 */
export function chunkLoader(folder: string, requirePackage: Load) {
  const scripts = new Map<string, Script>();
  const modules = new Map<string, { exports: unknown }>();

  function loadChunk(path: string): unknown {
    const known = modules.get(path);
    // Of chunks that need each other, one finds the other's exports before they have values, as with modules.
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    modules.set(path, module);
    // It is ASCII.
    const source = readFileSync(path, "latin1");
    const cachedData = codeCache(path);
    const script = new Script(source, { filename: path, ...(cachedData !== undefined && { cachedData }) });
    scripts.set(path, script);
    const chunk = script.runInThisContext() as Chunk;
    chunk(module, module.exports, loadFrom(dirname(path)), pathToFileURL(path).href);
    return module.exports;
  }

  function loadFrom(where: string): Load {
    return (id) => (id.startsWith(".") ? loadChunk(resolve(where, id)) : requirePackage(id));
  }

  return { load: loadFrom(folder), scripts };
}

/** Where what this Node compiled of the chunk at `path` lies. V8 refuses what another version, or other flags, made. */
export function codeCachePath(path: string): string {
  return `${path}.${process.version}-${process.arch}.cache`;
}

function codeCache(path: string): Buffer | undefined {
  try {
    return readFileSync(codeCachePath(path));
  } catch {
    return undefined;
  }
}
