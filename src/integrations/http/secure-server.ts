import type { RequestListener, ServerOptions } from "node:http";
import { createServer, type Server } from "node:https";
import type { TLSSocket } from "node:tls";
import { reasonOf } from "../../domain/errors.ts";
import type { Host } from "../../ports/host.ts";
import type { ServerTls } from "../../ports/server-tls.ts";
import { readTlsFiles } from "./tls-files.ts";

/** What a TLS listener needs besides its requests. */
export interface SecureListening {
  readonly files: ServerTls;
  readonly host: Pick<Host, "readText">;
  readonly nowMs: () => number;
  /** One line for who looks after gofire. */
  readonly tell: (line: string) => void;
  /** How often the files are looked at; 5 s when absent. */
  readonly lookEveryMs?: number;
}

/** As soon as a renewed certificate should be in use; three small files are read for it. */
const lookEveryMs = 5_000;
const handshakeTimeoutMs = 10_000;
/** The same refusal is told again after this. */
const tellAgainMs = 3_600_000;

/**
 * A TLS server that asks clients for a certificate where there is an authority for them, and refuses at the handshake
 * who has none of it. Its files are read anew when they change: new connections then get the new certificates, idle ones
 * are closed. Files that cannot be used any more leave it with what it has, and are told. Throws UsageError when they
 * cannot be used from the start. Call `stop` when the server closes.
 */
export async function secureServer(
  settings: SecureListening,
  options: ServerOptions,
  listener: RequestListener,
): Promise<{ readonly server: Server; stop(): void }> {
  const { files, host, nowMs, tell } = settings;
  const { clientCaFile } = files;
  const asks = clientCaFile === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
  /** Told already, and when. */
  const told = new Map<string, number>();

  function tellOnce(line: string): void {
    const last = told.get(line);
    if (last !== undefined && nowMs() - last < tellAgainMs) return;
    told.set(line, nowMs());
    tell(line);
  }

  let now = await readTlsFiles(files, host, nowMs());
  for (const warning of now.warnings) tellOnce(warning);
  const server = createServer(
    { ...options, ...now.context, ...asks, minVersion: "TLSv1.2", handshakeTimeout: handshakeTimeoutMs },
    listener,
  );
  server.on("tlsClientError", (error: Error, socket: TLSSocket) => {
    const reason = refusalWords(error, socket, clientCaFile);
    if (reason !== undefined) tellOnce(`A client of the webhook was refused: ${reason}.`);
  });

  /** Of the last look. A certificate and its key are rarely renewed in the same instant, so it has to last. */
  let trouble: string | undefined;
  async function look(): Promise<void> {
    try {
      const next = await readTlsFiles(files, host, nowMs());
      for (const warning of next.warnings) tellOnce(warning);
      trouble = undefined;
      const isSame = (["cert", "key", "ca"] as const).every(
        (part) => next.context[part] === now.context[part],
      );
      if (isSame) return;
      server.setSecureContext({ ...next.context, ...asks, minVersion: "TLSv1.2" });
      server.closeIdleConnections();
      now = next;
      tell(`${files.certFile} and what belongs to it changed and are in use.`);
    } catch (error) {
      const problem = reasonOf(error);
      if (problem === trouble) tellOnce(`${problem} gofire goes on with what it read before.`);
      trouble = problem;
    }
  }

  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void look().finally(() => (isLooking = false));
  }, settings.lookEveryMs ?? lookEveryMs);
  timer.unref();
  return { server, stop: () => clearInterval(timer) };
}

/** Undefined for what is of no use to know: connections that were cut off, noise of port scanners. */
function refusalWords(
  error: Error & { readonly code?: string },
  // What the types call an Error is a code (Node's lib/_tls_wrap.js, onServerSocketSecure).
  { authorizationError }: { readonly authorizationError?: unknown },
  clientCaFile: string | undefined,
): string | undefined {
  switch (typeof authorizationError === "string" ? authorizationError : error.code) {
    case "CERT_HAS_EXPIRED":
      return "its certificate has expired";
    case "CERT_NOT_YET_VALID":
      return "its certificate is not valid yet";
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
      return `its certificate is of no authority in ${clientCaFile ?? "the system"}`;
    case "INVALID_PURPOSE":
      return "its certificate is not for clients (extended key usage)";
    case "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE":
      return "it showed no certificate";
    case "ERR_SSL_HTTP_REQUEST":
      return "it speaks plain http; the address begins with https://";
    case "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA":
    case "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE":
    case "ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN":
    case "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED":
      return "it does not trust gofire's own certificate (tls_config.ca_file and server_name of the sender)";
    default:
      return typeof authorizationError === "string"
        ? `its certificate does not hold (${authorizationError})`
        : undefined;
  }
}
