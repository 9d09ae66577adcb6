import type { MessageBody } from "../../domain/chat/message.ts";
import { type Block, fitBlocks } from "./blocks.ts";
import { spoken } from "./escape.ts";
import { slackLimits } from "./limits.ts";

/** A message of raw sentences for screen readers and finished blocks for everybody else; `more` says that it was cut. */
export function replyBody(
  sentences: readonly string[],
  blocks: readonly Block[],
  more = "… and more than fits here.",
): MessageBody {
  const text = sentences.filter((sentence) => sentence.trim() !== "").join(" ");
  // Slack takes no message without a text, and screen readers have nothing else.
  return { text: spoken(text, slackLimits.text) || "gofire", blocks: fitBlocks(blocks, more) };
}
