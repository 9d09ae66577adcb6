import { PortError } from "../../domain/errors.ts";
import { durationText } from "../../domain/units.ts";

/** Socket errors that people can do something about, by Node's code. */
const networkWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens at this address",
  ENOTFOUND: "this host name is unknown here; look at DNS and proxies",
  EAI_AGAIN: "the name server did not answer",
  EHOSTUNREACH: "there is no route to this host",
  ENETUNREACH: "there is no route to this network",
  ECONNRESET: "the connection was reset",
  EPIPE: "the connection was closed",
  ETIMEDOUT: "no TCP connection: packets are dropped (firewall, proxy)",
  UND_ERR_CONNECT_TIMEOUT: "no TCP connection: packets are dropped (firewall, proxy)",
  UND_ERR_SOCKET: "the connection was closed without an answer",
  SELF_SIGNED_CERT_IN_CHAIN:
    "the certificate comes from an authority that is not known here; name it with NODE_EXTRA_CA_CERTS",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "the certificate comes from an authority that is not known here; name it with NODE_EXTRA_CA_CERTS",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "the certificate cannot be verified; name its authority with NODE_EXTRA_CA_CERTS",
};

/**
 * When no answer came, in our words. Whether Slack did what was asked is unknown, so it is never final.
 * `deadlineMs` is set when the deadline ended the wait.
 */
export function silence(error: unknown, target: string, deadlineMs: number | undefined): PortError {
  if (error instanceof PortError) return error;
  if (deadlineMs !== undefined) {
    return new PortError("timeout", target, `Slack did not answer within ${durationText(deadlineMs)}.`, {
      cause: error,
    });
  }
  const { code, message } = innermost(error);
  return new PortError("unavailable", target, `No answer from Slack: ${networkWords[code] ?? message}.`, {
    cause: error,
  });
}

/** Errors come wrapped: several addresses in an AggregateError, undici's own in `cause`. */
function innermost(error: unknown): { readonly code: string; readonly message: string } {
  let at = error;
  for (let depth = 0; depth < 5 && at instanceof Error; depth++) {
    if (at instanceof AggregateError && at.errors.length > 0) at = at.errors[0];
    else if (at.cause instanceof Error) at = at.cause;
    else break;
  }
  if (!(at instanceof Error)) return { code: "", message: String(at) };
  return { code: "code" in at && typeof at.code === "string" ? at.code : "", message: at.message };
}
