import { readVerifier, type Verifier } from "../../audit/keys.ts";
import { verifyLog } from "../../audit/verify.ts";
import type { LoggedEvent } from "../../domain/audit/audit-event.ts";
import { PortError, UsageError } from "../../domain/errors.ts";
import type { AuditReport } from "../../render/audit.ts";
import { auditFolder, auditSigning } from "../access/audit-log.ts";
import type { CommandContext, Ports } from "../context.ts";

type ReportPorts = Pick<Ports, "auditLogs" | "config" | "host">;

/** How new the log has to be. */
export interface Freshness {
  /** File of a checkpoint. */
  readonly since?: string | undefined;
  /** A number of entries. */
  readonly "min-size"?: string | undefined;
}

interface ReportWords extends Freshness {
  readonly key: string | undefined;
  readonly config: string | undefined;
}

/** Reads a whole log, this gofire's unless `where` names another. Throws PortError where there is none to be had. */
export async function auditReport(
  where: string | undefined,
  { key, since, "min-size": minSize, config }: ReportWords,
  { signal }: Pick<CommandContext, "signal">,
  ports: ReportPorts,
): Promise<AuditReport & { readonly entries: readonly LoggedEvent[]; readonly note?: string }> {
  const leastSize = readSize(minSize);
  const [logs, host] = await Promise.all([ports.auditLogs(), ports.host()]);
  const verifier = readKey(key ?? (await auditKey(config, ports)));
  const older = since === undefined ? undefined : { name: since, note: await host.readText(since) };
  const files = logs.files(where ?? auditFolder(host));
  try {
    const read = (path: string, mostBytes: number) => files.read(path, mostBytes, signal);
    const verdict = await verifyLog({ read, isOwn: files.isOwn }, verifier, { since: older, leastSize });
    if (verdict === undefined)
      throw new PortError(
        "not-found",
        files.where,
        `There is no audit log at ${files.where}: it has no checkpoint.`,
      );
    const { checkpoint, problems, entries } = verdict;
    return {
      where: files.where,
      key: verifier.text,
      keyFrom: key === undefined ? "own" : "named",
      ...(checkpoint === undefined
        ? {}
        : {
            checkpoint: { size: checkpoint.size, root: Buffer.from(checkpoint.root).toString("base64") },
            note: checkpoint.note,
          }),
      ...(verdict.since === undefined || since === undefined
        ? {}
        : { since: { file: since, size: verdict.since.size } }),
      problems,
      entries,
    };
  } finally {
    await files.close();
  }
}

/** What others check this gofire's log with. Throws UsageError where it keeps none, or none yet. */
export async function auditKey(file: string | undefined, ports: ReportPorts): Promise<string> {
  const [logs, host, config] = await Promise.all([ports.auditLogs(), ports.host(), ports.config(file)]);
  const signing = await auditSigning(config, host);
  if (signing === undefined) {
    throw new UsageError(
      "This gofire keeps no audit log: gofire.yaml has no audit section (docs/guide/audit.md). To check another log, name the key that signed it with --key.",
    );
  }
  const key = await logs.verifierOf(signing);
  if (key !== undefined) return key;
  throw new UsageError(
    `There is no key yet in ${signing.stateFolder}: gofire serve makes it. To check somebody else's log, name theirs with --key.`,
  );
}

function readSize(text: string | undefined): number {
  if (text === undefined) return 0;
  if (!/^\d{1,15}$/.test(text)) {
    throw new UsageError(`--min-size: "${text}" is no number of entries.`, { about: "min-size" });
  }
  return Number(text);
}

function readKey(text: string): Verifier {
  const verifier = readVerifier(text.trim());
  if (typeof verifier === "string") throw new UsageError(`--key: ${verifier}.`, { about: "key" });
  return verifier;
}
