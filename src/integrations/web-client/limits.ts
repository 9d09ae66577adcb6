/**
 * How long a connection may take to open, TLS included. Longer than any probe's deadline, so that the deadline's
 * wording wins; undici's own default is the same 10 s (undici docs: Client, ConnectOptions.timeout).
 */
export const connectTimeoutMs = 10_000;

/** Headers that would change how a body is framed or who is asked; they cannot be set from outside. */
export const reservedHeaders: ReadonlySet<string> = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
