import { resolve } from "node:path";
import type { GofireConfig } from "../config/gofire-config.ts";
import { UsageError } from "../domain/errors.ts";
import type { GateReport } from "../render/config-gate.ts";
import type { CommandContext, Ports } from "./context.ts";
import type { Reply } from "./reply.ts";
import { stateFolder } from "./state-folder.ts";

interface GateWords {
  readonly base: string | undefined;
  readonly head: string | undefined;
  readonly repository: string | undefined;
  readonly environment: string | undefined;
  readonly config: string | undefined;
}

/** Where a proposal stands at the gate, computed from a checkout. */
export async function configGate(
  { base, head, repository = ".", environment, config: file }: GateWords,
  { signal }: CommandContext,
  ports: Pick<Ports, "configHistories" | "host" | "config" | "clock">,
): Promise<Reply> {
  if (base === undefined || head === undefined || file === undefined) {
    throw new UsageError(
      "Which change, and whose rules? For example: gofire config gate --base origin/main --head HEAD --config /etc/gofire/gofire.yaml",
    );
  }
  if (`${resolve(file)}/`.startsWith(`${resolve(repository)}/`)) {
    throw new UsageError(
      `${file} is in the repository, where the change itself could have altered it. Take it from before the change: git show ${base}:gofire.yaml > FILE, elsewhere, and name that.`,
    );
  }
  const [{ proposalFacts }, { evaluate }, histories, host, config, clock] = await Promise.all([
    import("../capture/config-history/proposal.ts"),
    import("../governance/gate.ts"),
    ports.configHistories(),
    ports.host(),
    ports.config(file),
    ports.clock(),
  ]);
  const policies = policiesOf(config, file, environment);
  const history = histories.open({ repository }, stateFolder(host));
  try {
    const tip = await history.find(base, signal);
    if (!("revision" in tip)) throw noSuch(base, tip.candidates, history.name);
    const environments = new Map(policies.map((policy) => [policy.environment, policy.paths]));
    const found = await history.proposal({ name: head, tip: tip.revision, environments }, signal);
    if ("candidates" in found) throw noSuch(head, found.candidates, history.name);
    const proposal = proposalFacts(found, { name: history.name, branch: base }, servicesOf(config));
    const states = policies.map((policy) =>
      evaluate({ proposal, policy, people: config?.people ?? new Map(), entries: [], nowMs: clock.nowMs() }),
    );
    const report: GateReport = { proposal, states };
    return { kind: "config-gate", report };
  } finally {
    await history.close();
  }
}

function policiesOf(config: GofireConfig | undefined, file: string, only: string | undefined) {
  const policies = config?.gate?.environments ?? [];
  if (policies.length === 0) {
    throw new UsageError(
      `${file} has no section "gate", which says what a change needs and for which files.`,
    );
  }
  const chosen = policies.filter(({ environment }) => only === undefined || environment === only);
  if (chosen.length > 0) return chosen;
  const names = policies.map((policy) => policy.environment).join(", ");
  throw new UsageError(`${file} has no environment ${JSON.stringify(only)} under "gate". It has: ${names}.`);
}

function servicesOf(config: GofireConfig | undefined): ReadonlyMap<string, readonly string[]> {
  return new Map(
    Object.entries(config?.services ?? {}).flatMap(([name, { configPaths }]) =>
      configPaths === undefined ? [] : [[name, configPaths] as const],
    ),
  );
}

function noSuch(name: string, candidates: readonly string[], where: string): UsageError {
  return new UsageError(
    candidates.length === 0
      ? `There is no revision ${JSON.stringify(name)} in ${where}: name a tag, a branch, a commit, or how one of them begins.`
      : `${JSON.stringify(name)} may be any of these, name one: ${candidates.join(", ")}`,
  );
}
