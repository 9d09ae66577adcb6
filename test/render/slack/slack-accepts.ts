import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { MessageBody } from "../../../src/domain/chat/message.ts";
import { validateAttachments, validateMessageBlocks } from "../../../src/sandbox/slack/blocks/message.ts";
import { validateView } from "../../../src/sandbox/slack/blocks/view.ts";
import { realClock } from "../../../src/sandbox/slack/clock.ts";
import { pingsOf } from "../../../src/sandbox/slack/echo.ts";
import { readAppManifest } from "../../../src/sandbox/slack/manifest.ts";
import { shopWorkspace } from "../../../src/sandbox/slack/seed.ts";
import { SlackError } from "../../../src/sandbox/slack/slack-error.ts";
import { createWorkspace } from "../../../src/sandbox/slack/workspace.ts";

export const manifest: unknown = parse(readFileSync("slack-manifest.yaml", "utf8"));

const workspace = createWorkspace(shopWorkspace, readAppManifest(manifest), realClock());

/** What the strict stand-in refuses about a message that is edited as well as posted; empty when nothing. */
export function refusalsOf({ text, blocks = [], attachments = [] }: MessageBody): readonly string[] {
  const problems = [
    ...refusals(() => validateMessageBlocks(workspace, blocks)),
    ...refusals(() => validateAttachments(workspace, attachments)),
  ];
  if (text.trim() === "") problems.push("no text");
  // chat.update: msg_too_long.
  if (text.length > 4_000) problems.push(`text has ${text.length} characters`);
  if (/[\ud800-\udfff]/u.test(JSON.stringify([text, blocks]))) problems.push("half a character");
  return problems;
}

export function viewRefusals(view: unknown, kind: "modal" | "home"): readonly string[] {
  return refusals(() => validateView(workspace, view, kind));
}

/** Whom it calls, as written. */
export function pings(body: MessageBody): readonly string[] {
  return pingsOf(body);
}

function refusals(check: () => unknown): string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    return [JSON.stringify(error, Object.getOwnPropertyNames(error))];
  }
}

/** Every text that people see in the blocks, in order; spaces that do not break are spaces here. */
export function shownTexts(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(shownTexts);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, entry]) =>
    name === "text" && typeof entry === "string" ? [entry.replaceAll("\u00a0", " ")] : shownTexts(entry),
  );
}
