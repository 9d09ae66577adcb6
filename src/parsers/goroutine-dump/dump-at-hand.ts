import type { CrashReport } from "../../domain/goroutines/crash.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import { hasFrame } from "../../domain/goroutines/goroutine-sites.ts";
import { died, type ReadDump } from "./dump-series.ts";
import { GoroutineCounter } from "./goroutine-counter.ts";
import type { DumpLimits } from "./limits.ts";
import { SeenIds } from "./seen-ids.ts";
import type { StackWalk } from "./stack-walk.ts";

/** A dump while goroutines are still added to it. */
export class DumpAtHand {
  readonly goroutines: GoroutineCounter;
  readonly ids: SeenIds;
  /** The line (1-based) of its first goroutine. */
  line: number | undefined;
  crash: CrashReport | undefined;
  /** The first thing of it that could not be read, in words. */
  damage: string | undefined;
  /** A goroutine whose stack was logged more than once, and where again; how many such stacks there are. */
  #repeated: { readonly id: number; readonly line: number } | undefined;
  #repeats = 0;
  /** There is more in it than what threads do for the scheduler. */
  hasGoroutines = false;
  /** The threads of the process tell one after another what they ran: goroutines may stand in it twice. */
  threads = false;

  constructor(limits: DumpLimits, walk: StackWalk) {
    this.goroutines = new GoroutineCounter(limits, walk);
    this.ids = new SeenIds(walk.idSlots);
  }

  /** One goroutine is all that it has, however often. */
  get holdsOnlyRepeats(): boolean {
    return this.goroutines.counted === this.#repeats + 1;
  }

  /** To be called for each goroutine that was counted, with the line (1-based) of its header. */
  see(id: number, line: number): void {
    if (id !== 0) this.hasGoroutines = true;
    if (!this.ids.has(id)) this.ids.add(id);
    else if (this.threads) this.goroutines.takeBackStackless();
    else {
      this.#repeated ??= { id, line };
      this.#repeats++;
    }
  }

  /** The dump, when it is over; to be called once. Undefined when no goroutine was in it. */
  end(incomplete: string | undefined): ReadDump | undefined {
    const { counted } = this.goroutines;
    if (counted === 0) return undefined;
    const seen = this.goroutines.finish();
    const first = seen.find(({ exemplars }) => exemplars[0]?.id !== 0);
    const groups = seen.toSorted((a, b) => b.count - a.count);
    const why = incomplete ?? this.damage ?? this.#whatIsMissing(groups);
    return {
      groups,
      counted,
      line: this.line ?? 1,
      ...(this.crash === undefined
        ? {}
        : { crash: { ...this.crash, ...(first === undefined ? {} : { goroutine: first }) } }),
      ...(why === undefined ? {} : { incomplete: why }),
    };
  }

  /**
   * A process has its main goroutine until it ends, so a text without it does not show them all. Who dies may show
   * nobody else (GOTRACEBACK=single), and says so.
   */
  #whatIsMissing(groups: readonly GoroutineGroup[]): string | undefined {
    if (this.#repeated !== undefined) {
      const { id, line } = this.#repeated;
      return `the stack of goroutine ${id} stands in it again at line ${line}: stacks were logged one by one`;
    }
    if (this.ids.main || (this.crash !== undefined && died(this.crash))) return undefined;
    const isCalled = (symbol: string) => groups.some((group) => hasFrame(group, symbol));
    if (ofMain.some(isCalled)) return undefined;
    // A process may have lost its main goroutine. Who writes a dump of all stands first in it, and is never the only one.
    if (this.goroutines.counted > 1 && isCalled(writer)) return undefined;
    return "the main goroutine is not in it, so others may be missing, too";
  }
}

/** The main goroutine of Go before 1.4 had other numbers. */
const ofMain = ["main.main", "runtime.main"];
const writer = "runtime/pprof.writeGoroutineStacks";
