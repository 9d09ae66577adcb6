import type { MessageBody } from "../../domain/message.ts";
import { charactersOf, type Fields, fitBlock, isFields } from "./fit-block.ts";
import { fitText } from "./fit-text.ts";
import { blockLimits, textMax } from "./limits.ts";

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
    if (!isFields(attachment) || !Array.isArray(attachment["blocks"])) return attachment;
    const blocks = fitBlocks(attachment["blocks"], blockLimits.characters - characters);
    characters += charactersOf(blocks);
    return { ...attachment, blocks };
  });
}

function fitBlocks(
  blocks: readonly unknown[],
  characters: number = blockLimits.characters,
): readonly Fields[] {
  const kept = blocks.filter(isFields).map(fitBlock);
  if (kept.length <= blockLimits.blocks && charactersOf(kept) <= characters) return kept;
  // From the end, where the details are; buttons stay.
  let dropped = 0;
  for (let at = kept.length - 1; at > 0; at--) {
    if (kept.length < blockLimits.blocks && charactersOf(kept) <= characters - 100) break;
    if (kept[at]?.["type"] === "actions") continue;
    kept.splice(at, 1);
    dropped += 1;
  }
  const note = `… ${dropped} more ${dropped === 1 ? "part" : "parts"} of this message did not fit.`;
  kept.push({ type: "context", elements: [{ type: "mrkdwn", text: note }] });
  return kept;
}
