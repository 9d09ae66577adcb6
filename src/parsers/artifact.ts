import type { ParsedArtifact } from "../domain/evidence/artifact.ts";
import type { ByteParser, ParseError, ParseResult } from "../domain/evidence/parse-result.ts";
import { whyNotJudged } from "../domain/profiles/foreign-profile.ts";
import type { Profile } from "../domain/profiles/profile.ts";
import { profileKind } from "../domain/profiles/profile-kind.ts";
import { profileTotal } from "../domain/profiles/profile-totals.ts";
import { colouredTextParser, looksColoured } from "./coloured-text.ts";
import { configHistoryDocument } from "./config-history.ts";
import { containerLogParser, looksLikePartedLog } from "./container-log.ts";
import { contentionTextParser, looksLikeContentionText } from "./contention-text/contention-text-parser.ts";
import { doubleSpacedParser, looksDoubleSpaced } from "./double-spaced.ts";
import { tellingDumpBehind } from "./dump-behind.ts";
import { gccgoDumpParser, looksLikeGccgoDump } from "./gccgo-dump.ts";
import {
  goroutineCountsParser,
  looksLikeGoroutineCounts,
} from "./goroutine-counts/goroutine-counts-parser.ts";
import { type GoroutineDumpOptions, goroutineDumpParser } from "./goroutine-dump/goroutine-dump-parser.ts";
import { goroutinesOfProfile } from "./goroutine-profile.ts";
import { csvExport } from "./log-entries/csv-export.ts";
import { jsonAnswer } from "./log-entries/json-answer.ts";
import { jsonLogParser, looksLikeJsonLog } from "./log-entries/json-log.ts";
import { type LogFormat, wholeLogParser } from "./log-entries/whole-log.ts";
import { mapped, passedOn } from "./mapped.ts";
import { expvarParser, looksLikeExpvar } from "./memstats/expvar.ts";
import { heapTextParser, looksLikeHeapText } from "./memstats/heap-text.ts";
import { looksLikeMetrics, metricsParser } from "./metrics/metrics-parser.ts";
import { mistakenFor, printedBy } from "./mistaken-for.ts";
import { looksLikeProfile } from "./pprof/looks-like-profile.ts";
import { pprofParser } from "./pprof/parse-profile.ts";
import { looksLikePprofIndex, pprofIndexParser } from "./pprof-index/pprof-index-parser.ts";
import { looksLikeSavedPage, savedPageParser } from "./saved-page.ts";
import { serviceContextDocument } from "./service-context.ts";
import { lineError } from "./text/line-error.ts";
import { endsLinesWithReturns, loneReturnsParser } from "./text/lone-returns.ts";
import type { SourceLine } from "./text/source-lines.ts";
import { decodedParser, foreignEncoding } from "./text/unicode-text.ts";
import { looksLikeThreadCounts, threadCountsParser } from "./thread-counts.ts";
import { atStart, isBinary, looksLikeCommandLine, looksLikeTrace, refused, unread } from "./unread.ts";

export interface ArtifactOptions {
  /** Milliseconds since the epoch at which it was captured, for formats that do not say so themselves. */
  readonly takenAtMs?: number;
  /** How many bytes will be pushed, when known. Only a hint. */
  readonly expectedBytes?: number;
}

/** What text within another text is read with as well: the line of the file that a line of it comes from. */
type TextOptions = ArtifactOptions & Pick<GoroutineDumpOptions, "sourceLine">;

interface Format {
  /** Decides on the first bytes of an input, at least `headBytes` of it unless it is shorter. */
  matches(head: Uint8Array): boolean;
  parser(artifact: string, options: TextOptions, head: Uint8Array): ByteParser<ParsedArtifact>;
}

const unknownFormat = "it is no profile, goroutine dump, pprof text, metrics or expvar";

/** Enough for every format's own test; a log may have more in front of its first goroutine. */
const headBytes = 8 * 1024;

