import type { GofireConfig } from "../../config/gofire-config.ts";
import { PortError, reasonOf } from "../../domain/errors.ts";
import { counted } from "../../domain/units.ts";
import { auditSigning } from "../access/audit-log.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { DoctorCheck } from "../reply.ts";

const name = "audit";

/** Whether the audit log verifies, what others check it with, and whether all processes can keep the same one. */
export async function auditChecks(
  config: GofireConfig | undefined,
  file: string | undefined,
  context: CommandContext,
  ports: Pick<Ports, "auditLogs" | "config" | "host">,
): Promise<readonly DoctorCheck[]> {
  if (config?.audit === undefined) return [];
  const host = await ports.host();
  try {
    const signing = await auditSigning(config, host);
    const key = signing === undefined ? undefined : await (await ports.auditLogs()).verifierOf(signing);
    if (key === undefined)
      return [{ name, state: "ok", detail: `${config.audit.origin}: gofire serve begins it` }];
    const { auditReport } = await import("../audit/report.ts");
    const words = { key: undefined, config: file };
    const { checkpoint, problems } = await auditReport(undefined, words, context, ports);
    const [problem] = problems;
    if (problem !== undefined) {
      const next = "Nothing can be approved or rolled back until it verifies. docs/guide/audit.md";
      return [
        {
          name,
          state: "failed",
          detail: `the audit log does not verify: ${problem.file} ${problem.what}`,
          next,
        },
      ];
    }
    const here =
      config.artifacts.place.kind === "s3"
        ? "; on this machine's disk, so approvals and rollbacks work here and on no other machine"
        : "";
    const detail = `${counted(checkpoint?.size ?? 0, "entry", "entries")}, all verified${here}; others check them with ${key}`;
    return [{ name, state: "ok", detail }];
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof PortError && error.code === "not-found")
      return [{ name, state: "ok", detail: `${config.audit.origin}: gofire serve begins it` }];
    const next = "Nothing can be approved or rolled back until that is mended. docs/guide/audit.md";
    return [{ name, state: "failed", detail: reasonOf(error), next }];
  }
}
