const digits = /^\d{9,19}(?:\.\d{1,9})?$/;
/** RFC 3339 and what is written like it: a blank for the T, no zone. */
const written = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\d* ?(Z|UTC|[+-]\d\d:?\d\d)?$/;
const nsPerMs = 1_000_000n;

/**
 * When something was written, in nanoseconds since the epoch: of a date with a time, or of a number, whose size tells its unit
 * (seconds, milliseconds, microseconds or nanoseconds since the epoch). Without a zone it is taken for UTC: it is only compared with its
 * neighbours.
 */
export function momentOf(value: unknown): bigint | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? sinceEpoch(String(value)) : undefined;
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  const [, day, time, fraction = "", zone = "Z"] = written.exec(text) ?? [];
  if (day === undefined) {
    if (digits.test(text)) return sinceEpoch(text);
    return milliseconds(text.replace(" @ ", " ")); // "Nov 23, 2026 @ 10:00:00.123" is what Kibana writes.
  }
  const seconds = milliseconds(`${day}T${time}${zone === "UTC" ? "Z" : zone}`);
  return seconds === undefined ? undefined : seconds + BigInt(fraction.padEnd(9, "0"));
}

function milliseconds(text: string): bigint | undefined {
  // oxlint-disable-next-line no-restricted-globals -- reads the text, not the clock
  const ms = /\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : BigInt(ms) * nsPerMs;
}

function sinceEpoch(text: string): bigint | undefined {
  const [whole = "", fraction = ""] = text.split(".");
  if (!/^\d{9,19}$/.test(whole)) return undefined;
  // Seconds have ten digits until the year 2286, and each smaller unit three more.
  const power = 18 - 3 * Math.max(0, Math.ceil((whole.length - 10) / 3));
  const scale = Math.max(0, Math.min(9, power - 9));
  return BigInt(whole) * 10n ** BigInt(scale) + BigInt(fraction.slice(0, scale).padEnd(scale, "0") || "0");
}
