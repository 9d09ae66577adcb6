import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { checkpointPath, isLogPath, mostBytesOf } from "../../audit/tiles.ts";
import type { AuditLogFiles } from "../../ports/audit-log.ts";
import type { Answer } from "./listener.ts";

/** The listener's route. */
export const auditPath = "/audit/";

const readWithinMs = 10_000;
/** A bundle has up to 16 MiB, and each answer holds one. */
const mostAtOnce = 8;
const compressed = promisify(gzip);

/** The log for everybody, as c2sp.org/tlog-tiles has it: files that never change, and the checkpoint, which does. */
export function auditAnswer(files: AuditLogFiles): Answer {
  let answering = 0;
  return async (request, response) => {
    request.resume();
    response.setHeader("x-content-type-options", "nosniff");
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    const path = (request.url ?? "").replace(/\?.*$/, "").slice(auditPath.length);
    if (!isLogPath(path)) {
      response.writeHead(404).end();
      return;
    }
    if (answering >= mostAtOnce) {
      response.writeHead(503, { "retry-after": "1" }).end();
      return;
    }
    answering++;
    try {
      const mostBytes = mostBytesOf(path);
      const bytes = await files.read(path, mostBytes, AbortSignal.timeout(readWithinMs));
      if (bytes === undefined) {
        // It may be there a moment later.
        response.writeHead(404, { "cache-control": "no-store" }).end();
        return;
      }
      if (bytes.length > mostBytes)
        throw new Error(`${files.where}: ${path} is too large for a file of a log`);
      const zips =
        path.startsWith("tile/entries/") && /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
      const body = zips ? await compressed(bytes) : bytes;
      response.writeHead(200, {
        ...(path === checkpointPath
          ? { "content-type": "text/plain; charset=utf-8", "cache-control": "no-cache" }
          : {
              "content-type": "application/octet-stream",
              "cache-control": "public, max-age=31536000, immutable",
            }),
        ...(path.startsWith("tile/entries/") ? { vary: "accept-encoding" } : {}),
        ...(zips ? { "content-encoding": "gzip" } : {}),
        "content-length": body.length,
      });
      response.end(request.method === "HEAD" ? undefined : body);
    } finally {
      answering--;
    }
  };
}
