import { declaredFunction, isRequest } from "../code/code-object.ts";
import type { Frame } from "../code/frame.ts";
import type { OwnCode } from "../code/own-code.ts";
import { holdersOf, type PoolQueue } from "../pools/pool-queues.ts";
import { poolWait } from "../pools/pool-waits.ts";
import { sqlConnections } from "../pools/sql-connections.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "./goroutine.ts";
import { parentIds } from "./group-children.ts";
import { sumOf } from "./pile-up.ts";

/** Goroutines that wait for a pool and hold something from it, with the reason to believe so. */
export interface NestedWait {
  readonly group: GoroutineGroup;
  /**
   * - `source-order`: an outer function of the stack has come past a line that takes something.
   * - `callback`: an outer function runs its callback in a transaction or with a connection, going by its name.
   * - `watched-transaction`: a transaction that is open was begun by a goroutine of the group.
   * - `count`: exactly as many transactions or rows are open as goroutines wait, and nothing else is known.
   */
  readonly how: "source-order" | "callback" | "watched-transaction" | "count";
  /** The own or library frame that holds, where it is known. */
  readonly frame?: Frame;
  /** Where `frame`'s function took it. */
  readonly takenAt?: Frame;
}

/** Functions that run a callback while they hold a transaction or connection, in ORMs, drivers and own code. */
const runsInside =
  /\.(?:[Ww]ith|[Ii]n|[Rr]un(?:In)?|[Dd]o(?:In)?|[Ee]xec(?:ute)?(?:In)?)?_?(?:Tx|Transaction(?:al)?|Txn)(?:Context|Ctx|Func|Do|Exec)?$|\.(?:BeginFunc|BeginTxFunc|AcquireFunc|Transact|Atomic(?:ally)?|WithConn(?:ection)?)$|\/go-redis\/.*\.\(\*\w+\)\.Watch$/;

/** The waits of `queue` that are nested, most certain reason first and largest first. */
export function nestedWaits(
  queue: PoolQueue,
  snapshot: GoroutineSnapshot,
  own: OwnCode,
  dump: GoroutineSnapshot | undefined,
): NestedWait[] {
  const waiting = new Set(queue.pile.groups);
  const found = new Map<GoroutineGroup, NestedWait>();
  for (const { group, frame, takenAt } of holdersOf(queue, snapshot, own)) {
    if (waiting.has(group)) found.set(group, { group, how: "source-order", frame, takenAt });
  }
  for (const group of queue.pile.groups) {
    if (found.has(group)) continue;
    const frame = callbackRunner(group, own);
    if (frame !== undefined) found.set(group, { group, how: "callback", frame });
  }
  if (queue.library === "database/sql") {
    for (const wait of nestedSql(queue, snapshot, dump)) {
      if (!found.has(wait.group)) found.set(wait.group, wait);
    }
  }
  return [...found.values()].sort((a, b) => b.group.count - a.group.count);
}

/** The function further out that runs a closure or method value of somebody else's inside a transaction. */
function callbackRunner(group: GoroutineGroup, own: OwnCode): Frame | undefined {
  const wait = poolWait(group);
  const outside = group.stack.slice((wait?.acquireIndex ?? -1) + 1);
  return outside.find((runner, index) => {
    const callback = outside[index - 1];
    return (
      callback !== undefined &&
      own.isOwn(callback) &&
      isCallback.test(callback.function) &&
      runsInside.test(runner.function) &&
      declaredFunction(callback.function) !== declaredFunction(runner.function)
    );
  });
}

const isCallback = /\.func\d+(?:\.\d+)*(?:-range\d+)?$|-fm$/;

function nestedSql(
  queue: PoolQueue,
  snapshot: GoroutineSnapshot,
  dump: GoroutineSnapshot | undefined,
): NestedWait[] {
  const { wants, uses, transactionsOpen, rowsOpen } = sqlConnections(dump ?? snapshot);
  const watchers = [...transactionsOpen, ...rowsOpen];
  const owners = new Set(parentIds(watchers));
  // A server handles the next request of a connection in the same goroutine, so there a parent proves nothing.
  const parents = wants.filter(
    (group) => !isRequest(group) && group.exemplars.some(({ id }) => owners.has(id)),
  );
  if (parents.length > 0 && (dump === undefined || dump === snapshot)) {
    return parents.map((group) => ({ group, how: "watched-transaction" as const }));
  }
  const open = sumOf(watchers);
  return open > 0 && open === queue.pile.count && uses.length === 0
    ? queue.pile.groups.map((group) => ({ group, how: "count" as const }))
    : [];
}
