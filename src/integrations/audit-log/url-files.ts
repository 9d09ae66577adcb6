import { PortError, UsageError } from "../../domain/errors.ts";
import type { AuditLogFiles } from "../../ports/audit-log.ts";
import { askWeb } from "../web-client/ask.ts";
import { connectTo, usable } from "../web-client/connection.ts";
import { publicUrl, questionHeaders } from "../web-client/headers.ts";

/** Until the last byte of a file; a full bundle of the longest entries has 16 MiB. */
const deadlineMs = 60_000;

/** The files of a log below an address, as c2sp.org/tlog-tiles serves them. Throws UsageError for what is no address. */
export function urlFiles(text: string, userAgent: string): AuditLogFiles {
  const base = baseOf(text);
  const where = publicUrl(base.href, base.href).replace(/\/$/, "");
  const headers = questionHeaders({}, userAgent);
  const connection = usable(where, () => connectTo({ origin: base.origin }, { tunnel: false }));
  return {
    where,
    isOwn: false,
    async read(path, mostBytes, signal) {
      const asked = `${base.pathname.replace(/\/$/, "")}/${path}`;
      const limits = { deadlineMs, maxBytes: mostBytes };
      const { status, location, body } = await askWeb(connection, { path: asked, headers }, limits, signal);
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      if (status === 200) return Buffer.concat(chunks);
      if (status === 404 || status === 410) return undefined;
      const code =
        status === 401 || status === 403 ? "forbidden" : status >= 500 ? "unavailable" : "bad-response";
      const redirects =
        location === undefined ? "" : `, to ${location}: write the address that answers itself`;
      throw new PortError(code, base.origin + asked, `it answers HTTP ${status}${redirects}`);
    },
    async close() {
      await connection.dispatcher.destroy();
    },
  };
}

function baseOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "")
    throw new UsageError(`"${publicUrl(text, text)}" is no address of a log: write https://HOST/PATH.`);
  if (url.username !== "" || url.password !== "")
    throw new UsageError(
      "The address of a log holds a password: a log that is served is for everybody who may reach it.",
    );
  return url;
}
