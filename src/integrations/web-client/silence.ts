import { PortError } from "../../domain/errors.ts";
import { bytesText, durationText } from "../../domain/units.ts";

/** What was going on when no answer, or no more of it, came. */
export interface SilenceContext {
  readonly target: string;
  /** Set when the deadline ended the wait. */
  readonly deadlineMs?: number;
  /** A connection was open before. */
  readonly wasOpened: boolean;
  /** An earlier question was answered. */
  readonly hasAnswered?: boolean;
  /** The proxy's origin: whatever keeps a connection from being opened is about that one. */
  readonly proxy?: string;
  /** Bytes of the body that had arrived. */
  readonly received?: number;
}

/** TLS verification errors by Node's code (Node docs: tls, "X509 certificate error codes"). */
const certificateErrors: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet (or the clock here is wrong)",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed; name it as the authority to trust it",
  SELF_SIGNED_CERT_IN_CHAIN:
    "its certificate comes from an authority that is not known here; name that authority",
  UNABLE_TO_GET_ISSUER_CERT: "the authority of its certificate is not known here; name that authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "the authority of its certificate is not known here; name that authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "its certificate cannot be verified: an intermediate certificate is missing, or its authority is not known here",
  CERT_REVOKED: "its certificate is revoked",
};

/** Why there is no connection, by Node's code. */
export const networkErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused: nothing listens there",
  ENOTFOUND: "this host name is unknown",
  EAI_AGAIN: "the name server did not answer",
  EHOSTUNREACH: "no route to this host",
  ENETUNREACH: "no route to this network",
  ENOENT: "there is no such socket",
  EACCES: "no permission to connect",
  EPERM: "no permission to connect",
  ETIMEDOUT: "no TCP connection: packets are dropped (firewall, network policy, host down)",
  ECONNRESET: "the connection was reset",
  EPIPE: "the connection was closed",
  UND_ERR_CONNECT_TIMEOUT: "no TCP connection: packets are dropped (firewall, network policy, host down)",
  UND_ERR_HEADERS_OVERFLOW: "the header of its answer is longer than 16 KiB, as none of pprof's is",
};
/** Those of a connection that was open before, which may be of either side of a proxy. */
const brokenOpen: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "UND_ERR_HEADERS_OVERFLOW"]);

/** A socket's, TLS's or undici's error in our words. */
export function silence(error: unknown, context: SilenceContext): PortError {
  const { target, deadlineMs, wasOpened, received } = context;
  if (deadlineMs !== undefined) {
    const waited = durationText(deadlineMs);
    return new PortError(
      "timeout",
      target,
      wasOpened ? `no answer within ${waited}` : `no connection within ${waited}`,
      { cause: error },
    );
  }
  const { name, code, message, own } = innermost(error);
  if (own !== undefined) return own;
  const after = received === undefined ? "" : ` after ${bytesText(received)}`;
  const certificate = certificateErrors[code];
  if (certificate !== undefined) {
    return new PortError("unavailable", target, `TLS: ${certificate}`, { cause: error });
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || code === "UND_ERR_PRX_TLS") {
    return new PortError("unavailable", target, `TLS: its certificate is for another name (${message})`, {
      cause: error,
    });
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL_")) {
    return new PortError("unavailable", target, `TLS: ${tlsAlert(code, message)}`, { cause: error });
  }
  if (name === "HTTPParserError") {
    const why = "what answers there does not speak HTTP/1.1: it is no web server, or speaks HTTP/2 alone";
    return new PortError("bad-response", target, why, { cause: error });
  }
  const proxyStatus = /Proxy response \((\d+)\)/.exec(message)?.[1] ?? /\((407)\)/.exec(message)?.[1];
  if (proxyStatus !== undefined) {
    const why = proxyStatus === "407" ? "wants credentials of its own" : "refused to connect";
    return new PortError("unavailable", target, `the proxy ${why} (${proxyStatus})`, { cause: error });
  }
  if (code === "UND_ERR_SOCKET") {
    const why = received === undefined ? ` without an answer; ${closedHint(context)}` : after;
    return new PortError("unavailable", target, `the other side closed the connection${why}`, {
      cause: error,
    });
  }
  const known = networkErrors[code];
  if (context.proxy !== undefined && known !== undefined && !brokenOpen.has(code)) {
    return new PortError(
      "unavailable",
      target,
      `not asked, because of the proxy ${context.proxy}: ${known}`,
      {
        cause: error,
      },
    );
  }
  const hint = code === "ECONNRESET" && received === undefined ? `; ${closedHint(context)}` : after;
  return new PortError("unavailable", target, `${known ?? message}${hint}`, { cause: error });
}

/** With TLS 1.3 a missing client certificate is only complained about after the handshake (RFC 8446, section 4.4.2.4). */
function closedHint({ target, hasAnswered }: SilenceContext): string {
  if (hasAnswered === true)
    return "it answered before, so the process ended, or something in between hung up";
  return target.startsWith("https:")
    ? "it may want a client certificate (mTLS), or speak HTTP/2 only"
    : "it may speak TLS only (ask with https://) or HTTP/2 only, or something in between hung up";
}

/** OpenSSL's words for the alerts that people meet (RFC 8446, section 6.2). */
function tlsAlert(code: string, message: string): string {
  const text = `${code} ${message}`.toLowerCase().replaceAll("_", " ");
  if (text.includes("wrong version number") || text.includes("packet length too long")) {
    return "what listens there speaks plain HTTP; ask with http://";
  }
  if (text.includes("certificate required") || text.includes("alert handshake failure")) {
    return "the handshake was refused; it may want a client certificate (mTLS)";
  }
  if (text.includes("unknown ca") || text.includes("bad certificate")) {
    return "the client certificate was refused";
  }
  if (text.includes("no application protocol")) return "it speaks HTTP/2 only; gofire speaks HTTP/1.1";
  if (text.includes("alert number 70") || text.includes("unsupported protocol")) {
    return "no TLS version in common";
  }
  return message.trim();
}

/** Errors come wrapped: `AggregateError` of several addresses, `cause` of undici's own. */
function innermost(
  error: unknown,
): Record<"name" | "code" | "message", string> & { readonly own?: PortError } {
  let at = error;
  for (let depth = 0; depth < 5 && at instanceof Error; depth++) {
    if (at instanceof AggregateError && at.errors.length > 0) at = at.errors[0];
    else if (at.cause instanceof Error) at = at.cause;
    else break;
  }
  if (at instanceof PortError) return { name: at.name, code: at.code, message: at.message, own: at };
  if (!(at instanceof Error)) return { name: "", code: "", message: String(at) };
  const code = "code" in at && typeof at.code === "string" ? at.code : "";
  return { name: at.name, code, message: at.message };
}
