import type { ByteParser, ParseError, ParseResult } from "../../domain/evidence/parse-result.ts";
import type { MetricSample, MetricsScrape } from "../../domain/metrics/metrics.ts";
import { headLines, LineCutter, type LineShape } from "../text/line-cutter.ts";
import { lineError } from "../text/line-error.ts";
import { parseSampleLine, type SampleLine } from "./sample-line.ts";

/**
 * Families that analyzers read: those of client_golang's Go and process collectors, of cAdvisor and of
 * kube-state-metrics. A service's own series, often a hundred thousand, are passed over unread.
 */
const diagnosticFamilies: readonly string[] = ["go_", "process_", "container_", "kube_"];

export interface MetricsOptions {
  readonly takenAtMs?: number;
  /** Beginnings of the sample names to keep; `[""]` keeps everything. Default: `diagnosticFamilies`. */
  readonly families?: readonly string[];
  /** True when the Content-Type said `application/openmetrics-text`: timestamps are seconds then. */
  readonly openMetrics?: boolean;
  readonly bounds?: Partial<MetricsBounds>;
}

interface MetricsBounds {
  readonly samples: number;
  /** Bytes of the lines that are kept. */
  readonly bytes: number;
  readonly lineBytes: number;
}

const defaultBounds: MetricsBounds = { samples: 100_000, bytes: 16 << 20, lineBytes: 64 << 10 };

/**
 * Reads the text of a `/metrics` scrape: Prometheus text 0.0.4 and OpenMetrics 1.0
 * (prometheus.io/docs/instrumenting/exposition_formats, prometheus.io/docs/specs/om/open_metrics_spec).
 *
 * Only samples of wanted families are decoded; other lines are only cut. A line that cannot be read is left out and
 * reported as damage, as is a last line without a line feed, because its value may be cut. Exemplars, HELP and TYPE
 * are checked or skipped but not kept. Memory is bounded by the samples that are kept.
 */
export function metricsParser(artifact: string, options: MetricsOptions = {}): ByteParser<MetricsScrape> {
  const bounds = { ...defaultBounds, ...options.bounds };
  const reader = new ScrapeReader(
    bounds,
    options.families ?? diagnosticFamilies,
    options.openMetrics ?? false,
  );
  const lines = new LineCutter(bounds.lineBytes, (bytes, start, end, line, shape) =>
    reader.read(bytes, start, end, line, shape),
  );
  return {
    push: (chunk) => lines.push(chunk),
    end(): ParseResult<MetricsScrape> {
      lines.end();
      if (reader.rejection !== undefined) return { ok: false, error: reader.rejection };
      if (!reader.recognised) {
        return {
          ok: false,
          error: lineError("empty", "There are no metrics in the input.", lines.lines + 1),
        };
      }
      const samples = reader.finish(lines.lines);
      const { takenAtMs } = options;
      return {
        ok: true,
        value: { artifact, ...(takenAtMs === undefined ? {} : { takenAtMs }), samples },
        ...(reader.damage === undefined ? {} : { damage: reader.damage }),
      };
    },
  };
}

/** True when the first bytes of an input look like a scrape: a HELP, TYPE or UNIT line, or two sample lines. */
export function looksLikeMetrics(head: Uint8Array): boolean {
  let samples = 0;
  for (const line of headLines(head)) {
    if (line.trim() === "") continue;
    if (metadataWord.test(line)) return true;
    if (line.startsWith("#")) continue;
    if (typeof parseSampleLine(line) === "string") return false;
    samples++;
  }
  return samples >= 2;
}

const metadataWord = /^[ \t]*#[ \t]+(HELP|TYPE|UNIT|EOF)\b/;
/** Types that Prometheus text does not have. */
const openMetricsType = /[ \t](?:unknown|info|stateset|gaugehistogram)[ \t]*$/;

const hash = 0x23;
const brace = 0x7b;

class ScrapeReader {
  rejection: ParseError | undefined;
  damage: ParseError | undefined;
  /** A line was seen that only a scrape has. */
  recognised = false;

  readonly #bounds: MetricsBounds;
  readonly #families: readonly string[];
  readonly #prefixes: readonly Uint8Array[];
  readonly #samples = new Map<string, MetricSample[]>();
  /** Samples with a timestamp: its unit is only certain at the end. */
  readonly #stamped: { timestampMs: number }[] = [];
  #openMetrics: boolean;
  #ended = false;
  #full = false;
  #kept = 0;
  #keptBytes = 0;

  constructor(bounds: MetricsBounds, families: readonly string[], openMetrics: boolean) {
    this.#bounds = bounds;
    this.#families = families;
    this.#prefixes = families.map((family) => Buffer.from(family));
    this.#openMetrics = openMetrics;
  }

