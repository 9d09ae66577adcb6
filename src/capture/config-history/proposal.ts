import type { ConfigChange, UncomparedFile } from "../../domain/configuration/config-change.ts";
import { isBelow } from "../../domain/configuration/config-paths.ts";
import type { Proposal, ProposalEnvironment } from "../../domain/configuration/proposal.ts";
import { impactOf } from "../../governance/impact.ts";
import type { ConfigHistory, ProposedEnvironment, ProposedTree } from "../../ports/config-history.ts";
import { nextTurn } from "../next-turn.ts";
import { comparedFiles, documentBytes, mostComparedBytes, untoldIn } from "./facts.ts";
import { lintedFiles } from "./linted.ts";

/** More is no change that somebody reads before approving it. */
const mostChanges = 200;

/**
 * A proposal by value. `services`: files and folders of each service's configuration by its name. Between its files others
 * have their turn: who proposes something could otherwise stop all that the process does. Throws the signal's reason.
 */
export async function proposalFacts(
  { environments, ...tree }: ProposedTree,
  { name: repository, branch }: Pick<ConfigHistory, "name" | "branch">,
  services: ReadonlyMap<string, readonly string[]>,
  signal: AbortSignal,
): Promise<Proposal> {
  const facts: ProposalEnvironment[] = [];
  for (const environment of environments) facts.push(await environmentFacts(environment, services, signal));
  return { ...tree, repository, ...(branch === undefined ? {} : { branch }), environments: facts };
}

async function environmentFacts(
  { name, digest, was, files, problems }: ProposedEnvironment,
  services: ReadonlyMap<string, readonly string[]>,
  signal: AbortSignal,
): Promise<ProposalEnvironment> {
  const bytes = files.reduce((sum, file) => sum + documentBytes(file), 0);
  const isTooMuch = bytes > mostComparedBytes;
  const tooMuch = isTooMuch
    ? [
        `its documents that change have more than ${mostComparedBytes >> 20} MiB, before and after together: split it`,
      ]
    : [];
  const { changes, uncompared, linted } = isTooMuch ? nothingRead : await lookedThrough(files, signal);
  const more = Math.max(0, changes.length - mostChanges);
  const tooMany = more > 0 ? [`${changes.length} values change, more than ${mostChanges}: split it`] : [];
  return {
    name,
    digest,
    was,
    changes: changes.slice(0, mostChanges).map((change) => {
      const impact = impactOf(change);
      return impact === undefined ? change : { ...change, impact };
    }),
    more,
    // What is wrong with the others is a problem already.
    uncompared: [
      ...uncompared.filter(({ file }) => !linted.problems.some((one) => one.startsWith(`${file}:`))),
      ...untoldIn(changes),
    ],
    services: [...services]
      .filter(([, paths]) => files.some(({ path }) => isBelow(path, paths)))
      .map(([service]) => service),
    problems: [...problems, ...linted.problems, ...tooMany, ...tooMuch],
    warnings: linted.warnings,
  };
}

const nothingRead = { changes: [], uncompared: [], linted: { problems: [], warnings: [] } } as const;

async function lookedThrough(files: ProposedEnvironment["files"], signal: AbortSignal) {
  const changes: ConfigChange[] = [];
  const uncompared: UncomparedFile[] = [];
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const file of files) {
    await turnOfOthers(signal);
    const compared = comparedFiles({ files: [file], more: 0 });
    await turnOfOthers(signal);
    const linted = lintedFiles([file]);
    changes.push(...compared.changes);
    uncompared.push(...compared.uncompared);
    problems.push(...linted.problems);
    warnings.push(...linted.warnings);
  }
  return { changes, uncompared, linted: { problems, warnings } };
}

async function turnOfOthers(signal: AbortSignal): Promise<void> {
  await nextTurn();
  signal.throwIfAborted();
}
