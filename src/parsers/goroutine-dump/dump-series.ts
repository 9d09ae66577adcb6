import type { CrashReport } from "../../domain/goroutines/crash.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import { countText } from "../../domain/units.ts";

/** One of the dumps that an input holds, as read. */
export interface ReadDump {
  /** Largest first; equal sizes in order of first appearance. */
  readonly groups: readonly GoroutineGroup[];
  /** How many goroutines are in the groups. */
  readonly counted: number;
  /** The line (1-based) of its first goroutine. */
  readonly line: number;
  /** The last words that stood in front of it. */
  readonly crash?: CrashReport;
  /** Why goroutines may be missing, in words. */
  readonly incomplete?: string;
}

/** The dumps of an input by what they are for each other. */
export interface JudgedDumps {
  readonly judged: ReadDump;
  /** Those of the same run of the process before it, oldest first. */
  readonly earlier: readonly ReadDump[];
  /** What became of several dumps, in words; absent for one. */
  readonly note?: string;
}

/** Dumps kept in front of the last one. A service that logs its goroutines every minute has thousands. */
const mostKept = 8;

/**
 * The dumps that stand in an input one after another: of a process that was asked several times, or that was started
 * again after it died.
 */
export class DumpSeries {
  readonly #kept: ReadDump[] = [];
  #count = 0;
  #lastDeath: ReadDump | undefined;

  add(dump: ReadDump): void {
    this.#count++;
    if (dump.crash !== undefined && died(dump.crash)) this.#lastDeath = dump;
    this.#kept.push(dump);
    if (this.#kept.length > mostKept) this.#kept.shift();
  }

  /**
   * Judged is the last dump, or the last that a panic or a fatal error ended: what came after it is of another run. Its
   * captures before it are those back to the end of the run before. Undefined when there is no dump.
   */
  end(): JudgedDumps | undefined {
    const judged = this.#lastDeath ?? this.#kept.at(-1);
    if (judged === undefined) return undefined;
    const at = this.#kept.indexOf(judged);
    const before = this.#kept.slice(0, Math.max(0, at));
    const runBegins = before.findLastIndex(({ crash }) => crash !== undefined) + 1;
    const earlier = before.slice(runBegins);
    if (this.#count === 1) return { judged, earlier };
    const leftOut = this.#count - 1 - earlier.length;
    const sentences = [
      `${countText(this.#count)} dumps stand in it one after another; judged is that of line ${judged.line}`,
      ...(earlier.length === 0
        ? []
        : [`what grew is measured from ${earlier.map(({ line }) => `line ${line}`).join(", ")}`]),
      ...(leftOut === 0 ? [] : [`${countText(leftOut)} left out, ${this.#whyLeftOut(judged, before)}`]),
    ];
    return { judged, earlier, note: sentences.join("; ") };
  }

  #whyLeftOut(judged: ReadDump, before: readonly ReadDump[]): string {
    const end = before.findLast(({ crash }) => crash !== undefined)?.crash;
    if (end !== undefined) {
      return `of an earlier run of the process, which ended at line ${end.at.value} (${end.message})`;
    }
    return judged === this.#kept.at(-1) ? "the oldest" : "of a later run of the process";
  }
}

/** Who is asked by SIGQUIT for a dump ends, too, but did not die of what the dump shows. */
export function died({ kind, message }: CrashReport): boolean {
  return !(kind === "signal" && message.startsWith("quit"));
}
