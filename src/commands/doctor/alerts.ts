import type { GofireConfig } from "../../config/gofire-config.ts";
import { reasonOf } from "../../domain/errors.ts";
import { serverTlsOf } from "../access/paging.ts";
import type { Ports } from "../context.ts";
import type { DoctorCheck } from "../reply.ts";

const name = "alerts tls";

/** Whether the listener of alert senders could begin, and for how long its certificates hold; nothing without TLS. */
export async function alertChecks(
  config: GofireConfig | undefined,
  ports: Pick<Ports, "host" | "serverTls">,
): Promise<readonly DoctorCheck[]> {
  const tls = config?.alerts?.tls;
  if (config === undefined || tls === undefined) return [];
  try {
    const files = await serverTlsOf(tls, await ports.host(), `${config.file}: alerts`);
    const { validUntilMs, warnings } = await ports.serverTls(files);
    const clients =
      tls.clientCaFile === undefined
        ? "clients show no certificate"
        : `clients need a certificate of ${tls.clientCaFile}`;
    const detail = `${tls.certFile}, valid until ${new Date(validUntilMs).toISOString().slice(0, 10)}; ${clients}`;
    if (warnings.length === 0) return [{ name, state: "ok", detail }];
    const next = "Renew it in place: gofire serve reads the files again by itself.";
    return [{ name, state: "warning", detail: warnings.join("\n"), next }];
  } catch (error) {
    const detail = reasonOf(error);
    return [{ name, state: "failed", detail, next: "gofire serve does not start with it: alerts.tls." }];
  }
}
