import type { GofireConfig } from "../../config/gofire-config.ts";
import type { LoggedEvent } from "../../domain/audit/audit-event.ts";
import type { GatePolicy } from "../../domain/configuration/gate.ts";
import { isOnePlace, publicAddress } from "../../domain/configuration/git-address.ts";
import { PortError, reasonOf, UsageError } from "../../domain/errors.ts";
import type { ConfigHistory } from "../../ports/config-history.ts";
import type { GateReport } from "../../render/config-gate.ts";
import { configuredPaths } from "../access/config-gate.ts";
import type { Freshness } from "../audit/report.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { Reply } from "../reply.ts";
import { stateFolder } from "../state-folder.ts";
import { revisionNamed } from "./diff.ts";

interface GateWords extends Freshness {
  readonly base: string | undefined;
  readonly head: string | undefined;
  readonly repository: string | undefined;
  readonly environment: string | undefined;
  readonly config: string | undefined;
  readonly log: string | undefined;
  readonly key: string | undefined;
  readonly "known-as": string | undefined;
}

type GatePorts = Pick<Ports, "configHistories" | "host" | "config" | "clock" | "auditLogs">;

/** Where a proposal stands at the gate, computed from a checkout and from the audit log. */
export async function configGate(
  words: GateWords,
  context: CommandContext,
  ports: GatePorts,
): Promise<Reply> {
  const { base, head, repository = ".", environment, config: file, log, key, since } = words;
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
  if (log === undefined && (since ?? words["min-size"]) !== undefined) {
    throw new UsageError("--since and --min-size say how new the audit log has to be: name it with --log.");
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
  const { signal } = context;
  try {
    for (const trusted of [file, ...(since === undefined ? [] : [since])]) {
      if (await history.holds(trusted, signal)) throw new UsageError(alterable(trusted, file, base));
    }
    const name = log === undefined ? history.name : await nameOf(history, config, words, signal);
    const tip = await revisionNamed(base, history, signal);
    const environments = new Map(policies.map((policy) => [policy.environment, policy.paths]));
    const found = await history.proposal({ name: head, tip: tip.revision, environments }, signal);
    if ("candidates" in found) {
      throw new UsageError(
        `${JSON.stringify(head)} may be any of these, name one: ${found.candidates.join(", ")}`,
      );
    }
    const where = { name, branch: base };
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
    const read = await readLog(log, key, words, context, ports);
    return {
      kind: "config-gate",
      report: { proposal, states: statesBy(read.entries), log: read.log },
    };
  } finally {
    await history.close();
  }
}

function alterable(trusted: string, rules: string, base: string): string {
  const inside = `${trusted} is in the repository, where the change itself could have altered it.`;
  return trusted === rules
    ? `${inside} Take it from before the change: git show ${base}:gofire.yaml > FILE, elsewhere, and name that.`
    : `${inside} Keep checkpoints elsewhere, and name that.`;
}

/**
 * What approvals call the repository. Files of two repositories can be the same, and who approved one of them did not look at
 * the other. Throws UsageError where nobody says it, or the checkout comes from elsewhere.
 */
async function nameOf(
  history: ConfigHistory,
  config: GofireConfig | undefined,
  { "known-as": knownAs, config: file = "" }: GateWords,
  signal: AbortSignal,
): Promise<string> {
  if (knownAs !== undefined) return publicAddress(knownAs);
  const configured = config?.configHistory?.repository;
  if (configured === undefined) {
    throw new UsageError(
      `Whose approvals count here? ${file} names no repository under configHistory. Write it there, or name it as gofire's own gofire.yaml does: --known-as https://git.example.com/shop/config.git`,
    );
  }
  const name = publicAddress(configured);
  const origin = await history.origin(signal);
  if (origin !== undefined && !isOnePlace(origin, name)) {
    throw new UsageError(
      `This checkout comes from ${origin}, and ${file} is about ${name}, whose approvals do not count for another repository. If both are one, say so: --known-as ${name}`,
    );
  }
  return name;
}

/** Of a log that does not verify, or cannot be had, there are no entries. */
async function readLog(
  where: string,
  key: string,
  { since, "min-size": minSize }: Freshness,
  context: CommandContext,
  ports: GatePorts,
): Promise<{
  readonly entries: readonly LoggedEvent[];
  readonly log: NonNullable<GateReport["log"]>;
}> {
  const { auditReport } = await import("../audit/report.ts");
  try {
    const words = { key, since, "min-size": minSize, config: undefined };
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
