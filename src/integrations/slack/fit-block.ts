import { isJsonObject } from "../../domain/json-object.ts";
import { fitText } from "./fit-text.ts";
import { blockLimits } from "./limits.ts";

/** A JSON object whose fields are not known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** A block within Slack's limits for one block; kinds that are not known here stay as they are. */
export function fitBlock(block: Fields): Fields {
  switch (block["type"]) {
    case "section":
      return fields(block, {
        text: textOf(blockLimits.text),
        fields: firsts(blockLimits.fields, blockLimits.field, textOf),
      });
    case "header":
      return fields(block, { text: textOf(blockLimits.header) });
    case "context":
      return fields(block, {
        elements: firsts(blockLimits.contextElements, blockLimits.text, contextElement),
      });
    case "actions":
      return fields(block, { elements: firsts(blockLimits.actionElements, blockLimits.button, button) });
    case "image":
      return fields(block, { alt_text: text(blockLimits.altText), title: textOf(blockLimits.altText) });
    case "markdown":
      return fields(block, { text: text(blockLimits.markdown) });
    case "table":
      return fields(block, { rows: tableRows });
    default:
      return block;
  }
}

type Fit = (value: unknown) => unknown;

/** The fields that are there, each fitted. */
function fields(block: Fields, fits: Readonly<Record<string, Fit>>): Fields {
  const changed = Object.entries(fits).flatMap(([name, fit]) =>
    block[name] === undefined ? [] : [[name, fit(block[name])] as const],
  );
  return { ...block, ...Object.fromEntries(changed) };
}

function text(max: number): Fit {
  // Slack refuses an empty text wherever it wants one.
  return (value) => (typeof value !== "string" ? value : value === "" ? "–" : fitText(value, max));
}

/** A text object: `{ type: "mrkdwn" | "plain_text", text }`. */
function textOf(max: number): Fit {
  return (value) => (isJsonObject(value) ? fields(value, { text: text(max) }) : value);
}

/** The first of the entries, each with its share of what one block may hold. */
function firsts(most: number, max: number, fitOf: (max: number) => Fit): Fit {
  return (value) => {
    if (!Array.isArray(value)) return value;
    const kept = value.slice(0, most);
    const share = Math.floor(blockLimits.blockCharacters / kept.length);
    return kept.map(fitOf(Math.min(max, share)));
  };
}

function contextElement(max: number): Fit {
  return (value) => {
    if (!isJsonObject(value)) return value;
    return value["type"] === "image"
      ? fields(value, { alt_text: text(Math.min(max, blockLimits.altText)) })
      : textOf(max)(value);
  };
}

function button(max: number): Fit {
  return (value) => (isJsonObject(value) ? fields(value, { text: textOf(max) }) : value);
}

/** As many rows as fit, the last of them telling how many do not. */
function tableRows(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const rows: readonly unknown[] = value;
  const room = blockLimits.tableCharacters - 100; // for the row that tells
  let characters = 0;
  let kept = 0;
  for (const row of rows) {
    characters += charactersOf(row);
    if (characters > room || kept === blockLimits.tableRows) break;
    kept += 1;
  }
  if (kept === rows.length) return rows;
  kept = Math.min(kept, blockLimits.tableRows - 1);
  const width = Array.isArray(rows[0]) ? rows[0].length : 1;
  const note = `… ${rows.length - kept} more rows`;
  const last = Array.from({ length: width }, (_, column) => ({
    type: "raw_text",
    text: column === 0 ? note : " ",
  }));
  return [...rows.slice(0, kept), last];
}

/** Characters of every text in a piece of JSON, the way Slack seems to count them. */
export function charactersOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, entry) => sum + charactersOf(entry), 0);
  if (!isJsonObject(value)) return 0;
  return Object.entries(value).reduce((sum, [name, entry]) => {
    if (typeof entry !== "string") return sum + charactersOf(entry);
    return ["text", "alt_text", "title"].includes(name) ? sum + entry.length : sum;
  }, 0);
}
