import type { GofireConfig } from "../../config/gofire-config.ts";
import type { AuditLog, AuditLogFiles, AuditSigning } from "../../ports/audit-log.ts";
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

/** What `gofire serve` shows to everybody; undefined where gofire.yaml does not want that. The caller closes it. */
export async function publicAuditFiles(
  config: GofireConfig | undefined,
  ports: Pick<Ports, "auditLogs">,
  host: Host,
): Promise<AuditLogFiles | undefined> {
  return config?.audit?.isPublic === true ? (await ports.auditLogs()).files(auditFolder(host)) : undefined;
}
