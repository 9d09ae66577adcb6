import type { GoroutineGroup } from "../goroutines/goroutine.ts";
import { memoised } from "../memoised.ts";

/**
 * What a goroutine of net/http's server does for one connection (Go source: net/http/server.go).
 *
 * - `handshakes`: waits for the client's side of the TLS handshake; servers other than net/http's too.
 * - `awaits-request`: a new connection that has sent nothing, or not a whole request line.
 * - `reads-headers`: the request line has come, the headers are not complete.
 * - `writes-response`: a handler's write waits for the client to read.
 *
 * A connection between two requests waits in bufio.(*Reader).Peek and has no role here.
 */
export type HttpServerRole = "handshakes" | "awaits-request" | "reads-headers" | "writes-response";

const serverHandshake = /^crypto\/tls\.\(\*Conn\)\.(?:serverHandshake|readClientHello)$/;
const readsRequest = /^net\/http\.\(\*conn\)\.readRequest$/;
const readsHeaderFields = /^net\/textproto\.(?:\(\*Reader\)\.ReadMIMEHeader|readMIMEHeader)$/;
/**
 * A response body goes out through checkConnErrorWriter, or straight from a file in ReadFrom; in HTTP/2 frame by frame, in
 * gRPC message by message.
 */
const writesResponse =
  /^net\/http\.(?:checkConnErrorWriter\.Write|\(\*response\)\.ReadFrom)$|http2(?:\.\(\*)?serverConn\)\.writeDataFromHandler$|(?:^|\/)google\.golang\.org\/grpc\/internal\/transport\.\(\*http2Server\)\.[wW]rite$/;
const waitsForSpace = "internal/poll.(*pollDesc).waitWrite";

/** Undefined for goroutines that run a handler, are idle, or have nothing to do with serving HTTP or TLS. */
export const httpServerRole = memoised(findRole);

function findRole(group: GoroutineGroup): HttpServerRole | undefined {
  let fieldsBegun = false;
  let spaceWanted = false;
  for (const { function: symbol } of group.stack) {
    if (!symbol.startsWith("net/") && !symbol.startsWith("crypto/") && !symbol.includes("http2")) {
      if (symbol === waitsForSpace) spaceWanted = true;
      continue;
    }
    if (readsHeaderFields.test(symbol)) fieldsBegun = true;
    else if (serverHandshake.test(symbol)) return isWaiting(group) ? "handshakes" : undefined;
    else if (readsRequest.test(symbol)) {
      if (!isWaiting(group)) return undefined;
      return fieldsBegun ? "reads-headers" : "awaits-request";
    } else if (writesResponse.test(symbol)) {
      return spaceWanted || group.wait === "select" || symbol.includes("http2")
        ? "writes-response"
        : undefined;
    }
  }
  return undefined;
}

/** Parsing a request or computing a handshake is work, not a wait. */
function isWaiting({ wait }: GoroutineGroup): boolean {
  return wait === "IO wait";
}
