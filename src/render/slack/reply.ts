import type { MessageBody } from "../../domain/chat/message.ts";
import type { Incident, Reply } from "../../domain/incidents/incident.ts";
import { section } from "./blocks.ts";
import { spoken, words } from "./escape.ts";
import { slackLimits } from "./limits.ts";

const lineCharacters = 2_500;

/** A message of the thread that has no files, or whose files are gone; then it says so. */
export function reply({ id }: Incident, { text, files }: Reply): MessageBody {
  const gone =
    files.length === 0 ? "" : `The files are no longer kept: ${files.map(({ name }) => name).join(", ")}.`;
  const message = [text, gone].filter((part) => part.trim() !== "").join(" ");
  return {
    text: spoken(message === "" ? id : message, slackLimits.text),
    blocks: section([words(message === "" ? id : message, lineCharacters)]),
  };
}
