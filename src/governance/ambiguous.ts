/** A plain scalar that readers of YAML 1.1 and 1.2 take for different things, and what to write instead. */
export interface Ambiguity {
  readonly what: string;
  readonly instead: string;
}

interface Shape {
  readonly pattern: RegExp;
  readonly what: string;
  readonly instead: (source: string) => string;
}

const quotes = (source: string) => `"${source}" if it is text`;

/**
 * YAML 1.1's types (yaml.org/type: bool, int, float, timestamp, merge, value) beside the core schema of 1.2
 * (yaml.org/spec/1.2.2, chapter 10.3), where they do not agree. Readers of both are about: PyYAML, SnakeYAML and go-yaml read
 * 1.1 or parts of it, Kubernetes' included (sigs.k8s.io/yaml); the library here and libfyaml read 1.2.
 */
const shapes: readonly Shape[] = [
  {
    pattern: /^(?:y|Y|yes|Yes|YES|on|On|ON)$/,
    what: "is true to some readers and text to others",
    instead: (source) => `true, or ${quotes(source)}`,
  },
  {
    pattern: /^(?:n|N|no|No|NO|off|Off|OFF)$/,
    what: "is false to some readers and text to others",
    instead: (source) => `false, or ${quotes(source)}`,
  },
  {
    pattern: /^[-+]?0o?[0-7_]+$/,
    what: "is octal to some readers and not to others",
    instead: (source) => `${decimalOfOctal(source)}or ${quotes(source)}`,
  },
  {
    pattern: /^[-+]?0[0-9_]+$/,
    what: "is a number to some readers and text to others",
    instead: (source) => `it without the leading zero, or ${quotes(source)}`,
  },
  {
    pattern: /^[-+]?0b[01_]+$|^[-+]0x[0-9a-fA-F_]+$/,
    what: "is a number to some readers and text to others",
    instead: (source) => `it in decimal, or ${quotes(source)}`,
  },
  {
    pattern: /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/,
    what: "is a number to the base of 60 to some readers and text to others",
    instead: (source) => `"${source}"`,
  },
  {
    pattern: /^(?=.*_)[-+]?(?:0x[0-9a-fA-F_]+|(?:[0-9][0-9_]*)?\.?[0-9_]*(?:[eE][-+]?[0-9]+)?)$/,
    what: "is a number to some readers and text to others",
    instead: (source) => `${source.replaceAll("_", "")}, or ${quotes(source)}`,
  },
  {
    pattern: /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][0-9]+$|^[-+]?[0-9]+[eE][-+][0-9]+$/,
    what: "is a number to some readers and text to others, who want a point and a sign",
    instead: (source) => `${withPointAndSign(source)}, or ${quotes(source)}`,
  },
  {
    pattern: /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:.*)?$/,
    what: "is a time to some readers and text to others",
    instead: (source) => `"${source}"`,
  },
  {
    pattern: /^[-+]?\.[._]*(?:[eE][-+]?[0-9]+)?$/,
    what: "is a number to some readers and text to others",
    instead: (source) => `"${source}"`,
  },
  { pattern: /^=$/, what: "means something of its own to some readers", instead: () => '"="' },
];

/** What readers make of a scalar without quotes; undefined where all agree. */
export function ambiguityOf(source: string): Ambiguity | undefined {
  // Longer ones are text to everybody, and patterns need not look at them.
  const shape = source.length > 100 ? undefined : shapes.find(({ pattern }) => pattern.test(source));
  return shape === undefined ? undefined : { what: shape.what, instead: shape.instead(source) };
}

/** `010` -> `8, 10, `: either may have been meant. */
function decimalOfOctal(source: string): string {
  const digits = source.replace(/^[-+]?0o?|_/g, "");
  const sign = source.startsWith("-") ? "-" : "";
  const [octal, decimal] = [Number.parseInt(digits, 8), Number.parseInt(digits, 10)];
  if (!Number.isSafeInteger(octal) || !Number.isSafeInteger(decimal)) return "it in decimal, ";
  return octal === decimal ? `${sign}${decimal}, ` : `${sign}${octal}, ${sign}${decimal}, `;
}

function withPointAndSign(source: string): string {
  const [mantissa = "", exponent = ""] = source.split(/[eE]/);
  const point = mantissa.includes(".") ? mantissa : `${mantissa}.0`;
  return `${point}e${/^[-+]/.test(exponent) ? exponent : `+${exponent}`}`;
}
