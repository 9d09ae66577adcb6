import type { ByteParser, ParseResult } from "../../domain/evidence/parse-result.ts";
import type { CrashReport } from "../../domain/goroutines/crash.ts";
import type { GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import { countText } from "../../domain/units.ts";
import { lineError } from "../text/line-error.ts";
import type { SourceLine } from "../text/source-lines.ts";
import { compiledStackWalk } from "./compiled-stack-walk.ts";
import { DumpReader } from "./dump-reader.ts";
import type { ReadDump } from "./dump-series.ts";
import { EscapedTextRestorer } from "./escaped-text.ts";
import { InputWindow } from "./input-window.ts";
import { type DumpLimits, dumpLimits, runtimeDumpCapBytes } from "./limits.ts";
import { type LineForm, LineRestorer } from "./line-form.ts";
import { StackTree } from "./stack-tree.ts";

const excerptBytes = 160;

export interface GoroutineDump {
  /** `form` is "dump"; `total` is what was counted here; what the process told elsewhere comes later (`withTotalFrom`). */
  readonly snapshot: GoroutineSnapshot;
  /** Dumps of the same run of the process that stood in front of that one, oldest first. */
  readonly earlier: readonly GoroutineSnapshot[];
  /** Which of several dumps are judged, and what became of the others; absent for one. */
  readonly note?: string;
  /** The last words of the process, when the dump is part of a crash log. */
  readonly crash?: CrashReport;
}

export interface GoroutineDumpOptions {
  /** Name of the file, for findings and errors. */
  readonly artifact: string;
  /** Milliseconds since the epoch at which the dump was taken. */
  readonly takenAtMs?: number;
  readonly limits?: Partial<DumpLimits>;
  /** The line of the file that a line of the input comes from; left out when they are the same. */
  readonly sourceLine?: SourceLine;
  /** False does without compiled code. The result is the same. */
  readonly compiled?: boolean;
}

/**
 * Reads the text that Go writes for all goroutines: `goroutine?debug=2`, a panic, a fatal error, SIGQUIT; alone or
 * within a log, as written or as copied from a terminal. All forms from Go 1.18 to 1.27 (Go source:
 * runtime/traceback.go).
 *
 * One pass, no copy of the input: memory is bounded by the distinct stacks. Chunks may be of any size, and may be
 * overwritten after `push` returns. Every goroutine whose header is whole is in exactly one group.
 *
 * Errors: `empty`; `not-this-format` when there is no goroutine; otherwise what was read is kept and `damage` says
 * what was not (`damaged` with the line, `too-large` when a bound was reached).
 */
export function goroutineDumpParser(options: GoroutineDumpOptions): ByteParser<GoroutineDump> {
  const limits = { ...dumpLimits, ...options.limits };
  const walk = (options.compiled === false ? undefined : compiledStackWalk(limits)) ?? new StackTree(limits);
  const reader = new DumpReader(options.artifact, limits, walk);
  const inputLine = options.sourceLine ?? reader.sourceLine;
  reader.sourceLine = inputLine;
  let bytesSeen = 0;
  let lastByte = 0;
  let head = "";
  let overlong = false;
  let restorer: LineRestorer | EscapedTextRestorer | undefined;
  const window = new InputWindow(walk.memory, (from, to, last) => {
    const cut = overlong || (bytesSeen === runtimeDumpCapBytes && lastByte !== 0x0a);
    return reader.read(from, to, last ? (cut ? "cut" : "ended") : "flowing");
  });

  /** From here on the lines are read as the process wrote them, beginning with those that were not read yet. */
  function restoreLines(form: LineForm): LineRestorer | EscapedTextRestorer {
    const rest = window.takeRest();
    const sink = (lines: Uint8Array) => window.push(lines);
    const restoring =
      form === "escaped"
        ? new EscapedTextRestorer(reader.line, sink)
        : new LineRestorer(form, limits.maxGoroutineBytes, sink);
    if ("sources" in restoring) {
      const { sources } = restoring;
      reader.sourceLine = (line) => inputLine(sources.of(line));
    }
    restoring.push(rest);
    return restoring;
  }

  return {
    push(chunk) {
      const wanted = chunk.subarray(0, limits.maxBytes - bytesSeen);
      if (wanted.length < chunk.length) overlong = true;
      if (wanted.length === 0 || reader.stopReason !== undefined) return;
      if (head.length < excerptBytes)
        head += Buffer.from(wanted.subarray(0, excerptBytes)).toString("latin1");
      bytesSeen += wanted.length;
      lastByte = wanted[wanted.length - 1] ?? 0;
      let left = wanted;
      if (restorer === undefined) {
        left = wanted.subarray(window.push(wanted, () => reader.form !== undefined));
        if (reader.form === undefined) return;
        // What is left may stand where the restored lines will.
        left = left.slice();
        restorer = restoreLines(reader.form);
      }
      if (left.length > 0) restorer.push(left);
    },

    // Restored lines go to the window; what they are made of stands elsewhere.
    room: () => (restorer === undefined && reader.stopReason === undefined ? window.room() : undefined),

    end(): ParseResult<GoroutineDump> {
      if (overlong) {
        const bound = `the input is longer than ${countText(limits.maxBytes)} bytes`;
        reader.stopReason ??= bound;
        reader.damage ??= lineError("too-large", `${bound.replace("the", "The")}.`, reader.place);
      }
      window.end();
      if (restorer === undefined && reader.form !== undefined) restorer = restoreLines(reader.form);
      restorer?.end();
      window.end();
      const brokenOff = restorer !== undefined && "sources" in restorer ? restorer.brokenOffIn : undefined;
      if (brokenOff !== undefined) {
        const message = "The text in this line breaks off before its closing quotation mark";
        reader.noteDamage(message, inputLine(brokenOff));
      }
      const read = reader.end(brokenOff === undefined ? whyIncomplete(reader, bytesSeen) : undefined);
      walk.release();
      if (bytesSeen === 0) {
        return { ok: false, error: lineError("empty", "There is nothing in the input.", 1) };
      }
      if (read === undefined) {
        const firstLine = head.split("\n", 1)[0];
        const none = lineError("not-this-format", "There is no goroutine in the input.", 1, firstLine);
        return { ok: false, error: reader.damage ?? none };
      }
      const { judged, earlier, note } = read;
      return {
        ok: true,
        value: {
          snapshot: snapshotOf(judged, options),
          earlier: earlier.map((dump) => snapshotOf(dump, options)),
          ...(note === undefined ? {} : { note }),
          ...(judged.crash === undefined ? {} : { crash: judged.crash }),
        },
        ...(reader.damage === undefined ? {} : { damage: reader.damage }),
      };
    },
  };
}

function snapshotOf(dump: ReadDump, { artifact, takenAtMs }: GoroutineDumpOptions): GoroutineSnapshot {
  const { groups, counted, incomplete } = dump;
  return {
    artifact,
    form: "dump",
    ...(takenAtMs === undefined ? {} : { takenAtMs }),
    total: counted,
    counted,
    groups,
    ...(incomplete === undefined ? {} : { incomplete }),
  };
}

function whyIncomplete(reader: DumpReader, bytesSeen: number): string | undefined {
  if (reader.stopReason !== undefined) return `reading stopped at a bound: ${reader.stopReason}`;
  const lost = reader.cutIn === "header" ? "; the last goroutine has no whole header and is not counted" : "";
  if (bytesSeen === runtimeDumpCapBytes) {
    return `Go stops a goroutine dump at 64 MiB (67,108,864 bytes), and this one is cut there${lost}`;
  }
  if (reader.cutIn === undefined) return undefined;
  return `the dump ends in the middle of a goroutine${lost}`;
}
