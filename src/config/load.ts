import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode, reasonOf, UsageError } from "../domain/errors.ts";
import { exampleFile } from "./example-file.ts";
import type { GofireConfig } from "./gofire-config.ts";
import { ConfigError } from "./mistake.ts";
import type { KnownRule } from "./rule-limits.ts";

const usualNames = ["gofire.yaml", "gofire.yml"] as const;

/**
 * Reads `file`, or `gofire.yaml` (or `gofire.yml`) in `folder` when no file is named; undefined when there is none.
 * `rules` gives all rules there are: thresholds are checked against them.
 *
 * Throws ConfigError for mistakes in the file, UsageError when it is not there or cannot be read.
 */
export async function loadConfig(
  file: string | undefined,
  rules: () => Promise<readonly KnownRule[]>,
  folder: string = process.cwd(),
): Promise<GofireConfig | undefined> {
  if (file !== undefined) {
    const bytes = await bytesOf(file);
    if (bytes === undefined)
      throw new UsageError(
        `There is no file ${file}. Name another one, or begin with: cp ${exampleFile()} ${file}`,
      );
    return await parsed(textOf(bytes, file), file, dirname(file), rules);
  }
  for (const name of usualNames) {
    const bytes = await bytesOf(join(folder, name));
    if (bytes !== undefined) return await parsed(textOf(bytes, name), name, folder, rules);
  }
  return undefined;
}

/** The schema is loaded only where there is a file: it takes as long as judging a profile. */
async function parsed(
  text: string,
  file: string,
  folder: string,
  rules: () => Promise<readonly KnownRule[]>,
): Promise<GofireConfig> {
  const { parseConfig } = await import("./parse.ts");
  return parseConfig(text, file, folder, await rules());
}

async function bytesOf(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT") return undefined;
    const why = code === "EISDIR" ? "it is a folder" : code === "EACCES" ? "no permission" : reasonOf(error);
    throw new UsageError(`${path} cannot be read: ${why}.`);
  }
}

function textOf(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError(file, [{ line: 1, column: 1, message: "the file is not UTF-8 text" }]);
  }
}
