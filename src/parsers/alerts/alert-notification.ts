import type { Alert, AlertNotification, Labels } from "../../domain/alerts/alert.ts";
import type { ParseResult } from "../../domain/evidence/parse-result.ts";
import { isJsonObject } from "../../domain/json-object.ts";
import { jsonSyntaxError } from "../text/json-error.ts";
import { lineError } from "../text/line-error.ts";

/** Larger than any alert name or URL that is of use; keeps one label from filling a card, a key or a log. */
const maxTextLength = 4_096;
/** Alertmanager sends all of a group unless `max_alerts` says otherwise; more than these are counted as left out. */
const maxAlerts = 1_000;
const maxLabels = 200;

/**
 * Reads the body of an alert webhook: Alertmanager's version "4" and Grafana's variant. Keys that are not known are
 * ignored, as both projects ask for. What identifies the group must be there; an alert that cannot be understood makes
 * the whole notification `damaged`, because a page that is half read would be answered half.
 */
export function parseAlertNotification(body: Uint8Array): ParseResult<AlertNotification> {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
  if (text.trim() === "") return { ok: false, error: lineError("empty", "The body is empty.", 1) };
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { ok: false, error: jsonSyntaxError(text) };
  }
  try {
    return { ok: true, value: notificationOf(content) };
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    return { ok: false, error: lineError(error.code, error.message, 1) };
  }
}

class Unfit extends Error {
  readonly code: "not-this-format" | "damaged";

  constructor(code: "not-this-format" | "damaged", message: string) {
    super(message);
    this.code = code;
  }
}

function notificationOf(content: unknown): AlertNotification {
  if (!isJsonObject(content) || !Array.isArray(content["alerts"])) {
    throw new Unfit("not-this-format", 'The JSON is no alert notification: it has no list "alerts".');
  }
  const groupKey = content["groupKey"];
  if (typeof groupKey !== "string" || groupKey === "") {
    throw new Unfit("damaged", "The notification has no groupKey.");
  }
  const alerts = content["alerts"].slice(0, maxAlerts).map(alertOf);
  const left = content["truncatedAlerts"];
  const externalUrl = shortText(content["externalURL"]);
  return {
    // Grafana names the organisation that the alert belongs to, Alertmanager knows none.
    sender: content["orgId"] === undefined ? "alertmanager" : "grafana",
    groupKey: groupKey.slice(0, maxTextLength),
    receiver: shortText(content["receiver"]) ?? "",
    status: statusOf(content["status"], "The notification"),
    groupLabels: labelsOf(content["groupLabels"]),
    commonLabels: labelsOf(content["commonLabels"]),
    commonAnnotations: labelsOf(content["commonAnnotations"]),
    alerts,
    truncatedAlerts:
      (typeof left === "number" && left > 0 ? Math.floor(left) : 0) +
      Math.max(0, content["alerts"].length - maxAlerts),
    ...(externalUrl === undefined ? {} : { externalUrl }),
  };
}

function alertOf(content: unknown, index: number): Alert {
  const name = `Alert ${index + 1}`;
  if (!isJsonObject(content)) throw new Unfit("damaged", `${name} is no object.`);
  const labels = labelsOf(content["labels"]);
  const startsAtMs = timeOf(content["startsAt"]);
  if (startsAtMs === undefined) throw new Unfit("damaged", `${name} has no time in startsAt.`);
  const status = statusOf(content["status"], name);
  const endsAtMs = status === "resolved" ? timeOf(content["endsAt"]) : undefined;
  const generatorUrl = shortText(content["generatorURL"]);
  return {
    fingerprint: shortText(content["fingerprint"]) ?? fingerprintOf(labels),
    status,
    labels,
    annotations: labelsOf(content["annotations"]),
    startsAtMs,
    ...(endsAtMs === undefined ? {} : { endsAtMs }),
    ...(generatorUrl === undefined ? {} : { generatorUrl }),
  };
}

function statusOf(status: unknown, whose: string): "firing" | "resolved" {
  if (status === "firing" || status === "resolved") return status;
  throw new Unfit("damaged", `${whose} has neither "firing" nor "resolved" as its status.`);
}

/** Values that are no text are left out: labels and annotations are texts in both senders. */
function labelsOf(content: unknown): Labels {
  if (!isJsonObject(content)) return {};
  // Nearly all are taken as they are: a copy costs more than reading them did.
  return isFit(content) ? content : fitLabels(content);
}

function isFit(content: Readonly<Record<string, unknown>>): content is Labels {
  let count = 0;
  for (const name in content) {
    const value = content[name];
    if (typeof value !== "string" || value.length > maxTextLength || ++count > maxLabels) return false;
  }
  return true;
}

function fitLabels(content: Readonly<Record<string, unknown>>): Labels {
  // Without a prototype, so that a label may have any name.
  const labels: Record<string, string> = Object.create(null);
  let count = 0;
  for (const name in content) {
    const value = content[name];
    if (typeof value !== "string" || ++count > maxLabels) continue;
    labels[name] = value.length > maxTextLength ? value.slice(0, maxTextLength) : value;
  }
  return labels;
}

/** Go's zero time, the year 1, stands for "not yet". */
function timeOf(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  // oxlint-disable-next-line no-restricted-globals -- reads the text, not the clock
  const ms = Date.parse(value);
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

/** Old versions of Alertmanager send none; the labels are what it is computed from. */
function fingerprintOf(labels: Labels): string {
  return Object.entries(labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(",");
}

function shortText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, maxTextLength) : undefined;
}
