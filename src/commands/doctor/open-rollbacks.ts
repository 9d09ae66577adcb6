import type { GofireConfig } from "../../config/gofire-config.ts";
import { PortError, reasonOf, UsageError } from "../../domain/errors.ts";
import { counted } from "../../domain/units.ts";
import { openConfigWriter } from "../access/config-history.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { DoctorCheck } from "../reply.ts";
import { stateFolder } from "../state-folder.ts";

const name = "open rollbacks";

/**
 * Rollbacks that the audit log has a beginning of and no end, and Redis no record: gofire was to go on with them and cannot.
 * Nothing where none is kept, and nothing is changed.
 */
export async function openRollbackChecks(
  config: GofireConfig | undefined,
  file: string | undefined,
  context: CommandContext,
  ports: Pick<Ports, "auditLogs" | "config" | "configWriters" | "host" | "knownRollbacks">,
): Promise<readonly DoctorCheck[]> {
  if (config?.audit === undefined) return [];
  const { signal } = context;
  const host = await ports.host();
  const [{ auditReport }, { openRollbacks, lostRollbacks }, { lostRollbackWords }] = await Promise.all([
    import("../audit/report.ts"),
    import("../../jobs/rollbacks/open-rollbacks.ts"),
    import("../../render/lost-rollback.ts"),
  ]);
  const words = { key: undefined, config: file };
  const report = await auditReport(undefined, words, context, ports).catch((error: unknown) => {
    signal.throwIfAborted();
    // Said by the check of the log itself.
    if (error instanceof PortError || error instanceof UsageError) return undefined;
    throw error;
  });
  if (report === undefined || report.problems.length > 0) return [];
  const open = openRollbacks(report.entries.map(({ event }) => event));
  if (open.length === 0) return [];
  context.progress("Looking for rollbacks that nobody goes on with…");
  const writer =
    config.rollback === undefined ? undefined : await openConfigWriter(config.rollback, ports, host);
  try {
    const known = await ports.knownRollbacks(
      open.map(({ id }) => id),
      stateFolder(host),
      () => {},
      signal,
    );
    const lost = await lostRollbacks(
      open,
      async (id) => await Promise.resolve(known.has(id)),
      () => writer,
      signal,
    );
    if (lost.length === 0) {
      return [{ name, state: "ok", detail: `${counted(open.length, "rollback")} under way` }];
    }
    return lost.map((one) => {
      const { what, next } = lostRollbackWords(one);
      return { name, state: "failed", detail: what, next };
    });
  } catch (error) {
    signal.throwIfAborted();
    const detail = `${counted(open.length, "rollback")} in the audit log without an end: ${open.map(({ id }) => id).join(", ")}; whether gofire goes on with them is not known: ${reasonOf(error)}`;
    return [{ name, state: "warning", detail, next: "gofire doctor, once Redis answers." }];
  } finally {
    await writer?.close();
  }
}
