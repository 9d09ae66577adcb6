import type { AlertsTls } from "../../config/alerts-config.ts";
import type { GofireConfig } from "../../config/gofire-config.ts";
import { UsageError } from "../../domain/errors.ts";
import type { Host } from "../../ports/host.ts";
import type { PagesRequest } from "../../ports/server.ts";
import type { ServerTls } from "../../ports/server-tls.ts";
import { readSecret } from "./secret.ts";

/** What gofire.yaml says about pages; undefined when it says nothing. Throws UsageError for secrets that are missing. */
export async function pagesOf(
  config: GofireConfig | undefined,
  host: Host,
): Promise<PagesRequest | undefined> {
  if (config?.alerts === undefined) return undefined;
  const { channel, routes, bearer, grafana, messages, comparesPeers, shadow, storm, listen } = config.alerts;
  const at = `${config.file}: alerts`;
  const tls = config.alerts.tls === undefined ? undefined : await serverTlsOf(config.alerts.tls, host, at);
  if (bearer === undefined && grafana === undefined && tls?.clientCaFile === undefined) {
    throw new UsageError(
      `${at} needs bearerEnv, bearerFile, grafana or tls.clientCaFile: nobody could post a page.`,
    );
  }
  const services = Object.entries(config.services).map(([name, service]) => ({
    name,
    matches: service.matches ?? [],
    ...(service.channel === undefined ? {} : { channel: service.channel }),
    ...(service.shadow === undefined ? {} : { shadow: service.shadow }),
  }));
  return {
    channel,
    routes,
    hearsMessages: messages !== undefined,
    comparesPeers,
    shadow,
    storm,
    services: () => Promise.resolve(services),
    ...(listen === undefined ? {} : { listen }),
    ...(tls === undefined ? {} : { tls }),
    secrets: {
      ...(tls?.clientCaFile === undefined ? {} : { byCertificate: true }),
      ...(bearer === undefined ? {} : { bearer: await readSecret(bearer, host, at) }),
      ...(grafana === undefined
        ? {}
        : {
            hmac: {
              secret: await readSecret(grafana.secret, host, at),
              header: grafana.header,
              ...(grafana.timestampHeader === undefined ? {} : { timestampHeader: grafana.timestampHeader }),
            },
          }),
    },
  };
}

/** Throws UsageError for a passphrase that is missing. */
export async function serverTlsOf(
  { passphrase, ...files }: AlertsTls,
  host: Host,
  at: string,
): Promise<ServerTls> {
  if (passphrase === undefined) return files;
  return { ...files, passphrase: await readSecret(passphrase, host, `${at}.tls`) };
}
