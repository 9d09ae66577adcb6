import { existsSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const name = "gofire.example.yaml";

/**
 * The example that this gofire came with, as `cp` finds it from the working directory: below it relative, else absolute.
 * Its name alone where there is none beside the program.
 */
export function exampleFile(folder: string = process.cwd()): string {
  const file = shipped(dirname(fileURLToPath(import.meta.url)));
  if (file === undefined) return name;
  const near = relative(folder, file);
  return near.startsWith(`..${sep}`) ? file : near;
}

/** In the folder of the package, which is above this file in src/ as in dist/. */
function shipped(folder: string): string | undefined {
  const file = join(folder, name);
  if (existsSync(file)) return file;
  const above = dirname(folder);
  return above === folder ? undefined : shipped(above);
}
