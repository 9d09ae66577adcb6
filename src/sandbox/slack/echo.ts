import type { Fields } from "./fields.ts";

const namedColours: Readonly<Record<string, string>> = {
  danger: "a30200",
  good: "2eb886",
  warning: "daa038",
};

/** A person types markup characters as text: Slack escapes all three. */
export function escapeTyped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** An app's text as Slack stores it: markup stays, a lone `&` becomes an entity. */
export function storedText(text: string): string {
  return text.replaceAll(/&(?!(?:amp|lt|gt);)/g, "&amp;");
}

/** Blocks as Slack gives them back: every one has a block_id. */
export function storedBlocks(blocks: readonly Fields[], newId: () => string): readonly Fields[] {
  return blocks.map((block) => ({ ...block, block_id: block.block_id ?? newId() }));
}

/** Attachments as Slack gives them back: numbered, colours as six hex digits, a fallback always there. */
export function storedAttachments(attachments: readonly Fields[], newId: () => string): readonly Fields[] {
  return attachments.map((attachment, index) => {
    const colour = typeof attachment.color === "string" ? attachment.color : undefined;
    return {
      ...attachment,
      id: index + 1,
      fallback: attachment.fallback ?? "[no preview available]",
      ...(colour === undefined ? {} : { color: namedColours[colour] ?? colour.replace(/^#/, "") }),
      ...(Array.isArray(attachment.blocks) ? { blocks: storedBlocks(attachment.blocks, newId) } : {}),
    };
  });
}

const ping =
  /<!(?:channel|here|everyone)(?:\|[^>]*)?>|<!subteam\^[A-Z0-9]+(?:\|[^>]*)?>|<@[UW][A-Z0-9]+(?:\|[^>]*)?>/g;

/** Whom a message calls: every user, group and @channel in any of its texts, as written. */
export function pingsOf(message: {
  readonly text: string;
  readonly blocks?: unknown;
  readonly attachments?: unknown;
}) {
  const everything = JSON.stringify([message.text, message.blocks ?? [], message.attachments ?? []]);
  return [...new Set(everything.match(ping) ?? [])];
}