/** The first that matches reads the input. */
const formats: readonly Format[] = [
  {
    matches: (head) => foreignEncoding(head) !== undefined,
    parser: (artifact, options, head) =>
      decodedParser(foreignEncoding(head) ?? "utf-8", artifactParser(artifact, options)),
  },
  {
    matches: endsLinesWithReturns,
    parser: (artifact, options) => loneReturnsParser(textParser(artifact, options)),
  },
  {
    matches: looksColoured,
    parser: (artifact, options) => colouredTextParser(textParser(artifact, options)),
  },
  {
    matches: looksDoubleSpaced,
    parser: (artifact, options) =>
      doubleSpacedParser((sourceLine) => textParser(artifact, within(options, sourceLine))),
  },
  {
    matches: looksLikeSavedPage,
    parser: (artifact, options) => savedPageParser(artifactParser(artifact, options)),
  },
  {
    matches: looksLikePartedLog,
    parser: (artifact, options) =>
      containerLogParser((sourceLine) => textParser(artifact, within(options, sourceLine))),
  },
  wholeLog(csvExport),
  {
    matches: looksLikeTrace,
    parser: () => unread("trace"),
  },
  {
    matches: looksLikePprofIndex,
    parser: (artifact) => mapped(pprofIndexParser(artifact), (index) => ({ type: "index", index })),
  },
  {
    matches: looksLikeThreadCounts,
    parser: () =>
      mapped(tellingDumpBehind(threadCountsParser()), (threads) => ({ type: "threads", threads })),
  },
  {
    matches: looksLikeGoroutineCounts,
    parser: (artifact, options) =>
      mapped(tellingDumpBehind(goroutineCountsParser({ artifact, ...options })), (counts) => ({
        type: "goroutines",
        ...counts,
      })),
  },
  {
    matches: looksLikeHeapText,
    parser: (artifact, options) =>
      mapped(tellingDumpBehind(heapTextParser(artifact, options)), (memstats) => ({
        type: "memstats",
        memstats,
        from: "heap-text",
      })),
  },
  {
    matches: looksLikeContentionText,
    parser: (artifact, options) =>
      mapped(tellingDumpBehind(contentionTextParser(artifact, options)), (contention) => ({
        type: "contention",
        contention,
      })),
  },
  {
    matches: (head) => serviceContextDocument.looksLike(head),
    parser: (artifact) =>
      mapped(serviceContextDocument.parser(artifact), (context) => ({ type: "context", context })),
  },
  {
    matches: (head) => configHistoryDocument.looksLike(head),
    parser: (artifact) =>
      mapped(configHistoryDocument.parser(artifact), (config) => ({ type: "config", config })),
  },
  {
    matches: looksLikeExpvar,
    parser: (artifact, options) =>
      mapped(expvarParser(artifact, options), (memstats) => ({ type: "memstats", memstats, from: "expvar" })),
  },
  {
    matches: looksLikeMetrics,
    parser: (artifact, options) =>
      mapped(tellingDumpBehind(metricsParser(artifact, options)), (scrape) => ({ type: "metrics", scrape })),
  },
  {
    matches: looksLikeProfile,
    parser: (artifact, options) => mapped(pprofParser(artifact, options), artifactOfProfile),
  },
  {
    matches: (head) => mistakenFor(head) !== undefined,
    parser: (_artifact, _options, head) => refused(head, mistakenFor(head) ?? ""),
  },
  {
    matches: looksLikeCommandLine,
    parser: () => unread("cmdline"),
  },
  {
    matches: looksLikeJsonLog,
    parser: (artifact, options) =>
      cutWhereDamaged(jsonLogParser((sourceLine) => textParser(artifact, within(options, sourceLine)))),
  },
  wholeLog(jsonAnswer),
  {
    matches: looksLikeGccgoDump,
    parser: (artifact, options) => gccgoDumpParser(dumpOrLog(artifact, options)),
  },
  {
    // Whatever text is left may be a log with a panic in it, however far down.
    matches: (head) => !isBinary(head),
    parser: (artifact, options, head) => orPrinted(dumpOrLog(artifact, options), head),
  },
];

