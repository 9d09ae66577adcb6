import type { Frame } from "../code/frame.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { sumOf } from "../goroutines/pile-up.ts";
import { httpClientRole } from "./http-client-roles.ts";

/** HTTP/2 requests that wait for a free stream of their connection. */
export interface StreamQueue {
  /** The connections' own goroutines that wait, largest first. */
  readonly groups: readonly GoroutineGroup[];
  readonly count: number;
  /** Requests that have their stream and are on the way. */
  readonly sent: number;
}

const writeRequest = /http2(?:\.\(\*)?clientStream\)\.writeRequest$/;

/**
 * Of all that wait for a stream of one connection only one waits for the stream itself; the others wait for it to let
 * go of the connection's header lock, further up in the same function (Go source: net/http/h2_bundle.go, since Go 1.27
 * net/http/internal/http2/transport.go, and golang.org/x/net/http2/transport.go: clientStream.writeRequest). In
 * google.golang.org/grpc all of them wait in (*http2Client).NewStream.
 */
export function streamQueue({ groups }: GoroutineSnapshot): StreamQueue {
  const lines = new Set<number>();
  for (const group of groups) {
    if (httpClientRole(group) !== "wants-stream") continue;
    lines.add(lineIn(group.stack) ?? 0);
  }
  const slotLine = Math.max(0, ...lines);
  const isQueued = (group: GoroutineGroup) =>
    httpClientRole(group) === "open-stream"
      ? (lineIn(group.stack) ?? slotLine) < slotLine
      : httpClientRole(group) === "wants-stream" || grpcStream(group);
  const queued = groups.filter(isQueued);
  const sent = groups.filter((group) => httpClientRole(group) === "open-stream" && !isQueued(group));
  return { groups: queued, count: sumOf(queued), sent: sumOf(sent) };
}

function lineIn(stack: readonly Frame[]): number | undefined {
  return stack.find((frame) => writeRequest.test(frame.function))?.line;
}

function grpcStream({ stack, wait }: GoroutineGroup): boolean {
  if (wait === "IO wait") return false;
  return stack.some(({ function: symbol }) => symbol.endsWith(".NewStream") && grpcNewStream.test(symbol));
}

/** Go source: google.golang.org/grpc/internal/transport/http2_client.go. */
const grpcNewStream = /(?:^|\/)google\.golang\.org\/grpc\/internal\/transport\.\(\*http2Client\)\.NewStream$/;
