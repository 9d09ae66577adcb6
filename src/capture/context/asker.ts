import { PortError } from "../../domain/errors.ts";
import type { Unknown } from "../../domain/metrics/counters.ts";
import type { MetricSeries } from "../../domain/metrics/metric-series.ts";
import { durationText } from "../../domain/units.ts";
import type { Clock } from "../../ports/clock.ts";
import type { MetricsServer } from "../../ports/metrics-server.ts";

/**
 * - One question: what Prometheus answers in a second, and a Thanos that reads a bucket in two.
 * - All of them: a capture takes longer by itself, so nobody waits for these.
 */
const contextLimits = { questionMs: 3_000, wholeMs: 10_000, maxBytes: 4 << 20 };

/** Everybody else who is woken by the same page looks at dashboards: Prometheus answers 20 questions at a time. */
const atOnce = 4;
/** So many answers that did not come say that the next ones will not, and that the server has enough to do. */
const patience = 3;
/** So many answers in a row that were none: a login page, a proxy that breaks, an API that speaks otherwise. */
const patienceWithNonsense = 8;
const mostNotes = 5;
const noteCharacters = 200;

/** Asks about one moment. Never throws: why there is no answer is an answer, too. */
export interface Asker {
  ask(expression: string): Promise<readonly MetricSeries[] | Unknown>;
  /** What the server said against its own answers, each once. */
  warnings(): readonly string[];
  /** Questions that got an answer, and those that did not. */
  tally(): { readonly answered: number; readonly unanswered: number };
}

export function asker(server: MetricsServer, atMs: number, clock: Clock, signal: AbortSignal): Asker {
  const endsAt = clock.monotonicMs() + contextLimits.wholeMs;
  const waiting: (() => void)[] = [];
  const warnings = new Set<string>();
  let free = atOnce;
  let timeouts = 0;
  let failuresInARow = 0;
  let answered = 0;
  let unanswered = 0;
  /** Why nothing more is asked. */
  let closed: string | undefined;

  async function turn(): Promise<void> {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => void waiting.push(resolve));
  }
  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  }

  async function answer(expression: string): Promise<readonly MetricSeries[] | Unknown> {
    if (signal.aborted) return { unknown: "the capture was over before Prometheus had answered" };
    if (closed !== undefined) return { unknown: closed };
    const leftMs = endsAt - clock.monotonicMs();
    if (leftMs <= 0) {
      return {
        unknown: `not asked: Prometheus took ${durationText(contextLimits.wholeMs)} for the other questions`,
      };
    }
    const deadlineMs = Math.min(contextLimits.questionMs, leftMs);
    try {
      const found = await server.query(
        expression,
        atMs,
        { deadlineMs, maxBytes: contextLimits.maxBytes },
        signal,
      );
      answered++;
      failuresInARow = 0;
      for (const warning of found.warnings) {
        if (warnings.size < mostNotes) warnings.add(warning.slice(0, noteCharacters));
      }
      return found.series;
    } catch (error) {
      unanswered++;
      failuresInARow++;
      if (signal.aborted) return { unknown: "the capture was over before Prometheus had answered" };
      // A capture does not fail for what it is not about, not even by a mistake of ours.
      if (!(error instanceof PortError))
        return { unknown: `Prometheus: ${String(error).slice(0, noteCharacters)}` };
      if (error.code === "timeout") {
        timeouts++;
        const reason = `Prometheus did not answer within ${durationText(deadlineMs)}`;
        if (timeouts >= patience) closed = `not asked: ${reason} several times`;
        return { unknown: reason };
      }
      const reason = `Prometheus: ${error.message.slice(0, noteCharacters)}`;
      if (error.code !== "bad-response") closed = reason;
      else if (failuresInARow >= patienceWithNonsense) closed = `not asked after several of these: ${reason}`;
      return { unknown: reason };
    }
  }

  return {
    async ask(expression) {
      await turn();
      try {
        return await answer(expression);
      } finally {
        leave();
      }
    },
    warnings: () => [...warnings],
    tally: () => ({ answered, unanswered }),
  };
}