function wholeLog(format: LogFormat): Format {
  return {
    matches: format.looksLike,
    parser: (artifact, options) =>
      cutWhereDamaged(
        wholeLogParser(
          format,
          (sourceLine) => textParser(artifact, within(options, sourceLine)),
          () => dumpOrLog(artifact, options),
        ),
      ),
  };
}

/** Goroutines of a text that breaks off are not all there, whether or not it does between two of them. */
function cutWhereDamaged(parser: ByteParser<ParsedArtifact>): ByteParser<ParsedArtifact> {
  return mapped(parser, (artifact, damage) => {
    if (damage === undefined || artifact.type !== "goroutines") return artifact;
    const { snapshot } = artifact;
    const incomplete = snapshot.incomplete ?? damage.message.replace(/\.$/, "");
    return { ...artifact, snapshot: { ...snapshot, incomplete } };
  });
}

/** For a text within the one that `options` are for. */
function within(options: TextOptions, sourceLine: SourceLine): TextOptions {
  const outer = options.sourceLine;
  return { ...options, sourceLine: outer === undefined ? sourceLine : (line) => outer(sourceLine(line)) };
}

function dumpOrLog(artifact: string, options: TextOptions): ByteParser<ParsedArtifact> {
  return mapped(goroutineDumpParser({ artifact, ...options }), (dump) => ({
    type: "goroutines",
    leaked: false,
    ...dump,
  }));
}

/** Where no dump is found, the error says what the text is, if that is known. */
function orPrinted<T>(parser: ByteParser<T>, head: Uint8Array): ByteParser<T> {
  return {
    ...passedOn(parser),
    end(): ParseResult<T> {
      const result = parser.end();
      const known = result.ok ? undefined : printedBy(head);
      if (known === undefined) return result;
      return { ok: false, error: lineError("not-this-format", known.what, known.line, known.text) };
    },
  };
}

/**
 * Reads any capture that Go or gofire writes, telling its format by content: the first bytes are gathered until they
 * decide, everything after them goes straight to that format's parser. Compressed input is not unpacked here.
 */
export function artifactParser(artifact: string, options: ArtifactOptions = {}): ByteParser<ParsedArtifact> {
  return textParser(artifact, options);
}

function textParser(artifact: string, options: TextOptions): ByteParser<ParsedArtifact> {
  let head = new Uint8Array(0);
  let parser: ByteParser<ParsedArtifact> | undefined;
  function decide(): ByteParser<ParsedArtifact> {
    const format = formats.find((candidate) => candidate.matches(head));
    const chosen = format?.parser(artifact, options, head) ?? refused(head, unknownFormat);
    chosen.push(head);
    head = new Uint8Array(0);
    return chosen;
  }
  return {
    push(chunk) {
      if (parser !== undefined) {
        parser.push(chunk);
        return;
      }
      const missing = Math.min(chunk.length, headBytes - head.length);
      const longer = new Uint8Array(head.length + missing);
      longer.set(head);
      longer.set(chunk.subarray(0, missing), head.length);
      head = longer;
      if (head.length < headBytes) return;
      parser = decide();
      if (missing < chunk.length) parser.push(chunk.subarray(missing));
    },
    room: () => parser?.room?.(),
    end() {
      if (parser === undefined && head.length === 0) {
        return { ok: false, error: atStart("empty", "there is nothing in it") };
      }
      parser ??= decide();
      return parser.end();
    },
  };
}

function artifactOfProfile(profile: Profile, damage: ParseError | undefined): ParsedArtifact {
  const kind = profileKind(profile);
  if (kind === "threadcreate") return { type: "threads", threads: profileTotal(profile, 0) };
  if ((kind !== "goroutine" && kind !== "goroutineleak") || whyNotJudged(profile) !== undefined) {
    return { type: "profile", profile };
  }
  const snapshot = goroutinesOfProfile(profile, damage);
  return { type: "goroutines", snapshot, leaked: kind === "goroutineleak" };
}
