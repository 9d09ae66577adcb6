import type { ByteParser, ParseResult } from "../../domain/evidence/parse-result.ts";
import type { GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import { countText } from "../../domain/units.ts";
import { headLines, LineCutter } from "../text/line-cutter.ts";
import { lineError } from "../text/line-error.ts";
import { type CountsBounds, CountsReader, countsTitle, isCountsTitle, titleLines } from "./counts-reader.ts";

export interface GoroutineCounts {
  /** `form` is "counts": no ids, ages or creators, and waits for channels cannot be told apart. */
  readonly snapshot: GoroutineSnapshot;
  /** Those that stood in front of it, oldest first. */
  readonly earlier: readonly GoroutineSnapshot[];
  /** What became of several; absent for one. */
  readonly note?: string;
  /** From the goroutineleak profile: the runtime itself found these goroutines to be stuck for ever. */
  readonly leaked: boolean;
}

export interface GoroutineCountsOptions {
  /** Name of the file, for findings and errors. */
  readonly artifact: string;
  /** Milliseconds since the epoch at which it was taken. */
  readonly takenAtMs?: number;
  readonly bounds?: Partial<CountsBounds>;
}

/**
 * Rows list at most 128 program counters (Go source: runtime/runtime1.go, profstackdepth), or 1024 by GODEBUG, of
 * about 12 characters. Lines of labels may be longer; they are not needed.
 */
const maxLineBytes = 64 << 10;

const defaultBounds: CountsBounds = { groups: 50_000, rows: 200_000, frames: 200_000, depth: 1024 };

/** Profiles kept in front of the last one: who writes one into a file every minute has thousands. */
const mostKept = 8;

/**
 * Reads `goroutine?debug=1` (Go source: runtime/pprof/pprof.go printCountProfile, printStackRecord). Rows that
 * differ in labels or program counters only are one group. `total` is the number of the first line.
 *
 * Several that stand one after another in the text (`curl … >> FILE`) are as many captures: the last one is the
 * snapshot, those of the same sort before it are `earlier`.
 *
 * Errors: `empty`; `not-this-format` when none of the first lines is the title; otherwise what was read is kept and `damage`
 * says where reading went wrong.
 */
export function goroutineCountsParser(options: GoroutineCountsOptions): ByteParser<GoroutineCounts> {
  const bounds = { ...defaultBounds, ...options.bounds };
  let reader = new CountsReader(bounds);
  const before: ReadCounts[] = [];
  let profiles = 1;
  const lines = new LineCutter(maxLineBytes, (bytes, start, end, line, shape) => {
    if (reader.total !== undefined && shape === "whole" && isCountsTitle(bytes, start, end)) {
      before.push(countsOf(reader, options));
      if (before.length > mostKept) before.shift();
      profiles++;
      reader = new CountsReader(bounds, line);
    }
    reader.read(bytes, start, end, line, shape);
  });
  return {
    push: (chunk) => lines.push(chunk),
    end(): ParseResult<GoroutineCounts> {
      lines.end();
      if (lines.bytes === 0) {
        return { ok: false, error: lineError("empty", "There is nothing in the input.", 1) };
      }
      const { total, damage, leaked } = reader;
      if (total === undefined) {
        const message = "No line at the beginning gives the number of goroutines.";
        return { ok: false, error: lineError("not-this-format", message, 1, reader.firstLine) };
      }
      const { snapshot, line } = countsOf(reader, options);
      const earlier = before.filter((one) => one.leaked === leaked);
      return {
        ok: true,
        value: {
          snapshot,
          leaked,
          earlier: earlier.map((one) => one.snapshot),
          ...(profiles === 1 ? {} : { note: noteOf(profiles, line, earlier) }),
        },
        ...(damage === undefined ? {} : { damage }),
      };
    },
  };
}

/** One of the profiles that an input holds. */
interface ReadCounts {
  readonly snapshot: GoroutineSnapshot;
  readonly leaked: boolean;
  /** The line (1-based) of its title. */
  readonly line: number;
}

function countsOf(reader: CountsReader, { artifact, takenAtMs }: GoroutineCountsOptions): ReadCounts {
  const groups = reader.finish();
  const { counted, damage, leaked, titleLine } = reader;
  const total = reader.total ?? counted;
  const missing = total - counted;
  const why = damage === undefined ? "Rows are missing." : damage.message;
  const incomplete = `${countText(missing)} of ${countText(total)} goroutines are not in the file. ${why}`;
  const snapshot: GoroutineSnapshot = {
    artifact,
    form: "counts",
    ...(takenAtMs === undefined ? {} : { takenAtMs }),
    total: Math.max(total, counted),
    counted,
    groups,
    ...(missing > 0 ? { incomplete } : {}),
  };
  return { snapshot, leaked, line: titleLine };
}

function noteOf(profiles: number, line: number, earlier: readonly ReadCounts[]): string {
  const leftOut = profiles - 1 - earlier.length;
  return [
    `${countText(profiles)} profiles stand in it one after another; judged is that of line ${line}`,
    ...(earlier.length === 0
      ? []
      : [`what grew is measured from ${earlier.map((one) => `line ${one.line}`).join(", ")}`]),
    ...(leftOut === 0 ? [] : [`${countText(leftOut)} left out, the oldest or of another sort`]),
  ].join("; ");
}

/** True when one of the first lines is the title of a goroutine profile in text form. */
export function looksLikeGoroutineCounts(head: Uint8Array): boolean {
  return countsTitle(headLines(head, titleLines));
}
