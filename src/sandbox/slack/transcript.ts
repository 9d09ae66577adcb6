import type { SlackMessage, Workspace } from "./workspace.ts";

/** What stands in a channel and its threads, in order, in words. */
export function transcriptOf({ channels, users, files }: Workspace, channel: string): readonly string[] {
  const names: Names = {
    person: (id) => users.get(id)?.name ?? id,
    channel: (id) => channels.get(id)?.name ?? id,
    file: (id) => files.get(id)?.name ?? id,
  };
  return (channels.get(channel)?.messages ?? []).map((message) => lineOf(message, names));
}

interface Names {
  person(id: string): string;
  channel(id: string): string;
  file(id: string): string;
}

/** One message as words: who, and what; replies are indented. */
function lineOf(
  { text, attachments = [], username, threadTs, ts, user, botId, onlyFor, files = [] }: SlackMessage,
  names: Names,
): string {
  const who = username ?? (botId === undefined ? names.person(user ?? "") : "gofire");
  const reader = onlyFor === undefined ? "" : ` (only ${names.person(onlyFor)} sees it)`;
  const indent = threadTs === undefined || threadTs === ts ? "" : "    ";
  const attached = files.map((id) => `${indent}  📎 ${names.file(id)}`);
  const titles = attachments.map(({ title }) => (typeof title === "string" ? title : ""));
  const words = [text, ...titles].filter((part) => part !== "").join(" ");
  return [
    `${indent}${who}${reader}: ${plain(words, names).replaceAll("\n", `\n${indent}  `)}`,
    ...attached,
  ].join("\n");
}

/**
 * Slack's text as it reads: people and channels by name, times and links in words, its three characters that stand for
 * something else, breaks that nobody sees.
 */
function plain(text: string, names: Names): string {
  return text
    .replaceAll(/<@([A-Z0-9]+)>/g, (_mention, id: string) => `@${names.person(id)}`)
    .replaceAll(/<#([A-Z0-9]+)(?:\|[^>]*)?>/g, (_mention, id: string) => `#${names.channel(id)}`)
    .replaceAll(/<!date\^[^|>]*\|([^>]*)>/g, "$1")
    .replaceAll(/<(https?:[^|>]*)\|([^>]*)>/g, "$2: $1")
    .replaceAll(/<(https?:[^>]*)>/g, "$1")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replaceAll("\u200b", "");
}
