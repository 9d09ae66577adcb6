import type { GofireConfig } from "../../config/gofire-config.ts";
import { reasonOf } from "../../domain/errors.ts";
import { openConfigWriter } from "../access/config-history.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { DoctorCheck } from "../reply.ts";

const name = "rollback";

/** Whether gofire could push a rollback; nothing is pushed. */
export async function rollbackChecks(
  config: GofireConfig | undefined,
  context: CommandContext,
  ports: Pick<Ports, "configWriters" | "host">,
): Promise<readonly DoctorCheck[]> {
  if (config?.rollback === undefined) return [];
  const { at, branch, push } = config.rollback;
  context.progress("Asking whether a rollback could be pushed…");
  const writer = await openConfigWriter(config.rollback, ports, await ports.host());
  const where = push === "branch" ? `onto ${branch}` : "as branches gofire/rollback-…";
  try {
    await writer.tryPush(context.signal);
    // A server's own rules are only asked once a commit is there.
    const detail = `${writer.name} takes pushes ${where} from gofire, as far as git push --dry-run can tell`;
    return [{ name, state: "ok", detail }];
  } catch (error) {
    context.signal.throwIfAborted();
    const next = `Rollbacks from the chat will be refused until that is mended. (${at})`;
    return [{ name, state: "failed", detail: `${writer.name}: ${reasonOf(error)}`, next }];
  } finally {
    await writer.close();
  }
}
