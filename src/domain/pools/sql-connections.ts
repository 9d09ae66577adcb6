import { symbolTable } from "../code/symbol-table.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { poolWait } from "./pool-waits.ts";

/**
 * What a goroutine has to do with a connection of a database/sql pool (Go source: database/sql/sql.go).
 *
 * - `wants`: waits in (*DB).conn because as many connections are open as SetMaxOpenConns allows.
 * - `uses`: a query, statement or transaction of database/sql is on its stack: it holds a connection now.
 * - `transaction-open`: the goroutine that watches the context of a transaction that is neither committed nor rolled back.
 * - `rows-open`: the same for rows that are not closed; only when their context can be cancelled.
 */
export type SqlRole = "wants" | "uses" | "transaction-open" | "rows-open";

const watchNamed = symbolTable<SqlRole>([
  ["transaction-open", /^database\/sql\.\(\*Tx\)\.awaitDone$/],
  ["rows-open", /^database\/sql\.\(\*Rows\)\.awaitDone$/],
]);
const housekeeping = /^database\/sql\.\(\*DB\)\.connection(?:Opener|Cleaner|Resetter)/;
const fromPool = /^database\/sql\.\(\*(?:DB|Tx|Stmt|Conn|Rows|Row)\)\./;

/** Undefined for goroutines without a part in it; callbacks that run inside database/sql count as `uses`. */
function sqlRole(group: GoroutineGroup): SqlRole | undefined {
  if (poolWait(group)?.library === "database/sql") return "wants";
  for (const { function: symbol } of group.stack) {
    if (!symbol.startsWith("database/sql.")) continue;
    const watch = watchNamed(symbol);
    if (watch !== undefined) return watch;
    if (housekeeping.test(symbol)) return undefined;
    if (fromPool.test(symbol)) return "uses";
  }
  return undefined;
}

/** How the connections of a snapshot's database/sql pools are used. */
export interface SqlConnections {
  /** Largest first. */
  readonly wants: readonly GoroutineGroup[];
  readonly uses: readonly GoroutineGroup[];
  readonly transactionsOpen: readonly GoroutineGroup[];
  readonly rowsOpen: readonly GoroutineGroup[];
}

/** Sorts the goroutines of a snapshot by their part in using database/sql. */
export function sqlConnections({ groups }: GoroutineSnapshot): SqlConnections {
  const having = (role: SqlRole) => groups.filter((group) => sqlRole(group) === role);
  return {
    wants: having("wants"),
    uses: having("uses"),
    transactionsOpen: having("transaction-open"),
    rowsOpen: having("rows-open"),
  };
}
