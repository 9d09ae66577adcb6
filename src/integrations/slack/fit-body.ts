import type { MessageBody } from "../../domain/chat/message.ts";
import { isJsonObject } from "../../domain/json-object.ts";
import { charactersOf, type Fields, fitBlock } from "./fit-block.ts";
import { fitText } from "./fit-text.ts";
import { blockLimits, textMax } from "./limits.ts";

/** Room for the note about what did not fit. */
const noteCharacters = 100;

/**
 * The last guard: a body that Slack takes, with whatever had to be left out announced in it. Who renders keeps within
 * the limits by choosing what matters; this only keeps a message from being lost.
 */
export function fitBody({ text, blocks, attachments }: MessageBody): MessageBody {
  return {
    text: fitText(text, textMax),
    ...(blocks === undefined ? {} : { blocks: fitBlocks(blocks) }),
    ...(attachments === undefined ? {} : { attachments: fitAttachments(attachments) }),
  };
}

/** The text alone, for a layout that Slack refuses: the text says it all, only nothing can be clicked. */
export function plainBody({ text }: MessageBody): MessageBody {
  const note = "\n_Slack refused the layout of this message; this is its text._";
  return { text: fitText(text, textMax - note.length) + note, blocks: [], attachments: [] };
}

function fitAttachments(attachments: readonly object[]): readonly object[] {
  let characters = 0;
  return attachments.map((attachment) => {
    if (!isJsonObject(attachment) || !Array.isArray(attachment["blocks"])) return attachment;
    const blocks = fitBlocks(attachment["blocks"], blockLimits.characters - characters);
    characters += charactersOf(blocks);
    return { ...attachment, blocks };
  });
}

function fitBlocks(
  blocks: readonly unknown[],
  characters: number = blockLimits.characters,
): readonly Fields[] {
  const all = blocks.filter(isJsonObject).map(fitBlock);
  const sizes = all.map(charactersOf);
  let size = sizes.reduce((sum, one) => sum + one, 0);
  if (all.length <= blockLimits.blocks && size <= characters) return all;
  // From the end, where the details are; buttons stay as long as anything else can go.
  const places = all.map((_, place) => place).toReversed();
  const isButtons = (place: number) => all[place]?.["type"] === "actions";
  const order = [...places.filter((place) => !isButtons(place)), ...places.filter(isButtons)];
  const dropped = new Set<number>();
  for (const place of order) {
    if (all.length - dropped.size < blockLimits.blocks && size <= characters - noteCharacters) break;
    dropped.add(place);
    size -= sizes[place] ?? 0;
  }
  const parts = dropped.size === 1 ? "part" : "parts";
  const note = `… ${dropped.size} more ${parts} of this message did not fit.`;
  return [
    ...all.filter((_, place) => !dropped.has(place)),
    { type: "context", elements: [{ type: "mrkdwn", text: note }] },
  ];
}
