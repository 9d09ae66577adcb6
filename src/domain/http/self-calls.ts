import { codeObject, isRequest, startedBy } from "../code/code-object.ts";
import type { OwnCode } from "../code/own-code.ts";
import type { GoroutineEvidence } from "../evidence/evidence.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { isKnownIdle } from "../goroutines/known-idle.ts";
import { countIn, sumOf } from "../goroutines/pile-up.ts";
import { type WaitSite, waitSites } from "../goroutines/wait-sites.ts";
import { httpClientRole } from "./http-client-roles.ts";
import { httpServerRole } from "./http-server-roles.ts";
import { remoteCall } from "./remote-calls.ts";

/** The requests of a process's own server that its own HTTP/1 or gRPC calls probably wait for. */
export interface SelfCall {
  /** Every handler that waits, largest group first. */
  readonly handlers: readonly GoroutineGroup[];
  /** Those of the calls that such requests make themselves; only gRPC's frames tell. */
  readonly nested: readonly GoroutineGroup[];
  /** The line at which most of them wait. */
  readonly site: WaitSite;
}

/**
 * By so many, and this part, may the two ends differ: requests that are on the way, and the connection of whoever takes
 * the capture. Programs that call themselves showed differences of at most 2 among 700.
 */
const slack = 3;
const slackRatio = 0.02;
/** So large a part of the handlers has to wait at one line. */
const atOneLine = 0.8;

/**
 * Whether the process itself serves the calls that `isCall` picks. A goroutine prints no address, so this is an
 * inference: in every capture as many requests are being handled as calls wait, nearly all of them wait at one line,
 * and where nobody's request makes the calls, the server has as many connections as the client. undefined as well where
 * the handlers share a type with the calls or have started them: then they wait for the calls, and not the other way
 * round.
 */
export function selfCall(
  evidence: GoroutineEvidence,
  isCall: (group: GoroutineGroup) => boolean,
  own: OwnCode,
): SelfCall | undefined {
  const { best, series } = evidence;
  const calls = best.groups.filter(isCall);
  if (calls.length > 0 && calls.every(isGrpcCall)) return grpcSelfCall(evidence, calls, own);
  if (calls.length === 0 || !calls.every((group) => httpClientRole(group) === "awaits-response"))
    return undefined;
  if (![best, ...series].every((snapshot) => isServed(snapshot, isCall))) return undefined;
  const handlers = best.groups.filter((group) => isHandler(group, isCall));
  const waiting = handlers.filter(
    (group) => group.wait !== "active" && group.wait !== "GC" && httpClientRole(group) === undefined,
  );
  const [site] = waitSites(waiting, own);
  if (site === undefined || site.count < sumOf(handlers) * atOneLine) return undefined;
  return mayWaitFor(site, calls, own) ? undefined : { handlers: waiting, nested: [], site };
}

/**
 * The same of gRPC calls, whose server is told by its frames: every call that nobody's gRPC request makes ends, behind as
 * many calls of requests as it likes, in one request that makes none. A gateway's requests all make calls.
 */
function grpcSelfCall(
  { best, series }: GoroutineEvidence,
  calls: readonly GoroutineGroup[],
  own: OwnCode,
): SelfCall | undefined {
  if (![best, ...series].every(isServedOverGrpc)) return undefined;
  const handlers = best.groups.filter((group) => isGrpcRequest(group) && !isGrpcCall(group));
  const [site] = waitSites(
    handlers.filter(({ wait }) => wait !== "active" && wait !== "GC"),
    own,
  );
  if (site === undefined || site.count < sumOf(handlers) * atOneLine) return undefined;
  const begun = calls.filter((group) => !isRequest(group));
  return mayWaitFor(site, begun, own) ? undefined : { handlers, nested: calls.filter(isGrpcRequest), site };
}

function isServedOverGrpc(snapshot: GoroutineSnapshot): boolean {
  const begun = countIn(snapshot, (group) => isGrpcCall(group) && !isGrpcRequest(group));
  return (
    begun > 0 &&
    isAbout(
      countIn(snapshot, (group) => isGrpcRequest(group) && !isGrpcCall(group)),
      begun,
    )
  );
}

function isGrpcCall(group: GoroutineGroup): boolean {
  return remoteCall(group)?.over === "gRPC";
}

const grpcHandler = /(?:^|\/)google\.golang\.org\/grpc\.\(\*Server\)\.handleStream$/;

/** Runs the handler of a gRPC server of this process. */
function isGrpcRequest(group: GoroutineGroup): boolean {
  return isRequest(group) && group.stack.some(({ function: symbol }) => grpcHandler.test(symbol));
}

function isServed(snapshot: GoroutineSnapshot, isCall: (group: GoroutineGroup) => boolean): boolean {
  const calls = snapshot.groups.filter(isCall);
  const made = sumOf(calls);
  if (
    !isAbout(
      countIn(snapshot, (group) => isHandler(group, isCall)),
      made,
    )
  )
    return false;
  return (
    calls.some(isRequest) ||
    isAbout(countIn(snapshot, isServerConnection), countIn(snapshot, isClientConnection))
  );
}

function isAbout(count: number, other: number): boolean {
  return Math.abs(count - other) <= slack + other * slackRatio;
}

/** Runs a request's handler that is none of the calls, and neither takes the capture nor waits for its client. */
function isHandler(group: GoroutineGroup, isCall: (group: GoroutineGroup) => boolean): boolean {
  return (
    isRequest(group) && !isCall(group) && !isKnownIdle(group) && httpServerRole(group) !== "writes-response"
  );
}

/** Go source: net/http/server.go, one for each connection of HTTP/1. */
function isServerConnection({ stack }: GoroutineGroup): boolean {
  return stack.some(({ function: symbol }) => symbol === "net/http.(*conn).serve");
}

/** Go source: net/http/transport.go, one for each connection of HTTP/1. */
function isClientConnection(group: GoroutineGroup): boolean {
  const role = httpClientRole(group);
  return role === "reads-connection" || role === "open-body";
}

/** True when the goroutines of `site` may wait for `calls`: these run code of the same type, or were started by it. */
function mayWaitFor(site: WaitSite, calls: readonly GoroutineGroup[], own: OwnCode): boolean {
  const innermost = new Set(site.groups.flatMap((group) => ownObjects(group, own)[0] ?? []));
  const outer = new Set(site.groups.flatMap((group) => ownObjects(group, own)));
  return calls.some((call) => {
    const starter = startedBy(call);
    return (
      ownObjects(call, own).some((object) => innermost.has(object)) ||
      (!isRequest(call) && starter !== undefined && outer.has(codeObject(starter)))
    );
  });
}

/** What the own frames belong to, innermost first. */
function ownObjects({ stack }: GoroutineGroup, own: OwnCode): string[] {
  return stack.flatMap((frame) => (own.isOwn(frame) ? [codeObject(frame.function)] : []));
}
