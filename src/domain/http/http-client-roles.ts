import type { Frame } from "../code/frame.ts";
import { symbolTable } from "../code/symbol-table.ts";
import type { GoroutineGroup } from "../goroutines/goroutine.ts";
import { isRuntimeFrame } from "../goroutines/goroutine-sites.ts";
import { memoised, memoisedOfSymbol } from "../memoised.ts";

/**
 * What a goroutine does for an outgoing HTTP request (Go source: net/http/transport.go; for HTTP/2 h2_bundle.go, since
 * Go 1.27 net/http/internal/http2, and golang.org/x/net/http2).
 *
 * - `wants-connection`: the caller waits in getConn for a dial or for somebody to return a connection.
 * - `dials`: opens a connection on behalf of callers: looks up, connects, shakes hands.
 * - `watches-dial`: waits for a context to end beside a connect or TLS handshake (before Go 1.25).
 * - `awaits-response`: the caller has sent its request and waits for the response header.
 * - `awaits-stream-response`: the same over HTTP/2, where the request may still wait for a stream.
 * - `reads-body`: the caller reads a response body.
 * - `open-body`: an HTTP/1 connection's read loop waits for somebody to finish a response body that it handed out.
 * - `reads-connection`: an HTTP/1 connection's read loop waits for bytes: idle, or its request is on the way.
 * - `reads-shared-connection`: an HTTP/2 connection's read loop, for all its requests.
 * - `wants-stream`: an HTTP/2 request waits for a free stream of its connection.
 * - `open-stream`: an HTTP/2 request waits for the end of its response.
 * - `writes-requests`: an HTTP/1 connection's write loop, one per connection.
 */
export type HttpClientRole =
  | "wants-connection"
  | "dials"
  | "watches-dial"
  | "awaits-response"
  | "awaits-stream-response"
  | "reads-body"
  | "open-body"
  | "reads-connection"
  | "reads-shared-connection"
  | "wants-stream"
  | "open-stream"
  | "writes-requests";

/** Looked for from the innermost frame outwards; the first one found decides. */
const landmarkNamed = symbolTable<HttpClientRole>([
  ["reads-body", /^net\/http\.\(\*bodyEOFSignal\)\.Read$|http2\.?transportResponseBody\.Read$/],
  ["wants-connection", /^net\/http\.\(\*Transport\)\.getConn$/],
  ["dials", /^net\/http\.\(\*Transport\)\.dialConn(?:For)?$/],
  ["watches-dial", /^net\.\(\*netFD\)\.connect\.func\d|^crypto\/tls\.\(\*Conn\)\.handshakeContext\.func\d/],
  ["awaits-response", /^net\/http\.\(\*persistConn\)\.roundTrip$/],
  ["awaits-stream-response", /http2(?:\.\(\*)?ClientConn\)\.[rR]oundTrip$/],
  ["reads-connection", /^net\/http\.\(\*persistConn\)\.readLoop$/],
  ["reads-shared-connection", /http2(?:\.\(\*)?clientConnReadLoop\)\.run$/],
  ["writes-requests", /^net\/http\.\(\*persistConn\)\.writeLoop$/],
  ["wants-stream", /http2(?:\.\(\*)?ClientConn\)\.awaitOpenSlotForStreamLocked$/],
  ["open-stream", /http2(?:\.\(\*)?clientStream\)\.(?:writeRequest|doRequest)$/],
]);

const landmarkOfSymbol = memoisedOfSymbol(
  (symbol): HttpClientRole | "none" => landmarkNamed(symbol) ?? "none",
);

function landmarkOf({ function: symbol }: Frame): HttpClientRole | "none" {
  return canBeLandmark(symbol) ? landmarkOfSymbol(symbol) : "none";
}

/** Most frames are neither, and are told apart without looking them up. */
function canBeLandmark(symbol: string): boolean {
  return (
    symbol.startsWith("net.") ||
    symbol.startsWith("net/http") ||
    symbol.startsWith("crypto/tls.") ||
    symbol.includes("http2")
  );
}

/** Undefined for goroutines that have nothing to do with an outgoing request. */
export const httpClientRole = memoised(findRole);

function findRole(group: GoroutineGroup): HttpClientRole | undefined {
  for (const frame of group.stack) {
    const role = landmarkOf(frame);
    if (role === "none") continue;
    return role === "reads-connection" && isHandingOut(group, frame) ? "open-body" : role;
  }
  return undefined;
}

/**
 * The read loop has handed out a body when it selects; when it waits for bytes it stands in bufio.(*Reader).Peek.
 * A capture that hides the runtime's frames (debug=1) does not show the select, only that nothing else is called.
 */
function isHandingOut(group: GoroutineGroup, readLoop: Frame): boolean {
  const innermost = group.stack.find((frame) => !isRuntimeFrame(frame));
  return innermost === readLoop && group.wait !== "chan receive" && group.wait !== "IO wait";
}
