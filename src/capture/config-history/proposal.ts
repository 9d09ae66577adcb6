import { isBelow } from "../../domain/configuration/config-paths.ts";
import type { Proposal, ProposalEnvironment } from "../../domain/configuration/proposal.ts";
import { impactOf } from "../../governance/impact.ts";
import type { ConfigHistory, ProposedEnvironment, ProposedTree } from "../../ports/config-history.ts";
import { comparedFiles } from "./facts.ts";
import { lintedFiles } from "./linted.ts";

/** More is no change that somebody reads before approving it. */
const mostChanges = 200;

/** A proposal by value. `services`: files and folders of each service's configuration by its name. */
export function proposalFacts(
  { environments, ...tree }: ProposedTree,
  { name: repository, branch }: Pick<ConfigHistory, "name" | "branch">,
  services: ReadonlyMap<string, readonly string[]>,
): Proposal {
  return {
    ...tree,
    repository,
    ...(branch === undefined ? {} : { branch }),
    environments: environments.map((environment) => environmentFacts(environment, services)),
  };
}

function environmentFacts(
  { name, digest, was, files, problems }: ProposedEnvironment,
  services: ReadonlyMap<string, readonly string[]>,
): ProposalEnvironment {
  const { changes, uncompared } = comparedFiles({ files, more: 0 });
  const more = Math.max(0, changes.length - mostChanges);
  const tooMany = more > 0 ? [`${changes.length} values change, more than ${mostChanges}: split it`] : [];
  const linted = lintedFiles(files);
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
    uncompared: uncompared.filter(({ file }) => !linted.problems.some((one) => one.startsWith(`${file}:`))),
    services: [...services]
      .filter(([, paths]) => files.some(({ path }) => isBelow(path, paths)))
      .map(([service]) => service),
    problems: [...problems, ...linted.problems, ...tooMany],
    warnings: linted.warnings,
  };
}
