import { literalPattern } from "../literal-pattern.ts";
import type { AlertNotification, Labels } from "./alert.ts";

/** A page as somebody else's bot posted it into the chat. */
export interface PageMessage {
  readonly channel: string;
  /** Name of the message in its channel; pages are answered in its thread. */
  readonly ts: string;
  /** `message` events of `update_message: true` change it from one to the other, and back when the group fires anew. */
  readonly status: "firing" | "resolved";
  /** When it was said or last changed, as the chat numbers that: older news of it is no news. */
  readonly saidTs?: string;
  /** Without the status in front: `ManyGoroutines (order 10.0.0.5:6060 critical)`. */
  readonly title: string;
  /** Title, text and fields in plain words: what a service is looked for in when no webhook tells its labels. */
  readonly words: string;
}

/** A chat message as far as it matters whether it is a page. Chat markup is taken out. */
export interface PostedMessage {
  readonly channel: string;
  readonly ts: string;
  readonly saidTs?: string;
  readonly text: string;
  readonly attachments: readonly {
    readonly title?: string;
    readonly fallback?: string;
    readonly text?: string;
    readonly color?: string;
    readonly fields: readonly { readonly title: string; readonly value: string }[];
  }[];
}

/** Who said something in the chat that is no person. */
export interface BotSpeaker {
  readonly botId?: string;
  readonly appId?: string;
  /** As an incoming webhook names itself, else the app's name: `Alertmanager`. Anybody who may post as a bot can choose it. */
  readonly username?: string;
}

/** Whose messages are pages, and where: both have to fit. */
export interface PageSource {
  /** Ids of channels. */
  readonly channels: readonly string[];
  /** Bot ids, app ids or user names. */
  readonly senders: readonly string[];
}

export function isFromPager(speaker: BotSpeaker, channel: string, source: PageSource): boolean {
  const names = [speaker.botId, speaker.appId, speaker.username];
  return (
    source.channels.includes(channel) &&
    names.some((name) => name !== undefined && source.senders.includes(name))
  );
}

/**
 * Alertmanager's and Grafana's default titles (Alertmanager source: template/default.tmpl, `__subject`). Templates of one's own
 * often begin with an emoji or whom they call.
 */
const statusTitle =
  /^[^[\]\n]{0,60}\[(?<status>FIRING|RESOLVED)(?::\d+)?(?:,\s*RESOLVED:\d+)?\]\s*(?<title>.+)$/s;

/**
 * What stands for the status where a title of one's own has none: `danger` and `good` as both senders have them by default,
 * and as Slack hands them on (Alertmanager source: config/notifiers.go; grafana/alerting: receivers/slack).
 */
const statusColors: Readonly<Record<string, PageMessage["status"]>> = {
  danger: "firing",
  a30200: "firing",
  d63232: "firing",
  good: "resolved",
  "2eb886": "resolved",
  "36a64f": "resolved",
};

/**
 * The page that a message is; undefined for anything else that is said in the channel. Recognised by the status in
 * front of the title, which both senders' default templates put there, else by the colour of an attachment with a title.
 */
export function pageMessageOf({
  channel,
  ts,
  saidTs,
  text,
  attachments,
}: PostedMessage): PageMessage | undefined {
  const titles = [...attachments.flatMap(({ title, fallback }) => [title, fallback]), text];
  for (const candidate of titles) {
    const found = statusTitle.exec(candidate?.trim() ?? "")?.groups;
    const title = found?.["title"];
    if (title !== undefined) return pageOf(found?.["status"] === "FIRING" ? "firing" : "resolved", title);
  }
  for (const { title, color } of attachments) {
    const status = statusColors[color?.replace("#", "").toLowerCase() ?? ""];
    if (status !== undefined && title !== undefined && title.trim() !== "") return pageOf(status, title);
  }
  return undefined;

  function pageOf(status: PageMessage["status"], title: string): PageMessage {
    const words = [
      text,
      ...attachments.flatMap((attachment) => [
        attachment.title ?? "",
        attachment.text ?? "",
        ...attachment.fields.map((field) => `${field.title} ${field.value}`),
      ]),
    ];
    return {
      channel,
      ts,
      ...(saidTs === undefined ? {} : { saidTs }),
      status,
      // Alertmanager's fallback goes on with a link behind " | ".
      title: (title.split(" | ")[0] ?? title).trim(),
      words: words.filter((word) => word !== "").join("\n"),
    };
  }
}

/** What Alertmanager's default template makes the title of, without the status in front. */
export function defaultTitle({
  groupLabels,
  commonLabels,
}: Pick<AlertNotification, "groupLabels" | "commonLabels">): string {
  const group = valuesOf(groupLabels).join(" ");
  const rest: Record<string, string> = {};
  for (const [name, value] of Object.entries(commonLabels)) {
    if (groupLabels[name] === undefined) rest[name] = value;
  }
  const others = valuesOf(rest).join(" ");
  return others === "" ? group : `${group} (${others})`;
}

/** By name, as the templates' SortedPairs; `alertname` comes first (Alertmanager source: template.KV). */
function valuesOf(labels: Labels): string[] {
  const names = Object.keys(labels).toSorted();
  return [
    ...names.filter((name) => name === "alertname"),
    ...names.filter((name) => name !== "alertname"),
  ].map((name) => labels[name] ?? "");
}

/**
 * How well a message fits a notification: 3 for the title that the default template makes, 2 when it begins as that
 * does, 1 when all values of the group's labels stand in the message, 0 when it is another page.
 */
export function pageLikeness(message: PageMessage, notification: AlertNotification): 0 | 1 | 2 | 3 {
  const title = comparableTitle(message.title);
  const expected = comparableTitle(defaultTitle(notification));
  if (title === expected) return 3;
  const values = valuesOf(notification.groupLabels).map(comparableTitle);
  if (values.length === 0) return 0;
  if (title.startsWith(values.join(" "))) return 2;
  const words = comparableTitle(message.words);
  return values.every((value) => words.includes(value)) ? 1 : 0;
}

/** Titles are cut by the senders and their blanks are trimmed by the chat. */
export function comparableTitle(text: string): string {
  return text.replace(/\s+/g, " ").trim().toLowerCase();
}

/** The service whose name stands as a whole word in the page; undefined when none or several do. */
export function serviceNamedIn(words: string, services: readonly string[]): string | undefined {
  const found = services.filter((name) =>
    new RegExp(`(?:^|[^\\w.-])${literalPattern(name)}(?:$|[^\\w-])`, "u").test(words),
  );
  return found.length === 1 ? found[0] : undefined;
}
