import { isJsonObject } from "../../domain/json-object.ts";
import type { MetricSeries } from "../../domain/metrics/metric-series.ts";
import { labelsOf, mostSeries, seriesOf } from "./query-result.ts";

/**
 * An answer of Prometheus' HTTP API (prometheus.io/docs/prometheus/latest/querying/api, "Format overview").
 *
 * - `success`: `value` is what was asked for.
 * - `error`: the server says itself why not, in `message`; `errorType` is its word for it, e.g. `bad_data`, `execution`.
 * - `foreign`: no answer of this API; `message` is one plain sentence.
 */
export type ApiAnswer<T> =
  | { readonly kind: "success"; readonly value: T; readonly warnings: readonly string[] }
  | { readonly kind: "error"; readonly errorType: string; readonly message: string }
  | { readonly kind: "foreign"; readonly message: string };

/** What a scrape target looks like in `/api/v1/targets`. */
export interface ApiTarget {
  readonly labels: Readonly<Record<string, string>>;
  readonly discoveredLabels: Readonly<Record<string, string>>;
  readonly scrapeUrl: string;
  readonly health: "up" | "down" | "unknown";
  readonly lastError?: string;
}

/** Reads the answer to `/api/v1/query` or `/api/v1/query_range`. */
export function parseQueryAnswer(text: string): ApiAnswer<readonly MetricSeries[]> {
  return parseAnswer(text, seriesOf);
}

/** Reads the answer to `/api/v1/targets`: its active targets. */
export function parseTargetsAnswer(text: string): ApiAnswer<readonly ApiTarget[]> {
  return parseAnswer(text, targetsOf);
}

/** Longest words of the server's own that are kept. */
const longestText = 300;
const mostWarnings = 10;

function parseAnswer<T>(text: string, read: (data: unknown) => T | string): ApiAnswer<T> {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return { kind: "foreign", message: "The answer is no JSON." };
  }
  if (!isJsonObject(answer)) return { kind: "foreign", message: "The answer is no JSON object." };
  if (answer["status"] === "error") {
    return {
      kind: "error",
      errorType: textOf(answer["errorType"]) ?? "unknown",
      message: textOf(answer["error"]) ?? "it does not say why",
    };
  }
  if (answer["status"] !== "success") return { kind: "foreign", message: "The answer has no status." };
  const value = read(answer["data"]);
  if (typeof value === "string") return { kind: "foreign", message: value };
  const warnings: readonly unknown[] = Array.isArray(answer["warnings"]) ? answer["warnings"] : [];
  return {
    kind: "success",
    value,
    warnings: warnings
      .map(textOf)
      .filter((warning) => warning !== undefined)
      .slice(0, mostWarnings),
  };
}

function targetsOf(data: unknown): readonly ApiTarget[] | string {
  const list = isJsonObject(data) ? data["activeTargets"] : undefined;
  if (!Array.isArray(list)) return "The answer holds no active targets.";
  if (list.length > mostSeries) return `The answer has more than ${mostSeries} targets.`;
  const targets: ApiTarget[] = [];
  for (const [index, entry] of list.entries()) {
    const target = targetOf(entry);
    if (target === undefined) return `Target ${index} of the answer cannot be read.`;
    targets.push(target);
  }
  return targets;
}

function targetOf(entry: unknown): ApiTarget | undefined {
  if (!isJsonObject(entry)) return undefined;
  const labels = labelsOf(entry["labels"]);
  const { scrapeUrl, health } = entry;
  if (labels === undefined || typeof scrapeUrl !== "string") return undefined;
  const lastError = textOf(entry["lastError"]);
  return {
    labels,
    discoveredLabels: labelsOf(entry["discoveredLabels"]) ?? {},
    scrapeUrl,
    health: health === "up" || health === "down" ? health : "unknown",
    ...(lastError === undefined ? {} : { lastError }),
  };
}

/** One line without control characters; undefined for what is no text, or an empty one. */
function textOf(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const line = value
    .slice(0, 4 * longestText)
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim();
  if (line === "") return undefined;
  return line.length > longestText ? `${line.slice(0, longestText - 1)}…` : line;
}
