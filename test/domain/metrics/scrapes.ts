import type { MetricsScrape } from "../../../src/domain/metrics/metrics.ts";
import { metricsParser } from "../../../src/parsers/metrics/metrics-parser.ts";

/** A scrape of the given lines; `takenAtMs` 0 leaves the time unknown. */
export function scrape(text: string, takenAtMs = 0): MetricsScrape {
  const parser = metricsParser("metrics.txt", takenAtMs === 0 ? {} : { takenAtMs });
  parser.push(new TextEncoder().encode(`${text.trim()}\n`));
  const result = parser.end();
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}
