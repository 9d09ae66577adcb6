import { configGate } from "../../src/commands/access/config-gate.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { auditLogs } from "../../src/integrations/audit-log/logs.ts";
import { gitHistory } from "../../src/integrations/git/history.ts";
import type { OpenGate } from "../../src/jobs/gate/report.ts";
import type { AuditLog } from "../../src/ports/audit-log.ts";
import { type GitRepository, gitRepository } from "../integrations/git-repository.ts";

export const ana = "U0MIRA0001";
export const bo = "U0JONAS002";
export const cy = "U0PRIYA003";

/**
 * A gate of production that two people open, over a repository that is fetched from, and its log; plain values, for any
 * process.
 */
export interface TestGate {
  readonly repository: string;
  /** Where its copy and its log are. */
  readonly state: string;
}

export async function openTestGate({ repository, state }: TestGate): Promise<{
  readonly gate: OpenGate;
  readonly audit: AuditLog;
  close(): Promise<void>;
}> {
  const config = parseConfig(
    `
configHistory: { repository: "file://${repository}", branch: main }
gate: { environments: { prod: { paths: [env/prod], approvals: 2 } } }
people:
  ${ana}: { git: [ana@example.com] }
  ${bo}: { git: [bo@example.com] }
  ${cy}: { git: [cy@example.com] }
`,
    "gofire.yaml",
    "/",
    [],
  );
  const history = gitHistory({ repository: `file://${repository}`, branch: "main" }, state);
  const gate = configGate(config, history);
  if (gate === undefined) throw new Error("no gate");
  const audit = await auditLogs({ userAgent: "gofire/test" }).keep(`${state}/audit`, {
    origin: "gofire.test/audit",
    stateFolder: state,
    at: "gofire.yaml: audit",
  });
  return {
    gate: { ...gate, audit },
    audit,
    async close() {
      await history.close();
      await audit.close();
    },
  };
}

/** Pull requests against a repository of its own, in which ana writes. */
export interface Proposals {
  readonly repository: GitRepository;
  /** Has pull request 42 propose these files. */
  readonly propose: (files: Readonly<Record<string, string>>) => void;
}

export function orderFile(maxActive: number): string {
  return `redis:\n  max_active: ${maxActive}\n  max_idle: 5\n`;
}

export function proposals(): Proposals {
  const repository = gitRepository();
  repository.commit({ "env/prod/order.yaml": orderFile(200) }, { subject: "Begin", atMs: Date.now() });
  const propose = (files: Readonly<Record<string, string>>): void => {
    repository.git(["checkout", "--quiet", "-B", "proposal", "main"]);
    const head = repository.commit(files, { subject: "Smaller pool", atMs: Date.now() });
    repository.git(["update-ref", "refs/pull/42/head", head]);
    repository.git(["checkout", "--quiet", "main"]);
  };
  propose({ "env/prod/order.yaml": orderFile(20) });
  return { repository, propose };
}
