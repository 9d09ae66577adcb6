import { isJsonObject } from "../../domain/json-object.ts";
import { pingsOf } from "./echo.ts";
import { fieldsOf, textOf } from "./fields.ts";
import { intentOf } from "./methods/chat.ts";
import type { Traffic } from "./traffic.ts";
import type { Workspace } from "./workspace.ts";

/** Refusals a test wants to see: by method and error. */
export interface ExpectedRefusal {
  readonly method: string;
  readonly error: string;
}

/**
 * What is wrong with how the app behaved so far, one line each; empty when nothing is. Looks for calls that were refused
 * (unless a fault caused it or the test expects it), messages that nobody sees, messages without text, pictures without
 * alternative text and messages that were posted twice, by their metadata.
 */
export function problemsOf(
  workspace: Workspace,
  traffic: Traffic,
  expected: readonly ExpectedRefusal[] = [],
): readonly string[] {
  return [...refusals(traffic, expected), ...messageProblems(workspace), ...fileProblems(workspace)];
}

function refusals(traffic: Traffic, expected: readonly ExpectedRefusal[]): readonly string[] {
  return traffic.exchanges
    .filter(
      ({ direction, error, fault }) => direction === "from-app" && error !== undefined && fault === undefined,
    )
    .filter(
      ({ name, error }) => !expected.some((refusal) => refusal.method === name && refusal.error === error),
    )
    .map(({ name, error, args }) => `${name} was refused: ${error} ${JSON.stringify(args).slice(0, 300)}`);
}

function messageProblems(workspace: Workspace): readonly string[] {
  const problems: string[] = [];
  for (const channel of workspace.channels.values()) {
    const intents = new Map<string, string>();
    for (const message of channel.messages) {
      if (message.botId !== workspace.app.botId) continue;
      const place = `#${channel.name} ${message.ts}`;
      if (message.isUnseen === true)
        problems.push(`${place} is shown to nobody: it is for one person, in a thread that has no replies`);
      if (message.text.trim() === "" && message.files === undefined) problems.push(`${place} has no text`);
      if (hasMutePicture([message.blocks, message.attachments]))
        problems.push(`${place} has a picture without alt_text`);
      const intent = intentOf(message);
      if (intent === undefined) continue;
      const first = intents.get(intent);
      if (first !== undefined) problems.push(`${place} repeats ${first}: ${intent}`);
      intents.set(intent, message.ts);
    }
  }
  return problems;
}

function fileProblems(workspace: Workspace): readonly string[] {
  return [...workspace.files.values()]
    .filter(({ mimetype, altText, shares }) => mimetype.startsWith("image/") && shares.length > 0 && !altText)
    .map(({ id, name }) => `file ${id} (${name}) is a picture without alt_txt`);
}

function hasMutePicture(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasMutePicture);
  if (!isJsonObject(value)) return false;
  if (value.type === "image" && (textOf(value.alt_text) ?? "").trim() === "") return true;
  return Object.values(fieldsOf(value)).some(hasMutePicture);
}

/** Everyone the app's messages call, as written (`<!channel>`, `<@U…>`). */
export function pingsBy(workspace: Workspace): readonly string[] {
  const messages = [...workspace.channels.values()].flatMap((channel) => channel.messages);
  return messages.filter(({ botId }) => botId === workspace.app.botId).flatMap(pingsOf);
}
