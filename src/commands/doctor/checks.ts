import type { CommandContext, Ports } from "../context.ts";
import type { DoctorCheck } from "../reply.ts";
import { alertChecks } from "./alerts.ts";
import { artifactChecks } from "./artifacts.ts";
import { auditChecks } from "./audit.ts";
import { chatChecks } from "./chat.ts";
import { configHistoryChecks } from "./config-history.ts";
import { gateChecks } from "./gate.ts";
import { configCheck, machineChecks } from "./machine.ts";
import { openRollbackChecks } from "./open-rollbacks.ts";
import { prometheusChecks } from "./prometheus.ts";
import { queueChecks } from "./queue.ts";
import { rollbackChecks } from "./rollback.ts";
import { secretChecks } from "./secrets.ts";
import { targetChecks } from "./targets.ts";

/** Every check, in the order in which they are told. `file`: of the configuration. `offline`: asks nobody. */
export async function allChecks(
  { file, offline }: { readonly file: string | undefined; readonly offline: boolean },
  context: CommandContext,
  ports: Ports,
): Promise<readonly DoctorCheck[]> {
  const checks = [...(await machineChecks(context, ports))];
  const { check, config } = await configCheck(file, ports);
  checks.push(check);
  checks.push(...(await alertChecks(config, ports)));
  checks.push(...(await secretChecks(config, ports)));
  checks.push(...gateChecks(config));
  checks.push(...(await auditChecks(config, file, context, ports)));
  if (offline) return checks;
  checks.push(...(await chatChecks(config, context, ports)));
  checks.push(...(await queueChecks(config, context, ports)));
  checks.push(...(await artifactChecks(config, context, ports)));
  checks.push(...(await prometheusChecks(config, context, ports)));
  checks.push(...(await configHistoryChecks(config, context, ports)));
  checks.push(...(await rollbackChecks(config, context, ports)));
  checks.push(...(await openRollbackChecks(config, file, context, ports)));
  if (config !== undefined) checks.push(...(await targetChecks(config, context, ports)));
  return checks;
}
