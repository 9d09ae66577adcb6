import { codeObject, declaredFunction } from "../code/code-object.ts";
import { type Frame, packagePath } from "../code/frame.ts";
import type { OwnCode } from "../code/own-code.ts";
import { symbolTable } from "../code/symbol-table.ts";
import type { GoroutineGroup, WaitReason } from "../goroutines/goroutine.ts";
import { isRuntimeFrame } from "../goroutines/goroutine-sites.ts";
import { memoised } from "../memoised.ts";

/** A goroutine that waits for somebody to give a pooled thing back. */
export interface PoolWait {
  /** Name of the pool's type, e.g. `database/sql.DB`, `shop/clients/redis.Pool`. */
  readonly pool: string;
  readonly library: PoolLibrary;
  /** Index of the outermost frame that belongs to the pool; further out is who wants something from it. */
  readonly acquireIndex: number;
}

export type PoolLibrary =
  | "database/sql"
  | "go-redis"
  | "redigo"
  | "pgx"
  | "mongo"
  | "fasthttp"
  | "grpc"
  | "semaphore"
  | "unknown";

/**
 * Where well-known pools wait (sources: database/sql/sql.go; github.com/redis/go-redis internal/pool/pool.go and
 * internal/semaphore.go; github.com/gomodule/redigo redis/pool.go; github.com/jackc/puddle pool.go and, before v4,
 * github.com/jackc/pgx conn_pool.go; go.mongodb.org/mongo-driver x/mongo/driver/topology/pool.go;
 * github.com/valyala/fasthttp client.go; google.golang.org/grpc picker_wrapper.go; golang.org/x/sync/semaphore).
 */
const libraryAcquiring = symbolTable<PoolLibrary>([
  ["database/sql", /^database\/sql\.\(\*DB\)\.conn$/],
  [
    "go-redis",
    /(?:^|\/)(?:go-redis\/(?:redis\/)?(?:v\d+\/)?|redis(?:%2e|\.)v\d+\/)internal(?:\/pool)?\.\(\*(?:ConnPool\)\.(?:waitTurn|queuedNewConn|wait)|(?:Fast|FIFO)Semaphore\)\.Acquire\w*)$/,
  ],
  ["redigo", /(?:^|\/)redigo\/redis\.\(\*Pool\)\.(?:get|waitVacantConn|GetContext|Get)$/],
  [
    "pgx",
    /(?:^|\/)jackc\/(?:puddle(?:\/v\d+)?\.\(\*Pool(?:\[.*\])?\)\.(?:acquire|Acquire)|pgx(?:\/v\d+)?\.\(\*ConnPool\)\.(?:acquire|Acquire)\w*)$/,
  ],
  ["mongo", /(?:^|\/)driver\/topology\.\(\*pool\)\.(?:checkOut|get)$/],
  ["fasthttp", /(?:^|\/)valyala\/fasthttp\.\(\*(?:HostClient|wantConn)\)\.(?:[Aa]cquireConn|waitConn\w*)$/],
  ["grpc", /(?:^|\/)google\.golang\.org\/grpc\.\(\*pickerWrapper\)\.pick$/],
  ["semaphore", /(?:^|\/)golang\.org\/x\/sync\/semaphore\.\(\*Weighted\)\.Acquire$/],
]);

/** How the names of all of them end: asked first, of every frame near a wait, so that the others are hardly ever asked. */
const acquireEnd = /\.(?:conn|wait\w*|queuedNewConn|[Aa]cquire\w*|[Gg]et(?:Context)?|checkOut|pick)$/;

/** Frames further out that still belong to the library's pool, not to who uses it. */
const libraryPackages: Readonly<Record<PoolLibrary, RegExp | undefined>> = {
  "database/sql": /^database\/sql$/,
  "go-redis": /(?:^|\/)(?:go-redis\/|redis(?:%2e|\.)v\d+)/,
  redigo: /(?:^|\/)redigo\/redis$/,
  pgx: /(?:^|\/)jackc\//,
  mongo: /(?:^|\/)go\.mongodb\.org\//,
  fasthttp: /(?:^|\/)valyala\/fasthttp$/,
  grpc: /(?:^|\/)google\.golang\.org\/grpc/,
  semaphore: /(?:^|\/)golang\.org\/x\/sync\/semaphore$/,
  unknown: undefined,
};

/** A type that lends things: `(*Pool)`, `(*ConnPool)`, `(*connectionPool[...])`; or the package of a pool: `dbpool.`. */
const poolOwner = /(?:[Pp]ool|[Ss]emaphore)\w*$/;
/** Functions that borrow. */
const acquireName =
  /^(?:[Gg]et|[Aa]cquire|[Cc]heck_?[Oo]ut|[Tt]ake|[Bb]orrow|[Ll]ease|[Rr]eserve|[Oo]btain|[Rr]ent|[Cc]laim)(?:[A-Z_]\w*)?$|^[Ww]ait(?:Turn|For[A-Z]\w*|Free|Idle|Vacant|Slot|Conn)\w*$/;
/** Those of them that hand the thing itself to the caller; `GetString` only uses one. */
const lendsName =
  /^(?:[Gg]et|[Aa]cquire|[Cc]heck_?[Oo]ut|[Tt]ake|[Bb]orrow|[Ll]ease|[Rr]eserve|[Oo]btain|[Rr]ent|[Cc]laim)_?(?:(?:Conn|Client|Session|Slot|Resource|Item|Object|Worker|One|Context|With|Ctx|Timeout|Blocking)\w*)?$/;
/** HTTP/2 clients keep their connections in a "pool" too: who waits there waits for a dial. */
const dialsInstead = /http2/;

