import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const { resolve } = createRequire(import.meta.url);

/**
 * Path of a file that an npm package ships and that is read rather than imported, e.g. a font. The build puts what is
 * needed beside the program (scripts/build.mjs); otherwise it is where npm has put it.
 */
export function packageFile(path: string): string {
  const built = fileURLToPath(new URL(`../packages/${path}`, import.meta.url));
  return existsSync(built) ? built : resolve(path);
}
