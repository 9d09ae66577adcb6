import type { GofireConfig } from "../../config/gofire-config.ts";
import { reasonOf } from "../../domain/errors.ts";
import { counted } from "../../domain/units.ts";
import { openConfigHistory } from "../access/config-history.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { DoctorCheck } from "../reply.ts";

const name = "config history";
const dayMs = 86_400_000;
const monthMs = 30 * dayMs;

/** Whether the repository of gofire.yaml answers, and whether the paths of each service are there. */
export async function configHistoryChecks(
  config: GofireConfig | undefined,
  context: CommandContext,
  ports: Pick<Ports, "clock" | "configHistories" | "host">,
): Promise<readonly DoctorCheck[]> {
  if (config?.configHistory === undefined) return [];
  const { at, repository } = config.configHistory;
  const { signal } = context;
  const services = Object.entries(config.services).flatMap(([service, { configPaths }]) =>
    configPaths === undefined ? [] : [{ service, paths: configPaths }],
  );
  if (services.length === 0) {
    const detail = `no service says which files of ${repository} are its`;
    return [{ name, state: "warning", detail, next: `Add config: [PATH] to services. (${at})` }];
  }
  context.progress(`Asking ${repository} what changed…`);
  const [clock, host] = await Promise.all([ports.clock(), ports.host()]);
  const history = await openConfigHistory(config.configHistory, ports, host);
  try {
    const untilMs = clock.nowMs();
    const checks: DoctorCheck[] = [];
    for (const { service, paths } of services) {
      const found = await history.changes({ paths, sinceMs: untilMs - monthMs, untilMs }, signal);
      const [note] = found.notes;
      const said = `${history.name}: ${counted(found.revisions.length, "change")} of ${service} within 30 days`;
      checks.push(
        note === undefined
          ? { name, state: "ok", detail: said }
          : {
              name,
              state: "warning",
              detail: `${said}. ${note}`,
              next: "Give gofire a whole clone it can reach.",
            },
      );
    }
    return checks;
  } catch (error) {
    signal.throwIfAborted();
    const detail = `${history.name}: ${reasonOf(error)}`;
    const next = `Cards will not say which config changed until it answers. (${at})`;
    return [{ name, state: "failed", detail, next }];
  } finally {
    await history.close();
  }
}