  read(bytes: Buffer, from: number, end: number, line: number, shape: LineShape): void {
    if (this.rejection !== undefined) return;
    let start = from;
    while (start < end && isBlank(bytes[start])) start++;
    if (start === end && shape !== "too-long") return;
    if (start < end && bytes[start] === hash) {
      this.#readComment(bytes.toString("utf8", start, end), line, shape);
    } else if (this.#ended) {
      this.#report(lineError("damaged", "Text follows the end mark # EOF.", line));
    } else if (!this.recognised || bytes[start] === brace || this.#isWanted(bytes, start, end)) {
      this.#readSample(bytes, start, end, line, shape);
    } else if (shape === "unterminated") {
      this.#report(lineError("damaged", cutOff, line));
    }
  }

  /** All samples, their timestamps in milliseconds. */
  finish(lines: number): ReadonlyMap<string, readonly MetricSample[]> {
    if (this.#openMetrics) {
      for (const sample of this.#stamped) sample.timestampMs = Math.round(sample.timestampMs * 1000);
      if (!this.#ended) {
        this.#report(lineError("damaged", "The scrape stops before its end mark # EOF.", lines + 1));
      }
    }
    return this.#samples;
  }

  #readComment(text: string, line: number, shape: LineShape): void {
    const word = metadataWord.exec(text)?.[1];
    if (shape === "unterminated" && word !== "EOF") this.#report(lineError("damaged", cutOff, line));
    if (word === undefined || (shape !== "whole" && word !== "EOF")) return;
    this.recognised = true;
    if (word === "EOF") this.#ended = true;
    if (word === "EOF" || word === "UNIT" || (word === "TYPE" && openMetricsType.test(text))) {
      this.#openMetrics = true;
    }
  }

  #readSample(bytes: Buffer, start: number, end: number, line: number, shape: LineShape): void {
    if (this.#full) return;
    const text = bytes.toString("utf8", start, end);
    if (shape === "too-long") {
      this.#refuse("too-large", `The line is longer than ${this.#bounds.lineBytes} bytes.`, line, text);
      return;
    }
    const sample = parseSampleLine(text);
    if (typeof sample === "string") {
      this.#refuse("damaged", shape === "unterminated" ? cutOff : sample, line, text);
      return;
    }
    this.recognised = true;
    if (!this.#families.some((family) => sample.name.startsWith(family))) return;
    if (shape === "unterminated") {
      this.#refuse("damaged", cutOff, line, text);
      return;
    }
    this.#kept++;
    this.#keptBytes += end - start;
    if (this.#kept > this.#bounds.samples || this.#keptBytes > this.#bounds.bytes) {
      this.#full = true;
      const bound = `${this.#bounds.samples} samples or ${this.#bounds.bytes} bytes`;
      this.#refuse(
        "too-large",
        `More than ${bound} of the wanted families; the rest is left out.`,
        line,
        text,
      );
      return;
    }
    this.#keep(sample, line);
  }

  #keep(sample: SampleLine, line: number): void {
    const { name, labels, value, timestamp } = sample;
    if (sample.hasExemplar || (timestamp !== undefined && !Number.isInteger(timestamp))) {
      this.#openMetrics = true;
    }
    let series = this.#samples.get(name);
    if (series === undefined) {
      series = [];
      this.#samples.set(name, series);
    } else if (
      timestamp === undefined &&
      this.damage === undefined &&
      isPlain(sample) &&
      series.some(isPlain)
    ) {
      // Which of the values is whose nobody can tell.
      const message = "A value stands there twice, of two scrapes or two processes, and is not used.";
      this.#report(lineError("damaged", message, line, name));
    }
    if (timestamp === undefined) {
      series.push({ name, labels, value });
    } else {
      const stamped = { name, labels, value, timestampMs: timestamp };
      this.#stamped.push(stamped);
      series.push(stamped);
    }
  }

  /** An unreadable first line means that this is not a scrape; a later one is damage. */
  #refuse(code: "damaged" | "too-large", message: string, line: number, text: string): void {
    if (this.recognised) this.#report(lineError(code, message, line, text));
    else this.rejection = lineError("not-this-format", "This is not a metrics scrape.", line, text);
  }

  /** The first damage is kept. */
  #report(error: ParseError): void {
    this.damage ??= error;
  }

  #isWanted(bytes: Buffer, start: number, end: number): boolean {
    return this.#prefixes.some((prefix) => {
      if (end - start < prefix.length) return false;
      for (let i = 0; i < prefix.length; i++) if (bytes[start + i] !== prefix[i]) return false;
      return true;
    });
  }
}

/** Without labels a name is one series. */
function isPlain({ labels }: Pick<MetricSample, "labels">): boolean {
  return Object.keys(labels).length === 0;
}

const cutOff = "The last line is cut off.";

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}
