import { UsageError } from "../../domain/errors.ts";
import type { LintedFile } from "../../render/config-lint.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { Reply } from "../reply.ts";

/** Where readers of configuration files could differ, by file. */
export async function configLint(
  paths: readonly string[],
  { signal }: CommandContext,
  ports: Pick<Ports, "configFiles">,
): Promise<Reply> {
  if (paths.length === 0) {
    throw new UsageError("Which files or folders? For example: gofire config lint env/prod");
  }
  const [{ documentFormats, isDocumentName }, { lintDocument }, files] = await Promise.all([
    import("../../governance/document.ts"),
    import("../../governance/lint.ts"),
    ports.configFiles(),
  ]);
  const linted: LintedFile[] = [];
  for await (const { path, state } of files.read(paths, isDocumentName, signal)) {
    if ("unread" in state) linted.push({ file: path, unread: state.unread, problems: [] });
    else if (isDocumentName(path)) linted.push({ file: path, problems: lintDocument(path, state) });
    else {
      const unread = `it is no ${documentFormats} by its name`;
      linted.push({ file: path, unread, problems: [] });
    }
  }
  if (linted.length === 0) {
    throw new UsageError(`There is no ${documentFormats} in ${paths.join(", ")}.`);
  }
  return { kind: "config-lint", files: linted };
}
