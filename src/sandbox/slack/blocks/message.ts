import { isJsonObject } from "../../../domain/json-object.ts";
import { type Fields, listOf, shown } from "../fields.ts";
import { isProcessed } from "../files.ts";
import { refusedFields, SlackError } from "../slack-error.ts";
import type { Workspace } from "../workspace.ts";
import { block, charactersOf, reportDuplicates } from "./blocks.ts";
import { type Inspection, list, report, type Surface } from "./shape.ts";

const maxBlocks = 50;
/** Measured by several users at about 13,200 (slackapi/bolt-js#2509); Slack documents no figure. */
const maxBlockCharacters = 13_200;
const maxAttachments = 100;

export function newInspection(workspace: Workspace, surface: Surface): Inspection {
  return {
    surface,
    problems: [],
    sums: { table: 0, dataTable: 0, markdown: 0 },
    fileIsReady(idOrUrl) {
      const id = /\/files\/(F[A-Z0-9]+)/.exec(idOrUrl)?.[1] ?? idOrUrl;
      const file = workspace.files.get(id);
      return (
        file !== undefined && isProcessed(workspace, file) && /^image\/(png|jpeg|gif)$/.test(file.mimetype)
      );
    },
  };
}

/** Throws `invalid_blocks` with every problem, or `msg_blocks_too_long`. */
export function validateMessageBlocks(workspace: Workspace, blocks: readonly unknown[]): void {
  const inspection = newInspection(workspace, "message");
  inspectBlocks(blocks, "/blocks", inspection);
  if (inspection.problems.length > 0) throw refusedFields("invalid_blocks", inspection.problems);
  if (charactersOf(blocks) > maxBlockCharacters) throw new SlackError("msg_blocks_too_long");
}

function inspectBlocks(blocks: readonly unknown[], pointer: string, inspection: Inspection): void {
  list(0, maxBlocks, block)(blocks, pointer, inspection);
  const known = blocks.map((entry) => (isJsonObject(entry) ? entry : {}));
  reportDuplicates(known, pointer, inspection);
  const expanded = known.reduce((sum, entry) => sum + blocksOf(entry), 0);
  if (blocks.length <= maxBlocks && expanded > maxBlocks)
    report(inspection, `no more than ${maxBlocks} items allowed`, pointer);
  const tables = known.flatMap((entry, index) => (entry.type === "table" ? [index] : []));
  for (const index of tables.slice(1)) report(inspection, "only one table allowed", `${pointer}/${index}`);
}

/** A markdown block becomes one block per heading, rule and table, and one for each stretch of text between them. */
function blocksOf(entry: Fields): number {
  if (entry.type !== "markdown" || typeof entry.text !== "string") return 1;
  let count = 0;
  let last: "text" | "table" | "none" = "none";
  for (const line of entry.text.split("\n")) {
    if (/^\s*(#{1,6}\s|(-{3,}|\*{3,}|_{3,})\s*$)/.test(line)) {
      count += 1;
      last = "none";
    } else if (/^\s*\|/.test(line)) {
      if (last !== "table") count += 1;
      last = "table";
    } else if (line.trim() !== "") {
      if (last !== "text") count += 1;
      last = "text";
    }
  }
  return Math.max(1, count);
}

/** Throws `too_many_attachments`, or `invalid_attachments` when an attachment holds refused blocks. */
export function validateAttachments(workspace: Workspace, attachments: readonly unknown[]): void {
  if (attachments.length > maxAttachments) throw new SlackError("too_many_attachments");
  const inspection = newInspection(workspace, "message");
  attachments.forEach((attachment, index) => {
    const pointer = `/attachments/${index}`;
    if (!isJsonObject(attachment)) return report(inspection, "must provide an object", pointer);
    if (Array.isArray(attachment.blocks)) inspectBlocks(attachment.blocks, `${pointer}/blocks`, inspection);
    const { color } = attachment;
    if (color !== undefined && !/^(good|warning|danger|#?[0-9a-fA-F]{6})$/.test(shown(color)))
      report(inspection, "invalid color", `${pointer}/color`);
    if (listOf(attachment.actions).length > 5)
      report(inspection, "no more than 5 items allowed", `${pointer}/actions`);
  });
  if (inspection.problems.length > 0) throw refusedFields("invalid_attachments", inspection.problems);
  const characters = attachments.reduce<number>(
    (sum, attachment) => sum + charactersOf(isJsonObject(attachment) ? attachment.blocks : []),
    0,
  );
  if (characters > maxBlockCharacters) throw new SlackError("msg_blocks_too_long");
}
