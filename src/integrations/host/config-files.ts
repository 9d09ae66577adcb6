import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ConfigFiles, NamedFile } from "../../ports/config-files.ts";
import { diskError } from "../disk-error.ts";

/** Larger ones are no configuration, and are not read: kubernetes.io/docs/concepts/configuration/configmap allows 1 MiB. */
const largestBytes = 4 << 20;

/** Files on this machine's disk. */
export const configFiles: ConfigFiles = {
  async *read(paths, wanted, signal) {
    for (const path of paths) yield* below(path, wanted, signal);
  },
};

async function* below(
  path: string,
  wanted: (path: string) => boolean,
  signal: AbortSignal,
): AsyncGenerator<NamedFile> {
  signal.throwIfAborted();
  try {
    const looked = await stat(path);
    if (looked.isDirectory()) {
      const entries = await readdir(path, { withFileTypes: true });
      const within = entries.filter((entry) =>
        entry.isDirectory() ? !entry.name.startsWith(".") : entry.isFile() && wanted(entry.name),
      );
      for (const { name } of within.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
        yield* below(join(path, name), wanted, signal);
      }
      return;
    }
    if (!looked.isFile()) yield { path, state: { unread: "it is no file" } };
    else if (looked.size > largestBytes) yield { path, state: { unread: "it is larger than 1 MiB" } };
    else yield { path, state: await readFile(path) };
  } catch (error) {
    signal.throwIfAborted();
    yield { path, state: { unread: diskError(error, path).message } };
  }
}
