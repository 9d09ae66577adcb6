import { UsageError } from "../../domain/errors.ts";
import type { WebAccess } from "../../ports/web-access.ts";
import { basicToken } from "./connection.ts";
import { reservedHeaders } from "./limits.ts";

/** RFC 9110, section 5.6.2 (token). */
const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110, section 5.5, without the obsolete octets above 0x7f. */
const headerValue = /^[\t\x20-\x7e]*$/;

/** Headers of every question. Throws UsageError, naming the header but never its value. */
export function questionHeaders(
  { credentials, headers = {} }: Pick<WebAccess, "credentials" | "headers">,
  userAgent: string,
): Readonly<Record<string, string>> {
  const all: Record<string, string> = {
    "user-agent": userAgent,
    accept: "*/*",
    // Profiles are compressed already; what is text is compressed by the store, once.
    "accept-encoding": "identity",
  };
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!headerName.test(name)) throw new UsageError(`"${name}" is not a header name`);
    if (reservedHeaders.has(lower)) throw new UsageError(`the header ${name} cannot be set`);
    if (!headerValue.test(value))
      throw new UsageError(`the value of header ${name} has characters that no header may have`);
    all[lower] = value;
  }
  if (credentials !== undefined) {
    if (all["authorization"] !== undefined) {
      throw new UsageError("give either credentials or an Authorization header, not both");
    }
    if (credentials.kind === "bearer" && !/^[\x21-\x7e]+$/.test(credentials.token)) {
      throw new UsageError(
        "the bearer token is empty or has characters that no header may have (a line break?)",
      );
    }
    all["authorization"] =
      credentials.kind === "bearer" ? `Bearer ${credentials.token}` : basicToken(credentials);
  }
  return all;
}

/** A URL that may be printed: resolved against where it was found, without user, password, query and fragment. */
export function publicUrl(text: string, base: string): string {
  if (!URL.canParse(text, base)) return text.slice(0, 200).replace(/[?#].*$/s, "");
  const url = new URL(text, base);
  url.username = "";
  url.password = "";
  url.search = "";
  url.hash = "";
  return url.href;
}
