const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * The value of a sample as exporters and Prometheus write it: decimal, `NaN`, `Inf` or `Infinity` in any case (Go source:
 * strconv.FormatFloat; prometheus.io/docs/instrumenting); no hexadecimal, which none writes. Undefined for what is no number.
 */
export function sampleNumber(text: string): number | undefined {
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
