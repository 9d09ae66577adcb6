import { resolve as resolvePath } from "node:path";
import type { WebAccessConfig, WebAuth, WebProxy, WebTls } from "./gofire-config.ts";
import { defined, optionalSecret, secret } from "./resolve-words.ts";
import type { WebAccessSection } from "./web-access-schema.ts";

/** Files made absolute, secrets still references. */
export function webAccessOf(section: WebAccessSection, folder: string): WebAccessConfig {
  return {
    headers: Object.fromEntries(
      Object.entries(section.headers ?? {}).map(([name, content]) => [
        name,
        typeof content === "string" ? content : secret(content.env, content.file, folder),
      ]),
    ),
    ...defined({
      auth: section.auth === undefined ? undefined : authOf(section.auth, folder),
      tls: section.tls === undefined ? undefined : tlsOf(section.tls, folder),
      proxy: section.proxy === undefined ? undefined : proxyOf(section.proxy, folder),
    }),
  };
}

function authOf(
  { bearer, basic }: NonNullable<WebAccessSection["auth"]>,
  folder: string,
): WebAuth | undefined {
  if (bearer !== undefined) {
    return { kind: "bearer", token: secret(bearer.tokenEnv, bearer.tokenFile, folder) };
  }
  if (basic === undefined) return undefined;
  const password = secret(basic.passwordEnv, basic.passwordFile, folder);
  return { kind: "basic", user: basic.user, password };
}

function tlsOf(tls: NonNullable<WebAccessSection["tls"]>, folder: string): WebTls {
  return defined({
    caFile: tls.caFile === undefined ? undefined : resolvePath(folder, tls.caFile),
    certFile: tls.certFile === undefined ? undefined : resolvePath(folder, tls.certFile),
    keyFile: tls.keyFile === undefined ? undefined : resolvePath(folder, tls.keyFile),
    passphrase: optionalSecret(tls.passphraseEnv, tls.passphraseFile, folder),
    serverName: tls.serverName,
  });
}

function proxyOf(proxy: NonNullable<WebAccessSection["proxy"]>, folder: string): WebProxy {
  const password = optionalSecret(proxy.passwordEnv, proxy.passwordFile, folder);
  return { url: proxy.url, ...defined({ user: proxy.user, password }) };
}
