import { PortError } from "../../domain/errors.ts";

/** What stands where something was taken out. */
export const redacted = "redacted";

/** Longer lines are not text that a Go process writes, and patterns take their time on them. */
const longestLine = 1 << 20;
const secretName =
  "(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|authorization|cookie)";
const quotedText = '"(?:[^"\\\\\\n]|\\\\.)*(?:"|\\\\?$)';

/** Without any of these no rule below fits: nearly all of a dump is passed on at once. */
const sign = new RegExp(
  `://|\\?[\\w%.+[\\]-]{1,64}=|bearer |basic |eyJ|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|xapp-|AKIA|hvs\\.|sk-|-----|\\{"|${secretName}`,
  "i",
);

interface Rule {
  readonly pattern: RegExp;
  readonly replacement: string;
}

/** Values of goroutine labels: in headers (Go source: runtime/traceback.go) and in counts (runtime/pprof/pprof.go). */
const labelValues: Rule = {
  pattern: new RegExp(`(${quotedText}: ?)${quotedText}`, "g"),
  replacement: `$1"${redacted}"`,
};
const labelLine = /^(?:goroutine \d|# labels: )/;

/** In this order. Each takes time in proportion to the line: nothing unbounded stands before what must match. */
const everywhere: readonly Rule[] = [
  // PEM on one line, as JSON has it.
  { pattern: /-----BEGIN [A-Z ]{0,40}-----[^-]*(?:-----END [A-Z ]{0,40}-----|$)/g, replacement: redacted },
  { pattern: /:\/\/[^\s/@"'?#]{1,512}@/g, replacement: `://${redacted}@` },
  { pattern: /(:\/\/[^\s"'?#]{1,512})\?[^\s"'<>]+/g, replacement: `$1?${redacted}` },
  { pattern: /\?[\w%.+[\]-]{1,64}=[^\s"'<>]*/g, replacement: `?${redacted}` },
  { pattern: /\b(bearer|basic) [\w.~+/=-]{8,}/gi, replacement: `$1 ${redacted}` },
  { pattern: /\beyJ[\w-]{10,}\.[\w-]+(?:\.[\w-]*)?/g, replacement: redacted },
  {
    pattern: /\b(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|xapp-|AKIA[0-9A-Z]{12}|hvs\.|sk-)[\w-]{8,}/g,
    replacement: redacted,
  },
  // A quoted value, in YAML, JSON, logfmt or a metric's labels; a number in JSON is no secret and stays valid.
  {
    pattern: new RegExp(`(${secretName}[\\w.-]{0,40}"?\\s?[=:]\\s?)${quotedText}`, "gi"),
    replacement: `$1"${redacted}"`,
  },
  { pattern: new RegExp(`(${secretName}[\\w.-]{0,40}=)[^\\s",;&\\0]+`, "gi"), replacement: `$1${redacted}` },
  // After a colon there must be a space, because "secret.go:88" is a place in the code.
  {
    pattern: new RegExp(
      `(${secretName}[\\w.-]{0,40}: )(?![\\d{["]|true\\b|false\\b|null\\b)[^\\s",;&]+`,
      "gi",
    ),
    replacement: `$1${redacted}`,
  },
  // A flag and its value as two arguments: separated by NUL in /debug/pprof/cmdline, in quotes in expvar.
  {
    pattern: new RegExp(
      `(-[\\w-]{0,40}${secretName}[\\w-]{0,40}(?:\\0|"\\s?,\\s?"| ))(?!-)[^\\0"\\s]+`,
      "gi",
    ),
    replacement: `$1${redacted}`,
  },
];

/**
 * Text line by line without what looks like a secret; see docs/guide/artifacts.md for what that is. Bytes that are no
 * text stay as they are. PortError `bad-response` for lines too long to look at.
 */
export async function* redactText(
  source: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<Uint8Array> {
  const lines = redaction();
  let rest = "";
  for await (const chunk of source) {
    // One character a byte, so that what is no text survives.
    const text = rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1");
    const end = text.lastIndexOf("\n") + 1;
    rest = text.slice(end);
    if (rest.length > longestLine) {
      throw new PortError(
        "bad-response",
        file,
        "a line is too long to look for secrets in it (artifacts.redact)",
      );
    }
    if (end === 0) continue;
    yield Buffer.from(lines(text.slice(0, end)), "latin1");
  }
  if (rest !== "") yield Buffer.from(lines(rest), "latin1");
}

/** Takes whole lines. Remembers from one call to the next whether it is within a PEM block. */
function redaction(): (text: string) => string {
  let inBlock = false;

  function redactLine(line: string): string {
    if (inBlock) {
      inBlock = !/-----END [A-Z ]{0,40}-----/.test(line);
      return redacted;
    }
    if (!sign.test(line)) return line;
    inBlock = /-----BEGIN [A-Z ]{0,40}-----\s*$/.test(line);
    let text = labelLine.test(line) ? line.replace(labelValues.pattern, labelValues.replacement) : line;
    for (const { pattern, replacement } of everywhere) text = text.replace(pattern, replacement);
    return text;
  }

  return (text) => {
    if (!inBlock && !sign.test(text)) return text;
    // Where the last line ends there is no further one.
    const ending = text.endsWith("\n") ? "\n" : "";
    const lines = ending === "" ? text : text.slice(0, -1);
    return lines.split("\n").map(redactLine).join("\n") + ending;
  };
}
