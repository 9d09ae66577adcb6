import type { GofireConfig } from "../../config/gofire-config.ts";
import type { AuditLog, AuditSigning } from "../../ports/audit-log.ts";
import type { Host } from "../../ports/host.ts";
import type { Ports } from "../context.ts";
import { stateFolder } from "../state-folder.ts";
import { readSecret } from "./secret.ts";

/** Where the log of this gofire is. */
export function auditFolder(host: Host): string {
  return `${stateFolder(host)}/audit`;
}

/** How gofire.yaml has the log signed; undefined where it has none. Throws UsageError for a key that is not there. */
export async function auditSigning(
  config: GofireConfig | undefined,
  host: Host,
): Promise<AuditSigning | undefined> {
  if (config?.audit === undefined) return undefined;
  const { at, origin, key } = config.audit;
  return {
    at,
    origin,
    stateFolder: stateFolder(host),
    ...(key === undefined ? {} : { pem: await readSecret(key, host, at) }),
  };
}

/** The log that gofire.yaml wants kept; the caller closes it. Throws UsageError for a key that cannot be used. */
export async function openAuditLog(
  config: GofireConfig | undefined,
  ports: Pick<Ports, "auditLogs">,
  host: Host,
): Promise<AuditLog | undefined> {
  const signing = await auditSigning(config, host);
  return signing === undefined ? undefined : await (await ports.auditLogs()).keep(auditFolder(host), signing);
}