/** Somebody gives back by a channel, a condition, a semaphore, or in a poll; debug=1 captures do not show which. */
const waitsForReturn: ReadonlySet<WaitReason> = new Set<WaitReason>([
  "chan receive",
  "chan send",
  "select",
  "sync.Cond.Wait",
  "semacquire",
  "sleep",
  "other",
  "active",
]);

/** There puddle waits while a connection is opened that it has room for: for no return (puddle source: pool.go). */
const opensOne = ".initResourceValue";

/** Frames that carry the wait itself. */
const carriesWait = /^(?:sync|internal\/sync|time|context)\./;

/** Undefined unless the goroutine stands in a pool's acquire function and waits there. */
export const poolWait = memoised(findWait);

function findWait({ stack, wait }: GoroutineGroup): PoolWait | undefined {
  if (!waitsForReturn.has(wait)) return undefined;
  const at = stack.findIndex((frame) => !isRuntimeFrame(frame) && !carriesWait.test(frame.function));
  if (at === -1 || stack[at]?.function.endsWith(opensOne) === true) return undefined;
  return knownWait(stack, at) ?? structuralWait(stack, at);
}

/** How many frames of a pool's own can stand between the wait and its acquire function. */
const nearAcquire = 4;

function knownWait(stack: readonly Frame[], at: number): PoolWait | undefined {
  for (let i = at; i < Math.min(stack.length, at + nearAcquire); i++) {
    const symbol = stack[i]?.function ?? "";
    if (!acquireEnd.test(symbol)) continue;
    const library = libraryAcquiring(symbol);
    if (library === undefined) continue;
    // Between database/sql.(*DB).conn and the wait stands the driver while it dials: no wait for a return.
    if (library === "database/sql" && i > at) return undefined;
    // A semaphore that is part of a pool is the pool's.
    const around =
      library === "semaphore" ? (knownWait(stack, i + 1) ?? structuralWait(stack, i + 1)) : undefined;
    if (around !== undefined) return around;
    const packages = libraryPackages[library];
    let acquireIndex = i;
    while (packages?.test(packagePath(stack[acquireIndex + 1]?.function ?? "")) === true) acquireIndex++;
    return { pool: codeObject(symbol), library, acquireIndex };
  }
  return undefined;
}

/**
 * A pool that no list knows: a type or package named after what it is, in a function named after what it does, and
 * somebody who called it. A goroutine that is the pool's from its first frame on is its worker, and waits for a job:
 * fasthttp's workers stand in a closure of `(*workerPool).getCh`.
 */
function structuralWait(stack: readonly Frame[], at: number): PoolWait | undefined {
  const pool = poolOf(stack[at]);
  if (pool === undefined) return undefined;
  let acquires = false;
  let acquireIndex = at;
  for (let i = at; i < stack.length && poolOf(stack[i]) === pool; i++) {
    acquireIndex = i;
    if (i < at + nearAcquire && acquireName.test(methodName(stack[i]?.function ?? ""))) acquires = true;
  }
  const isCalled = stack.slice(acquireIndex + 1).some((frame) => !isRuntimeFrame(frame));
  return acquires && isCalled ? { pool, library: "unknown", acquireIndex } : undefined;
}

/**
 * What the caller of a pool has when the call returns.
 *
 * - `nothing`: the call gives back what it took.
 * - `a-thing`: something that has to be given back, rows included.
 * - `a-scope`: a transaction or a connection, which is usually kept to the end of the function.
 */
export type Keeps = "nothing" | "a-thing" | "a-scope";

const opensScope = /\.(?:Begin\w*|Conn|Acquire|AcquireConn)$/;
/** Of database/sql, pgx and redigo, and of what is built on them: gorm and bun (Rows), sqlx (Queryx, NamedQuery). */
const opensRows =
  /\.(?:Query|Queryx|QueryContext|QueryxContext|NamedQuery\w*|Rows|Prepare\w*|Get|GetContext)$/;
/** Libraries whose commands borrow and give back by themselves. */
const lendsForOneCommand: ReadonlySet<PoolLibrary> = new Set<PoolLibrary>([
  "go-redis",
  "mongo",
  "fasthttp",
  "grpc",
]);

/** What the call that waits will leave its caller with. */
export function keptAfter(stack: readonly Frame[], wait: PoolWait, own: OwnCode): Keeps {
  const call = stack[wait.acquireIndex]?.function ?? "";
  if (lendsForOneCommand.has(wait.library)) return "nothing";
  if (wait.library === "semaphore") return "a-thing";
  if (wait.library === "unknown") return lendsName.test(methodName(call)) ? "a-thing" : "nothing";
  if (opensScope.test(call)) return "a-scope";
  // A library that queries on behalf of its caller also closes the rows, unless it is asked for them: gorm's (*DB).Rows.
  const callerIndex = stack.findIndex((frame, index) => index > wait.acquireIndex && own.isOwn(frame));
  const asked = callerIndex === wait.acquireIndex + 1 ? call : (stack[callerIndex - 1]?.function ?? "");
  if (asked !== call && opensScope.test(asked)) return "a-scope";
  return callerIndex !== -1 && opensRows.test(asked) ? "a-thing" : "nothing";
}

/** The pool's type, or its package when the function has no receiver; undefined when neither is named a pool. */
function poolOf(frame: Frame | undefined): string | undefined {
  if (frame === undefined || dialsInstead.test(frame.function)) return undefined;
  const object = codeObject(frame.function);
  const path = packagePath(frame.function);
  const typeName = object.slice(path.length + 1);
  if (poolOwner.test(typeName)) return object;
  return /pool$/i.test(path) ? path : undefined;
}

/** `Get` of `shop/redis.(*Pool).Get.func1`. */
function methodName(symbol: string): string {
  return declaredFunction(symbol).split(".").at(-1) ?? "";
}
