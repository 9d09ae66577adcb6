import type { IncomingMessage } from "node:http";

/** - `too-large`: more than the limit. - `no-room`: `admit` said no. */
export type BodyRefusal = "too-large" | "no-room";

/**
 * The body byte by byte, at most `maxBytes`; or why it is not read any further. `admit` is asked before another so many bytes
 * are held. The answer to a refusal should close the connection: what was not read is not waited for. Rejects when the
 * sender goes away in the middle.
 */
export function bodyOf(
  request: IncomingMessage,
  maxBytes: number,
  admit: (bytes: number) => boolean = () => true,
): Promise<Buffer | BodyRefusal> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return Promise.resolve("too-large");
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", function keep(chunk: Buffer) {
      bytes += chunk.length;
      const refusal = !admit(chunk.length) ? "no-room" : bytes > maxBytes ? "too-large" : undefined;
      if (refusal === undefined) {
        chunks.push(chunk);
        return;
      }
      // Not destroyed: the answer goes over the same connection.
      request.off("data", keep).pause();
      resolve(refusal);
    });
    request.on("end", () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    // Also of a connection that is cut (Node's lib/_http_server.js, abortIncoming).
    request.on("error", reject);
  });
}
