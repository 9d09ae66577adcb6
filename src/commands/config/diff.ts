import { UsageError } from "../../domain/errors.ts";
import type { ConfigHistory } from "../../ports/config-history.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { Reply } from "../reply.ts";
import { stateFolder } from "../state-folder.ts";

interface DiffWords {
  readonly base: string | undefined;
  readonly head: string | undefined;
  readonly repository: string | undefined;
}

/** Compares what configuration files say in two revisions of a repository. */
export async function configDiff(
  paths: readonly string[],
  { base, head, repository = "." }: DiffWords,
  { signal }: CommandContext,
  ports: Pick<Ports, "configHistories" | "host">,
): Promise<Reply> {
  if (base === undefined || head === undefined) {
    throw new UsageError(
      "Which revisions? For example: gofire config diff --base v20240501-prod --head main",
    );
  }
  const [{ comparedFiles }, histories, host] = await Promise.all([
    import("../../capture/config-history/facts.ts"),
    ports.configHistories(),
    ports.host(),
  ]);
  const history = histories.open({ repository }, stateFolder(host));
  try {
    const was = await revisionNamed(base, history, signal);
    const now = await revisionNamed(head, history, signal);
    const touched = await history.between(was.revision, now.revision, paths, signal);
    return {
      kind: "config-diff",
      diff: { repository: history.name, base: was, head: now, ...comparedFiles(touched) },
    };
  } finally {
    await history.close();
  }
}

/** Throws UsageError with what the name may be where that is not one revision. */
export async function revisionNamed(
  name: string,
  history: ConfigHistory,
  signal: AbortSignal,
): Promise<{ readonly name: string; readonly revision: string }> {
  const found = await history.find(name, signal);
  if ("revision" in found) return { name: found.name, revision: found.revision };
  const { candidates } = found;
  throw new UsageError(
    candidates.length === 0
      ? `There is no revision ${JSON.stringify(name)} in ${history.name}: name a tag, a branch, a commit, or how one of them begins.`
      : `${JSON.stringify(name)} may be any of these, name one: ${candidates.join(", ")}`,
  );
}
