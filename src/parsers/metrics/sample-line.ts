import { sampleNumber } from "./sample-number.ts";

/** One sample line, its timestamp still in the unit of the format it came in. */
export interface SampleLine {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Milliseconds in Prometheus text, seconds in OpenMetrics. */
  readonly timestamp?: number;
  /** Only OpenMetrics has exemplars. They are checked and left out. */
  readonly hasExemplar: boolean;
}

/** Far above what any exporter writes; keeps a hostile line from becoming a huge object. */
const mostLabels = 128;

/**
 * Reads a line such as `go_threads{pod="a"} 12 1395066363000`.
 * Grammar: Prometheus text exposition format 0.0.4 and OpenMetrics 1.0 (prometheus.io/docs/instrumenting), and the
 * quoted names of Prometheus 3 (`{"my.metric", "my.label"="x"} 1`).
 *
 * @returns the sample, or one plain sentence that says what is wrong.
 */
export function parseSampleLine(line: string): SampleLine | string {
  const scanner = new SampleScanner(line);
  scanner.skipBlanks();
  const labels: Record<string, string> = {};
  let name = scanner.takeWord(true);
  if (scanner.skipBlanks() === openBrace) {
    const quotedName = scanner.takeLabels(labels);
    if (name === "") name = quotedName ?? "";
  }
  if (scanner.problem !== undefined) return scanner.problem;
  if (name === "") return "The line has no metric name.";

  const value = scanner.takeNumber();
  if (value === undefined) return "The value is not a number.";
  let timestamp: number | undefined;
  const next = scanner.skipBlanks();
  if (next !== end && next !== hash) {
    timestamp = scanner.takeNumber();
    if (timestamp === undefined || !Number.isFinite(timestamp)) return "The timestamp is not a number.";
  }
  const hasExemplar = scanner.skipBlanks() === hash;
  if (hasExemplar) scanner.skipExemplar();
  if (scanner.problem !== undefined) return scanner.problem;
  if (scanner.skipBlanks() !== end) return "Text follows the sample.";
  return timestamp === undefined
    ? { name, labels, value, hasExemplar }
    : { name, labels, value, timestamp, hasExemplar };
}

/** In the place of a character code, where the line ends. */
const end = -1;
const tab = 0x09;
const space = 0x20;
const quote = 0x22;
const hash = 0x23;
const comma = 0x2c;
const colon = 0x3a;
const equals = 0x3d;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Works on character codes: a scrape of kube-state-metrics has a hundred thousand lines that are all wanted. */
class SampleScanner {
  readonly #line: string;
  #at = 0;
  problem: string | undefined;

  constructor(line: string) {
    this.#line = line;
  }

  /** The next character that is not a blank. */
  skipBlanks(): number {
    const line = this.#line;
    for (; this.#at < line.length; this.#at++) {
      const code = line.charCodeAt(this.#at);
      if (code !== space && code !== tab) return code;
    }
    return end;
  }

  /** `[a-zA-Z_][a-zA-Z0-9_]*`, for metrics with colons; "" when there is none. */
  takeWord(colons: boolean): string {
    const line = this.#line;
    const start = this.#at;
    for (; this.#at < line.length; this.#at++) {
      const code = line.charCodeAt(this.#at);
      const isDigit = code >= 0x30 && code <= 0x39;
      if (isDigit ? this.#at === start : !isLetter(code) && !(colons && code === colon)) break;
    }
    return line.slice(start, this.#at);
  }

  /** See `sampleNumber`. */
  takeNumber(): number | undefined {
    this.skipBlanks();
    const line = this.#line;
    const start = this.#at;
    for (; this.#at < line.length; this.#at++) {
      const code = line.charCodeAt(this.#at);
      if (code === space || code === tab || code === hash) break;
    }
    return sampleNumber(line.slice(start, this.#at));
  }

  /** Reads `{...}` into `labels`. Returns the metric name when it stands inside, as Prometheus 3 quotes it. */
  takeLabels(labels: Record<string, string>): string | undefined {
    let metric: string | undefined;
    let count = 0;
    this.#at++; // {
    for (let next = this.skipBlanks(); next !== closeBrace; next = this.skipBlanks()) {
      const quoted = next === quote;
      const name = quoted ? this.#takeQuoted() : this.takeWord(false);
      const isName = this.skipBlanks() !== equals;
      if (isName && quoted && metric === undefined && count === 0) {
        metric = name;
      } else if (isName || name === "") {
        this.problem ??= 'A label is not of the form name="value".';
      } else {
        this.#at++; // =
        if (this.skipBlanks() === quote) setLabel(labels, name, this.#takeQuoted());
        else this.problem ??= "A label value is not quoted.";
      }
      count++;
      if (count > mostLabels) this.problem ??= `The sample has more than ${mostLabels} labels.`;
      if (this.problem !== undefined) return undefined;
      const separator = this.skipBlanks();
      if (separator === comma) this.#at++;
      else if (separator !== closeBrace) {
        this.problem = "The list of labels is not closed.";
        return undefined;
      }
    }
    this.#at++; // }
    return metric;
  }

  /** `# {trace_id="x"} 0.67 1520879607.789` */
  skipExemplar(): void {
    this.#at++; // #
    if (this.skipBlanks() !== openBrace) {
      this.problem = "Text follows the sample.";
      return;
    }
    this.takeLabels({});
    if (this.problem === undefined && this.takeNumber() === undefined) {
      this.problem = "The exemplar's value is not a number.";
    }
    if (this.skipBlanks() !== end && this.takeNumber() === undefined) {
      this.problem ??= "The exemplar's timestamp is not a number.";
    }
  }

  /** `\\`, `\"` and `\n` are escapes; any other backslash stands for itself. */
  #takeQuoted(): string {
    const line = this.#line;
    this.#at++; // "
    let from = this.#at;
    let text = "";
    for (; this.#at < line.length; this.#at++) {
      const code = line.charCodeAt(this.#at);
      if (code === quote) {
        text += line.slice(from, this.#at);
        this.#at++;
        return text;
      }
      if (code !== backslash) continue;
      const escaped = line.charAt(this.#at + 1);
      if (escaped === "\\" || escaped === '"' || escaped === "n") {
        text += line.slice(from, this.#at) + (escaped === "n" ? "\n" : escaped);
        this.#at++;
        from = this.#at + 1;
      }
    }
    this.problem ??= "A quoted text is not closed.";
    return text;
  }
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
}

function setLabel(labels: Record<string, string>, name: string, value: string): void {
  // An assignment to `__proto__` would be lost.
  if (name === "__proto__") Object.defineProperty(labels, name, { value, enumerable: true });
  else labels[name] = value;
}
