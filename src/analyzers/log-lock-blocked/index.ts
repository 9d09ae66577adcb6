import { isRequest } from "../../domain/code/code-object.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import { isAlsoIn } from "../../domain/goroutines/goroutine-sites.ts";
import {
  growthThresholds,
  pileExcerpt,
  pileUp,
  trendOf,
  trendText,
} from "../../domain/goroutines/pile-up.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";
import { lockWait } from "../../domain/locks/lock-waits.ts";
import { isFileLock, isLogger, isWrite } from "../../domain/locks/log-locks.ts";
import { counted } from "../../domain/units.ts";

export const logLockBlocked = defineAnalyzer({
  meta: {
    id: "log/lock-blocked",
    title: "Logging is blocked by a writer that does not come back",
    severity: "critical",
    scope: "specific",
    needs: ["goroutines"],
    uses: [],
    symptomOf: [],
    thresholds: {
      waiters: {
        default: 5,
        unit: "goroutines",
        meaning: "goroutines that wait for the logger's lock behind a blocked write",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      ...growthThresholds,
    },
    docs: {
      what: "One goroutine of a logging library blocked in the write of a log line (pipe, disk, connection), and others that wait for the logger's lock.",
      why: "A logger writes with its lock held. When standard output's reader or the disk stops, every goroutine that logs stops too, in code that has nothing to do with it.",
      next: "Free the reader of the pipe or the disk first. Then log asynchronously with a bounded buffer that drops.",
      falsePositives:
        "Contention for the logger without a blocked write is no finding here. A write that is slow for a moment shows in one capture only: `possible`.",
      references: [
        "https://go.dev/src/log/log.go",
        "https://pkg.go.dev/go.uber.org/zap/zapcore#BufferedWriteSyncer",
      ],
    },
  },
  analyze({ goroutines, target }, limits) {
    const { best, series } = goroutines;
    const writers = best.groups.filter(isBlockedLogWrite);
    const waiting = pileUp(goroutines, waitsForLogger);
    const [writer] = writers.toSorted((a, b) => (b.waitMinutes?.max ?? 0) - (a.waitMinutes?.max ?? 0));
    if (writer === undefined || waiting.count < limits.waiters) return [];
    const trend = trendOf(waiting, limits.waiters, limits);
    const staysThere = series.every((snapshot) => isAlsoIn(snapshot, writer));
    const likely =
      (staysThere && trend !== "few" && (trend !== "seen-once" || waiting.count >= limits.waiters * 10)) ||
      (waiting.aged > 0 && (writer.waitMinutes?.max ?? 0) > 0);
    const logger = writer.stack.find(({ function: symbol }) => isLogger(symbol));
    const where = blamedFrames(writer, target.own);
    const others = waiting.groups.some(isRequest);
    return [
      {
        severity: likely && (others || waiting.count >= limits.waiters * 2) ? "critical" : "warning",
        confidence: likely ? "likely" : "possible",
        title: `${counted(waiting.count, "goroutine")} ${waiting.count === 1 ? "waits" : "wait"} to log behind one blocked write`,
        summary: `${counted(waiting.count, "goroutine")} ${waiting.count === 1 ? "waits" : "wait"} for the lock of ${shortName(logger?.function ?? "the logger")}; ${trendText(waiting, trend)}. One goroutine inside it is blocked in ${writer.state} while it writes a log line, and by the code it holds that lock, the library's or the file's own. Whoever reads the other end (container runtime, pipe, disk) has probably stopped.`,
        measured: { value: waiting.count, limit: limits.waiters, unit: "goroutines" },
        where,
        waitReason: writer.wait,
        groups: [writer],
        blocks: waiting.groups,
        evidence: [
          pileExcerpt(
            best.artifact,
            [writer, ...waiting.groups],
            (group) => blamedFrames(group, target.own)[0],
          ),
        ],
        next: [
          "See who reads the log: the container runtime's log pipe, a sidecar, a full disk (df -h).",
          "Put a bounded, dropping buffer between the service and its log writer.",
          "Lower the log level for now, if it can be changed at run time.",
        ],
      },
    ];
  },
});

function waitsForLogger(group: GoroutineGroup): boolean {
  const wait = lockWait(group);
  if (wait !== undefined) return isLogger(wait.caller.function);
  return waitsForFile(group) && group.stack.some(({ function: symbol }) => isLogger(symbol));
}

/** Behind another write to the same file, where the library itself has no lock. */
function waitsForFile({ wait, stack }: GoroutineGroup): boolean {
  return (
    (wait === "semacquire" || wait === "other") &&
    stack.slice(0, nearFileLock).some(({ function: symbol }) => isFileLock(symbol))
  );
}

/** Frames of the runtime and of internal/poll above that lock. */
const nearFileLock = 6;

function isBlockedLogWrite(group: GoroutineGroup): boolean {
  if (group.wait === "active" || group.wait === "GC" || lockWait(group) !== undefined) return false;
  if (waitsForFile(group)) return false;
  const writes = group.stack.findIndex(({ function: symbol }) => isWrite(symbol));
  return writes !== -1 && group.stack.slice(writes).some(({ function: symbol }) => isLogger(symbol));
}
