import type { ByteParser, ParseResult } from "../../domain/evidence/parse-result.ts";
import type { GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import { countText } from "../../domain/units.ts";
import { headLines, LineCutter } from "../text/line-cutter.ts";
import { lineError } from "../text/line-error.ts";
import { type CountsBounds, CountsReader, countsTitle } from "./counts-reader.ts";

export interface GoroutineCounts {
  /** `form` is "counts": no ids, ages or creators, and waits for channels cannot be told apart. */
  readonly snapshot: GoroutineSnapshot;
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

/**
 * Reads `goroutine?debug=1` (Go source: runtime/pprof/pprof.go printCountProfile, printStackRecord). Rows that
 * differ in labels or program counters only are one group. `total` is the number of the first line.
 *
 * Errors: `empty`; `not-this-format` when none of the first lines is the title; otherwise what was read is kept and `damage`
 * says where reading went wrong.
 */
export function goroutineCountsParser(options: GoroutineCountsOptions): ByteParser<GoroutineCounts> {
  const reader = new CountsReader({ ...defaultBounds, ...options.bounds });
  const lines = new LineCutter(maxLineBytes, (bytes, start, end, line, shape) => {
    reader.read(bytes, start, end, line, shape);
  });
  return {
    push: (chunk) => lines.push(chunk),
    end(): ParseResult<GoroutineCounts> {
      lines.end();
      const groups = reader.finish();
      if (lines.bytes === 0) {
        return { ok: false, error: lineError("empty", "There is nothing in the input.", 1) };
      }
      const { total, counted, damage } = reader;
      if (total === undefined) {
        const message = "No line at the beginning gives the number of goroutines.";
        return { ok: false, error: lineError("not-this-format", message, 1, reader.firstLine) };
      }
      const missing = total - counted;
      const why = damage === undefined ? "Rows are missing." : damage.message;
      const snapshot: GoroutineSnapshot = {
        artifact: options.artifact,
        form: "counts",
        ...(options.takenAtMs === undefined ? {} : { takenAtMs: options.takenAtMs }),
        total: Math.max(total, counted),
        counted,
        groups,
        ...(missing > 0
          ? {
              incomplete: `${countText(missing)} of ${countText(total)} goroutines are not in the file. ${why}`,
            }
          : {}),
      };
      return {
        ok: true,
        value: { snapshot, leaked: reader.leaked },
        ...(damage === undefined ? {} : { damage }),
      };
    },
  };
}

/** True when one of the first lines is the title of a goroutine profile in text form. */
export function looksLikeGoroutineCounts(head: Uint8Array): boolean {
  return countsTitle(headLines(head, 32));
}
