/** What a label must be: the value itself, or a regular expression (RE2) for the whole value. */
export type Matcher = string | { readonly pattern: string } | { readonly not: string };

export type Matchers = Readonly<Record<string, Matcher>>;

/**
 * A text in PromQL's double quotes, which are Go's (prometheus.io/docs/prometheus/latest/querying/basics, "String
 * literals"). What JSON escapes Go reads alike, but for half a surrogate pair, which no label can hold.
 */
function literal(text: string): string {
  return JSON.stringify(text.replace(/\p{Surrogate}/gu, "\ufffd"));
}

/** `{job="order",instance=~"10\\.0\\.0\\.5:.+"}`. The names of the labels are legal ones. */
export function selector(matchers: Matchers): string {
  const parts = Object.entries(matchers).map(([name, wanted]) => {
    if (typeof wanted === "string") return `${name}=${literal(wanted)}`;
    return "pattern" in wanted ? `${name}=~${literal(wanted.pattern)}` : `${name}!=${literal(wanted.not)}`;
  });
  return `{${parts.join(",")}}`;
}

/** `90s`, `15m`, `1h`, `7d`: a duration without remainder. */
export function duration(ms: number): string {
  for (const [unit, length] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
  ] as const) {
    if (ms >= length && ms % length === 0) return `${ms / length}${unit}`;
  }
  return `${Math.max(1, Math.floor(ms / 1000))}s`;
}
