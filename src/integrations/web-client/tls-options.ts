import { createSecureContext } from "node:tls";
import { reasonOf, UsageError } from "../../domain/errors.ts";
import type { WebAccess } from "../../ports/web-access.ts";

/** What identifies us in the TLS handshake with the target itself; a proxy or another origin never sees it. */
export type Tls = NonNullable<WebAccess["tls"]>;

/** As node:tls wants it. */
export function tlsOptions(tls: Tls | undefined) {
  return {
    ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls?.key === undefined ? {} : { key: tls.key }),
    ...(tls?.passphrase === undefined ? {} : { passphrase: tls.passphrase }),
    ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}

/** Throws UsageError in words of its own: OpenSSL's are "error:1E08010C:DECODER routines::unsupported". */
export function checkTls(tls: Tls | undefined): void {
  if (tls === undefined) return;
  const { ca, cert, key, passphrase } = tlsOptions(tls);
  const parts = [
    ["the certificate authority", { ca }],
    ["the client certificate", { cert }],
    ["the private key", { key, passphrase }],
  ] as const;
  for (const [what, options] of parts) {
    try {
      createSecureContext(options);
    } catch (error) {
      throw new UsageError(
        `${what} cannot be used: no PEM file, a damaged one, or one that wants another passphrase (${reasonOf(error)})`,
      );
    }
  }
  try {
    createSecureContext({ cert, key, passphrase });
  } catch (error) {
    throw new UsageError(`the private key does not belong to the client certificate (${reasonOf(error)})`);
  }
}
