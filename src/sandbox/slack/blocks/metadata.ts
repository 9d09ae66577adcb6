import { isJsonObject } from "../../../domain/json-object.ts";
import type { Fields } from "../fields.ts";
import { SlackError } from "../slack-error.ts";

/** Slack names the refusal and not the size; 8 kB is what users report. */
const maxMetadataBytes = 8_000;

/** Message metadata as Slack accepts it, or its refusal (https://docs.slack.dev/messaging/message-metadata). */
export function checkMetadata(value: unknown): Fields | undefined {
  if (value === undefined) return undefined;
  if (!isJsonObject(value)) throw new SlackError("invalid_metadata_format");
  if (Object.keys(value).length === 0) return {};
  if (typeof value.event_type !== "string" || !isJsonObject(value.event_payload))
    throw new SlackError("invalid_metadata_schema");
  for (const entry of Object.values(value.event_payload))
    if (!isScalar(entry) && !isFlat(entry)) throw new SlackError("invalid_metadata_schema");
  if (Buffer.byteLength(JSON.stringify(value)) > maxMetadataBytes) throw new SlackError("metadata_too_large");
  return value;
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function isFlat(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((entry) => isScalar(entry) || isFlatObject(entry));
  return isFlatObject(value);
}

function isFlatObject(value: unknown): boolean {
  return isJsonObject(value) && Object.values(value).every(isScalar);
}
