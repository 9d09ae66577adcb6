import type { GofireConfig } from "../../config/gofire-config.ts";
import { reasonOf } from "../../domain/errors.ts";
import { pagesOf, serverTlsOf } from "../access/paging.ts";
import type { Ports } from "../context.ts";
import type { DoctorCheck } from "../reply.ts";

/**
 * Whether alert senders could be heard: by what they are let in, and with TLS whether the listener could begin, and for how
 * long its certificates hold; nothing where gofire.yaml has no alerts.
 */
export async function alertChecks(
  config: GofireConfig | undefined,
  ports: Pick<Ports, "host" | "serverTls">,
): Promise<readonly DoctorCheck[]> {
  if (config?.alerts === undefined) return [];
  const [senders, tls] = [await senderCheck(config, ports), await tlsCheck(config, ports)];
  if (tls === undefined) return [senders];
  // Nobody is let in by files that cannot be used, but what is missing besides has to be known.
  const isNews = tls.state !== "failed" || (senders.state === "failed" && senders.detail !== tls.detail);
  return isNews ? [senders, tls] : [tls];
}

async function senderCheck(config: GofireConfig, ports: Pick<Ports, "host">): Promise<DoctorCheck> {
  const name = "alerts";
  try {
    const { byCertificate, bearer, hmac } = (await pagesOf(config, await ports.host()))?.secrets ?? {};
    const ways = [
      ...(byCertificate === true ? ["a certificate"] : []),
      ...(bearer === undefined ? [] : ["a token"]),
      ...(hmac === undefined ? [] : ["a signature"]),
    ];
    return { name, state: "ok", detail: `senders show ${ways.join(" and ")}` };
  } catch (error) {
    const next = "gofire serve does not start without it. docs/guide/alerts.md";
    return { name, state: "failed", detail: reasonOf(error), next };
  }
}

async function tlsCheck(
  config: GofireConfig,
  ports: Pick<Ports, "host" | "serverTls">,
): Promise<DoctorCheck | undefined> {
  const name = "alerts tls";
  const tls = config.alerts?.tls;
  if (tls === undefined) return undefined;
  try {
    const files = await serverTlsOf(tls, await ports.host(), `${config.file}: alerts`);
    const { validUntilMs, warnings } = await ports.serverTls(files);
    const clients =
      tls.clientCaFile === undefined
        ? "clients show no certificate"
        : `clients need a certificate of ${tls.clientCaFile}`;
    const detail = `${tls.certFile}, valid until ${new Date(validUntilMs).toISOString().slice(0, 10)}; ${clients}`;
    if (warnings.length === 0) return { name, state: "ok", detail };
    const next = "Renew it in place: gofire serve reads the files again by itself.";
    return { name, state: "warning", detail: warnings.join("\n"), next };
  } catch (error) {
    const detail = reasonOf(error);
    return { name, state: "failed", detail, next: "gofire serve does not start with it: alerts.tls." };
  }
}
