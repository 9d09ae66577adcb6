import type { SecretReference, WebAccessConfig } from "../../config/gofire-config.ts";
import type { Host } from "../../ports/host.ts";
import type { WebAccess } from "../../ports/web-access.ts";
import { readSecret } from "./secret.ts";

/**
 * What gofire.yaml says about how to reach a server, with its secrets and files read; `at` is where it says so. Throws
 * UsageError when one is missing.
 */
export async function readWebAccess(
  { headers: named, auth, tls, proxy }: WebAccessConfig,
  at: string,
  host: Host,
): Promise<WebAccess> {
  function secret(reference: SecretReference): Promise<string> {
    return readSecret(reference, host, at);
  }

  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(named)) {
    headers[name] = typeof value === "string" ? value : await secret(value);
  }
  return {
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(auth === undefined
      ? {}
      : {
          credentials:
            auth.kind === "bearer"
              ? { kind: "bearer", token: await secret(auth.token) }
              : { kind: "basic", username: auth.user, password: await secret(auth.password) },
        }),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ...(tls.caFile === undefined ? {} : { ca: await host.readText(tls.caFile) }),
            ...(tls.certFile === undefined ? {} : { cert: await host.readText(tls.certFile) }),
            ...(tls.keyFile === undefined ? {} : { key: await host.readText(tls.keyFile) }),
            ...(tls.passphrase === undefined ? {} : { passphrase: await secret(tls.passphrase) }),
            ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
          },
        }),
    ...(proxy === undefined
      ? {}
      : {
          proxy: {
            url: proxy.url,
            ...(proxy.user === undefined || proxy.password === undefined
              ? {}
              : { credentials: { username: proxy.user, password: await secret(proxy.password) } }),
          },
        }),
  };
}
