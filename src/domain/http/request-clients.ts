import { codeObject } from "../code/code-object.ts";
import type { Frame } from "../code/frame.ts";
import type { OwnCode } from "../code/own-code.ts";
import type { GoroutineEvidence } from "../evidence/evidence.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { hasFrame, isRuntimeFrame } from "../goroutines/goroutine-sites.ts";
import { isKnownIdle } from "../goroutines/known-idle.ts";
import { sumOf } from "../goroutines/pile-up.ts";
import { stackIndex } from "../goroutines/stack-index.ts";
import { siteGrowth, type WaitSite } from "../goroutines/wait-sites.ts";

/**
 * Whether those who made the requests at a site still wait for them: `waiting` for at least half, `gone` for more than
 * half, `unknown` where the goroutines are no HTTP/1 requests.
 */
export type Clients = "waiting" | "gone" | "unknown";

const serve = "net/http.(*conn).serve";
/** There for each HTTP/1 request whose body is read, until its client goes (Go source: net/http/server.go). */
const watch = "net/http.(*connReader).backgroundRead";

/** Not the pipes of a child process, which are waited for in the same way. */
const readsNetwork = /^net\.\(\*(?:conn|netFD|TCPConn|UnixConn)\)\.Read$/;

/**
 * Counts the goroutines with which net/http watches a connection while its handler runs. They end when the client goes;
 * a handler that does not heed its context stays. A handler that took the connection over has none: whatever else reads
 * from a network may be its reader, so it counts as well.
 */
export function clientsOf(site: WaitSite, snapshot: GoroutineSnapshot): Clients {
  if (!site.groups.every((group) => hasFrame(group, serve))) return "unknown";
  const readers = snapshot.groups.filter(
    (group) =>
      hasFrame(group, watch) ||
      (group.wait === "IO wait" &&
        group.stack.some(({ function: symbol }) => readsNetwork.test(symbol)) &&
        !hasFrame(group, serve) &&
        !isKnownIdle(group)),
  );
  return 2 * sumOf(readers) < site.count ? "gone" : "waiting";
}

/**
 * True when each of these HTTP/1 requests has a client that waits for its answer: there is a watched connection for each
 * of them, the other requests' left out. One that was taken over (a websocket, a tunnel) is not watched.
 */
export function areWatched(requests: readonly GoroutineGroup[], snapshot: GoroutineSnapshot): boolean {
  const members = new Set(requests);
  const watched = sumOf(snapshot.groups.filter((group) => hasFrame(group, watch)));
  const others = sumOf(
    snapshot.groups.filter(
      (group) =>
        hasFrame(group, serve) && !hasFrame(group, watch) && !isKnownIdle(group) && !members.has(group),
    ),
  );
  return requests.every((group) => hasFrame(group, serve)) && watched - others >= sumOf(requests);
}

/** A crowd of at least `crowd` that outlived its clients, and was there in each of several captures or for minutes. */
export function isAbandoned(
  site: WaitSite,
  evidence: GoroutineEvidence,
  own: OwnCode,
  limits: { readonly oldCount: number; readonly oldMinutes: number },
): boolean {
  if (site.count < limits.oldCount || clientsOf(site, evidence.best) !== "gone") return false;
  const growth = siteGrowth(evidence, site, own);
  return (
    (site.oldestMinutes ?? 0) >= limits.oldMinutes ||
    (growth?.counts.every((count) => count >= limits.oldCount) ?? false)
  );
}

/**
 * True when a handler waits in its own code and its client does, too: a long poll parked in `<-ctx.Done()` stands in
 * a dump as any other receive does. But such a handler ends there: where others stand further on in the same function,
 * they got what these wait for.
 */
export function mayBeLongPoll(site: WaitSite, snapshot: GoroutineSnapshot, own: OwnCode): boolean {
  return (
    clientsOf(site, snapshot) === "waiting" &&
    site.groups.every(({ stack }) => {
      const innermost = stack.find((frame) => !isRuntimeFrame(frame));
      return innermost !== undefined && own.isOwn(innermost) && !isPassed(innermost, snapshot);
    })
  );
}

function isPassed({ function: symbol, line }: Frame, snapshot: GoroutineSnapshot): boolean {
  const places = stackIndex(snapshot).places(codeObject(symbol));
  return places.some(({ frame }) => frame.function === symbol && frame.line > line);
}
