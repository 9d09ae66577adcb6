import { resolve } from "node:path";
import type { GofireConfig } from "../../config/gofire-config.ts";
import type { LoggedEvent } from "../../domain/audit/audit-event.ts";
import type { GatePolicy } from "../../domain/configuration/gate.ts";
import { PortError, reasonOf, UsageError } from "../../domain/errors.ts";
import type { GateReport } from "../../render/config-gate.ts";
import { configuredPaths } from "../access/config-gate.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { Reply } from "../reply.ts";
import { stateFolder } from "../state-folder.ts";
import { revisionNamed } from "./diff.ts";

interface GateWords {
  readonly base: string | undefined;
  readonly head: string | undefined;
  readonly repository: string | undefined;
  readonly environment: string | undefined;
  readonly config: string | undefined;
  readonly log: string | undefined;
  readonly key: string | undefined;
}

type GatePorts = Pick<Ports, "configHistories" | "host" | "config" | "clock" | "auditLogs">;

/** Where a proposal stands at the gate, computed from a checkout and from the audit log. */
export async function configGate(
  { base, head, repository = ".", environment, config: file, log, key }: GateWords,
  context: CommandContext,
  ports: GatePorts,
): Promise<Reply> {
  if (base === undefined || head === undefined || file === undefined) {
    throw new UsageError(
      "Which change, and whose rules? For example: gofire config gate --base origin/main --head HEAD --config /etc/gofire/gofire.yaml",
    );
  }
  if ((log === undefined) !== (key === undefined)) {
    throw new UsageError(
      "--log needs --key and --key needs --log: gofire audit key prints the key, keep it with the rules.",
    );
  }
  if (`${resolve(file)}/`.startsWith(`${resolve(repository)}/`)) {
    throw new UsageError(
      `${file} is in the repository, where the change itself could have altered it. Take it from before the change: git show ${base}:gofire.yaml > FILE, elsewhere, and name that.`,
    );
  }
  const [{ proposalFacts }, { evaluate }, histories, host, config, clock] = await Promise.all([
    import("../../capture/config-history/proposal.ts"),
    import("../../governance/gate.ts"),
    ports.configHistories(),
    ports.host(),
    ports.config(file),
    ports.clock(),
  ]);
  const policies = policiesOf(config, file, environment);
  const history = histories.open({ repository }, stateFolder(host));
  try {
    const { signal } = context;
    const tip = await revisionNamed(base, history, signal);
    const environments = new Map(policies.map((policy) => [policy.environment, policy.paths]));
    const found = await history.proposal({ name: head, tip: tip.revision, environments }, signal);
    if ("candidates" in found) {
      throw new UsageError(
        `${JSON.stringify(head)} may be any of these, name one: ${found.candidates.join(", ")}`,
      );
    }
    const where = { name: history.name, branch: base };
    const proposal = await proposalFacts(found, where, configuredPaths(config), signal);
    const statesBy = (entries: readonly LoggedEvent[]) =>
      policies.map((policy) =>
        evaluate({ proposal, policy, people: config?.people ?? new Map(), entries, nowMs: clock.nowMs() }),
      );
    const states = statesBy([]);
    // What nobody needs to approve is not held up by a log that is not there.
    if (log === undefined || key === undefined || !states.some(({ verdict }) => verdict === "waiting")) {
      return { kind: "config-gate", report: { proposal, states } };
    }
    const read = await readLog(log, key, context, ports);
    return {
      kind: "config-gate",
      report: { proposal, states: statesBy(read.entries), log: read.log },
    };
  } finally {
    await history.close();
  }
}

/** Of a log that does not verify, or cannot be had, there are no entries. */
async function readLog(
  where: string,
  key: string,
  context: CommandContext,
  ports: GatePorts,
): Promise<{
  readonly entries: readonly LoggedEvent[];
  readonly log: NonNullable<GateReport["log"]>;
}> {
  const { auditReport } = await import("../audit/report.ts");
  try {
    const words = { key, since: undefined, config: undefined };
    const { problems, checkpoint, entries } = await auditReport(where, words, context, ports);
    if (problems.length > 0 || checkpoint === undefined) {
      const said = problems.map(({ file, what }) => `${file} ${what}`);
      return { entries: [], log: { where, problems: said.length > 0 ? said : ["it has no checkpoint"] } };
    }
    return { entries, log: { where, size: checkpoint.size, problems: [] } };
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    return { entries: [], log: { where, problems: [reasonOf(error)] } };
  }
}

function policiesOf(
  config: GofireConfig | undefined,
  file: string,
  only: string | undefined,
): readonly GatePolicy[] {
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
