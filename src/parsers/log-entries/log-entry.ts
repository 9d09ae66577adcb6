import { isJsonObject } from "../../domain/json-object.ts";
import { momentOf } from "./moment.ts";

/** What one entry of a log holds of what the process wrote. */
export interface LogEntry {
  /** Where it stood; absent for a stack that stood elsewhere. */
  readonly field?: string;
  readonly text: string;
  /** When it was written, in nanoseconds since the epoch. */
  readonly writtenNs?: bigint;
  /** Which pod, container or host wrote it, as the entry says it. */
  readonly writer?: string;
  /** Of the object or list that it was read from. */
  readonly of: object;
}

/**
 * Where writers of logs put what the process wrote, nearest first, in lower case: `log` (Docker json-file, fluent-bit), `MESSAGE`
 * (journalctl -o json; a list of bytes when it is no UTF-8), `textPayload` (Google Cloud), `message`, `msg` and `_msg` (stern -o
 * json, CloudWatch, most shippers), `line` (logcli -o jsonl, Grafana), `Output` (go test -json), `@message` (CloudWatch
 * Logs Insights), `_raw` (Splunk), `LogMessage` and `LogEntry` (Azure Monitor), `body` (OpenTelemetry), `Content` (Datadog's CSV).
 */
const textFields = [
  "log",
  "message",
  "textpayload",
  "msg",
  "_msg",
  "line",
  "output",
  "@message",
  "_raw",
  "logmessage",
  "logentry",
  "body",
  "content",
] as const;

/** Where they put when it was written, the most precise first. */
const timeFields = [
  "tsns",
  "timeunixnano",
  "__realtime_timestamp",
  "@timestamp",
  "timestamp",
  "time",
  "_time",
  "ts",
  "date",
  "timegenerated",
] as const;

/** Names, with those of the objects around them, of what tells one process from another. */
const writerName =
  /(?:^|[.@])(?:pod|pod_?name|pod\.name|container|container_?name|container_?id|container\.(?:id|name)|instance|host|host_?name|host\.name|_hostname|logstream(?:name)?)$/;
const deepestName = 3;

/** A stack that a program logged with its own message (runtime/debug.Stack, a panic) stands in a field of its own. */
const loggedStack = /^(?:[^]{0,4096}\n)?goroutine \d+ [^[\n]{0,80}\[[^\]\n]{1,200}\].{0,200}:\r?\n/;

/** Whether text is looked for under this name. */
export function isTextField(name: string): boolean {
  return textFields.some((field) => field === name.toLowerCase());
}

interface Around {
  readonly writtenNs?: bigint | undefined;
  readonly writer?: string | undefined;
}

/**
 * The entries of a log within a JSON value, in its order: objects with one of the known fields, pairs of time and text
 * (Loki), rows of `{field, value}` (CloudWatch Logs Insights). `lists` false leaves out what stands within lists.
 */
export function logEntries(value: unknown, lists: boolean, around: Around = {}): LogEntry[] {
  if (Array.isArray(value)) return lists ? entriesOfList(value, around) : [];
  if (!isJsonObject(value)) return [];
  const fields = Object.entries(value);
  const names = new Map(fields.map(([field]) => [field.toLowerCase(), field]));
  // Lines that come one by one stay in their order, whoever wrote them.
  const here: Around = lists
    ? { writtenNs: around.writtenNs ?? writtenNs(value, names), writer: around.writer ?? writerOf(value) }
    : around;
  const own = textIn(value, names);
  const name = own[0]?.field;
  const stacks = stacksIn(
    fields.filter(([field, inner]) => field !== name && (name !== undefined || typeof inner === "string")),
  );
  if (name !== undefined || stacks.length > 0) {
    return [...own, ...stacks].map((text) => entry(text, here, value));
  }
  return fields.flatMap(([, inner]) => logEntries(inner, lists, here));
}

function entriesOfList(list: readonly unknown[], around: Around): LogEntry[] {
  const [time, text] = list;
  if (typeof time === "string" && /^\d{10,19}$/.test(time) && typeof text === "string") {
    return [entry({ text, field: "" }, { ...around, writtenNs: momentOf(time) }, list)];
  }
  if (list.length > 0 && list.every(isCell)) {
    return logEntries(Object.fromEntries(list.map(({ field, value }) => [field, value])), true, around);
  }
  // Each element was written at its own time.
  return list.flatMap((element) => logEntries(element, true, { writer: around.writer }));
}

function entry(
  text: { readonly field?: string; readonly text: string },
  { writtenNs, writer }: Around,
  of: object,
): LogEntry {
  return {
    ...text,
    of,
    ...(writtenNs === undefined ? {} : { writtenNs }),
    ...(writer === undefined ? {} : { writer }),
  };
}

type Fields = readonly (readonly [string, unknown])[];

/** Names of an object's fields by what they are in lower case. */
type Names = ReadonlyMap<string, string>;

function textIn(
  value: Readonly<Record<string, unknown>>,
  names: Names,
): readonly { readonly field: string; readonly text: string }[] {
  for (const wanted of textFields) {
    const field = names.get(wanted);
    const text = field === undefined ? undefined : textOf(value[field]);
    if (field !== undefined && text !== undefined) return [{ field, text }];
  }
  return [];
}

function writtenNs(value: Readonly<Record<string, unknown>>, names: Names): bigint | undefined {
  for (const wanted of timeFields) {
    const field = names.get(wanted);
    const moment = field === undefined ? undefined : momentOf(value[field]);
    if (moment !== undefined) return moment;
  }
  return undefined;
}

function writerOf(value: object): string | undefined {
  const found: string[] = [];
  function look(object: object, path: string, depth: number): void {
    for (const [field, inner] of Object.entries(object)) {
      const name = `${path}${field.toLowerCase()}`;
      if (typeof inner === "string") {
        if (writerName.test(name)) found.push(inner);
      } else if (isJsonObject(inner) && depth < deepestName) look(inner, `${name}.`, depth + 1);
    }
  }
  look(value, "", 1);
  return found.length === 0 ? undefined : found.join(" ");
}

function stacksIn(fields: Fields): { readonly text: string }[] {
  return fields.flatMap(([, value]) => {
    if (typeof value === "string") return holdsStack(value) ? [{ text: `\n${value}\n` }] : [];
    return isJsonObject(value) ? stacksIn(Object.entries(value)) : [];
  });
}

function holdsStack(value: string): boolean {
  return value.includes("goroutine ") && loggedStack.test(value);
}

function isCell(value: unknown): value is { readonly field: string; readonly value: unknown } {
  return isJsonObject(value) && typeof value["field"] === "string" && "value" in value;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (isJsonObject(value) && typeof value["stringValue"] === "string") return value["stringValue"];
  if (!Array.isArray(value) || !value.every(isByte)) return undefined;
  return Buffer.from(value).toString("utf8");
}

function isByte(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255;
}
