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
  const labels = new Map<string, string>();
  let name = scanner.takeName();
  if (scanner.skipBlanks() === "{") {
    const quotedName = scanner.takeLabels(labels);
    if (name === "") name = quotedName ?? "";
  }
  if (scanner.problem !== undefined) return scanner.problem;
  if (name === "") return "The line has no metric name.";

  const value = scanner.takeNumber();
  if (value === undefined) return "The value is not a number.";
  let timestamp: number | undefined;
  if (scanner.skipBlanks() !== "" && scanner.peek() !== "#") {
    timestamp = scanner.takeNumber();
    if (timestamp === undefined || !Number.isFinite(timestamp)) return "The timestamp is not a number.";
  }
  const hasExemplar = scanner.skipBlanks() === "#";
  if (hasExemplar) scanner.skipExemplar();
  if (scanner.problem !== undefined) return scanner.problem;
  if (scanner.skipBlanks() !== "") return "Text follows the sample.";
  return {
    name,
    // Not by assignment: a label may be called `__proto__`.
    labels: Object.fromEntries(labels),
    value,
    ...(timestamp === undefined ? {} : { timestamp }),
    hasExemplar,
  };
}

const metricName = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const labelName = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const token = /[^ \t#]+/y;
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

class SampleScanner {
  readonly #line: string;
  #at = 0;
  problem: string | undefined;

  constructor(line: string) {
    this.#line = line;
  }

  peek(): string {
    return this.#line.charAt(this.#at);
  }

  /** The next character that is not a blank; "" at the end. */
  skipBlanks(): string {
    while (this.peek() === " " || this.peek() === "\t") this.#at++;
    return this.peek();
  }

  takeName(): string {
    return this.#take(metricName);
  }

  /** Decimal, `NaN`, `Inf` or `Infinity` in any case; no hexadecimal, which no exporter writes. */
  takeNumber(): number | undefined {
    this.skipBlanks();
    return numberOf(this.#take(token));
  }

  /** Reads `{...}` into `labels`. Returns the metric name when it stands inside, as Prometheus 3 quotes it. */
  takeLabels(labels: Map<string, string>): string | undefined {
    let metric: string | undefined;
    this.#at++; // {
    while (this.skipBlanks() !== "}") {
      const quoted = this.peek() === '"';
      const name = quoted ? this.#takeQuoted() : this.#take(labelName);
      const isName = this.skipBlanks() !== "=";
      if (isName && quoted && metric === undefined && labels.size === 0) {
        metric = name;
      } else if (isName || name === "") {
        this.problem ??= 'A label is not of the form name="value".';
      } else {
        this.#at++; // =
        if (this.skipBlanks() !== '"') this.problem ??= "A label value is not quoted.";
        else labels.set(name, this.#takeQuoted());
      }
      if (labels.size > mostLabels) this.problem ??= `The sample has more than ${mostLabels} labels.`;
      if (this.problem !== undefined) return undefined;
      if (this.skipBlanks() === ",") this.#at++;
      else if (this.peek() !== "}") {
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
    if (this.skipBlanks() !== "{") {
      this.problem = "Text follows the sample.";
      return;
    }
    this.takeLabels(new Map());
    if (this.problem === undefined && this.takeNumber() === undefined) {
      this.problem = "The exemplar's value is not a number.";
    }
    if (this.skipBlanks() !== "" && this.takeNumber() === undefined) {
      this.problem ??= "The exemplar's timestamp is not a number.";
    }
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#line);
    if (match === null) return "";
    this.#at += match[0].length;
    return match[0];
  }

  /** `\\`, `\"` and `\n` are escapes; any other backslash stands for itself. */
  #takeQuoted(): string {
    const line = this.#line;
    this.#at++; // "
    let from = this.#at;
    let text = "";
    for (; this.#at < line.length; this.#at++) {
      const character = line.charAt(this.#at);
      if (character === '"') {
        text += line.slice(from, this.#at);
        this.#at++;
        return text;
      }
      if (character !== "\\") continue;
      const next = line.charAt(this.#at + 1);
      if (next === "\\" || next === '"' || next === "n") {
        text += line.slice(from, this.#at) + (next === "n" ? "\n" : next);
        this.#at++;
        from = this.#at + 1;
      }
    }
    this.problem ??= "A quoted text is not closed.";
    return text;
  }
}

function numberOf(text: string): number | undefined {
  if (decimal.test(text)) return Number(text);
  switch (text.toLowerCase()) {
    case "nan":
      return Number.NaN;
    case "inf":
    case "+inf":
    case "infinity":
    case "+infinity":
      return Number.POSITIVE_INFINITY;
    case "-inf":
    case "-infinity":
      return Number.NEGATIVE_INFINITY;
    default:
      return undefined;
  }
}
