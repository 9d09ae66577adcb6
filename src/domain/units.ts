/** 11902 -> "11,902". By hand: loading Intl costs more than the rest of a small analysis. */
export function countText(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** 1 goroutine, 2 goroutines. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${countText(count)} ${count === 1 ? singular : plural}`;
}

const byteUnits = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** 1536 -> "1.5 KiB". */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < byteUnits.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : trimmed(value)} ${byteUnits[unit]}`;
}

/** 0.4 -> "0.4 ms", 1500 -> "1.5 s", 90000 -> "1.5 min". */
export function durationText(ms: number): string {
  if (Math.abs(ms) < 1) return `${trimmed(ms * 1000)} µs`;
  if (Math.abs(ms) < 1000) return `${trimmed(ms)} ms`;
  if (Math.abs(ms) < 60_000) return `${trimmed(ms / 1000)} s`;
  if (Math.abs(ms) < 3_600_000) return `${trimmed(ms / 60_000)} min`;
  return `${trimmed(ms / 3_600_000)} h`;
}

/** 0.256 -> "25.6 %". */
export function percentText(ratio: number): string {
  return `${trimmed(ratio * 100)} %`;
}

/** { min: 1, max: 3 } -> "1-3", { min: 20, max: 20 } -> "20". */
export function rangeText({ min, max }: { readonly min: number; readonly max: number }): string {
  return min === max ? String(min) : `${min}-${max}`;
}

function trimmed(value: number): string {
  return value.toFixed(Math.abs(value) < 10 ? 1 : 0).replace(/\.0$/, "");
}
