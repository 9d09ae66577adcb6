import { isJsonObject } from "../../../domain/json-object.ts";
import { type Fields, listOf, shown } from "../fields.ts";
import {
  elements,
  idText,
  image,
  imageFields,
  inputElements,
  markupItem,
  markupText,
  plainText,
} from "./elements.ts";
import { richText, richTextCell } from "./rich-text.ts";
import {
  byType,
  type Check,
  flag,
  type Inspection,
  list,
  number,
  oneOf,
  report,
  type Surface,
  shape,
  text,
  whole,
} from "./shape.ts";

const maxTableCharacters = 10_000;
const maxDataTableCharacters = 20_000;
const maxMarkdownCharacters = 12_000;

/** A block that only some surfaces show. */
function only(surfaces: readonly Surface[], check: Check): Check {
  return (value, pointer, inspection) => {
    if (surfaces.includes(inspection.surface)) check(value, pointer, inspection);
    else if (isJsonObject(value))
      report(inspection, `unsupported type: ${shown(value.type)}`, `${pointer}/type`);
  };
}

const blockId = { block_id: idText };

const section = shape({
  optional: {
    ...blockId,
    text: markupText(3_000),
    fields: list(1, 10, byType(markupItem(2_000))),
    accessory: byType({ ...elements, image }),
    expand: flag,
  },
  also(fields, pointer, inspection) {
    if (fields.text === undefined && fields.fields === undefined)
      report(inspection, "must provide at least one of: text, fields", pointer);
  },
});

const cellKinds = {
  raw_text: shape({ required: { text: text(3_000) } }),
  raw_number: shape({ required: { value: number }, optional: { text: text(3_000) } }),
  rich_text: richTextCell,
};

const table = shape({
  required: { rows: list(1, 100, list(1, 20, byType(cellKinds))) },
  optional: {
    ...blockId,
    column_settings: list(1, 20, (value, pointer, inspection) => {
      if (value === null) return;
      shape({ optional: { align: oneOf("left", "center", "right"), is_wrapped: flag } })(
        value,
        pointer,
        inspection,
      );
    }),
  },
  also(fields, pointer, inspection) {
    inspection.sums.table += charactersOf(fields.rows);
    if (inspection.sums.table > maxTableCharacters)
      report(inspection, `must be less than ${maxTableCharacters + 1} characters`, `${pointer}/rows`);
  },
});

const dataTable = shape({
  required: { rows: list(2, 201, list(1, 20, byType(cellKinds))), caption: text(3_000) },
  optional: { ...blockId, page_size: whole(1, 100), row_header_column_index: whole(0, 19) },
  also(fields, pointer, inspection) {
    const rows = Array.isArray(fields.rows)
      ? fields.rows.filter((row): row is unknown[] => Array.isArray(row))
      : [];
    rows.forEach((row, index) => {
      if (row.length !== rows[0]?.length)
        report(inspection, "rows must have equal length", `${pointer}/rows/${index}`);
    });
    listOf(rows[0]).forEach((cell, index) => {
      if (cell.type === "rich_text")
        report(inspection, "unsupported type: rich_text", `${pointer}/rows/0/${index}/type`);
    });
    inspection.sums.dataTable += charactersOf(rows);
    if (inspection.sums.dataTable > maxDataTableCharacters)
      report(inspection, `must be less than ${maxDataTableCharacters + 1} characters`, `${pointer}/rows`);
  },
});

const markdown = shape({
  required: { text: text(maxMarkdownCharacters) },
  optional: blockId,
  also(fields, pointer, inspection) {
    inspection.sums.markdown += typeof fields.text === "string" ? fields.text.length : 0;
    if (inspection.sums.markdown > maxMarkdownCharacters)
      report(inspection, `must be less than ${maxMarkdownCharacters + 1} characters`, `${pointer}/text`);
  },
});

const taskCard = shape({
  required: { task_id: idText, title: text(256) },
  optional: {
    ...blockId,
    status: oneOf("pending", "in_progress", "complete", "error"),
    details: byType({ rich_text: richText }),
    output: byType({ rich_text: richText }),
    sources: list(0, 50, byType({ url: shape({ required: { url: text(3_000), text: text(3_000) } }) })),
  },
});

const plan = shape({
  required: { title: text(256) },
  optional: { ...blockId, tasks: list(1, 50, byType({ task_card: taskCard })) },
});

const card = shape({
  optional: {
    ...blockId,
    hero_image: image,
    icon: image,
    title: markupText(150),
    subtitle: markupText(150),
    body: markupText(200),
    subtext: markupText(200),
    actions: list(1, 3, byType({ button: elements.button })),
  },
  also(fields, pointer, inspection) {
    if (["hero_image", "title", "actions", "body"].every((name) => fields[name] === undefined))
      report(inspection, "must provide at least one of: hero_image, title, actions, body", pointer);
  },
});

/** Every block the stand-in knows: https://docs.slack.dev/reference/block-kit/blocks */
export const block: Check = byType({
  section,
  header: shape({ required: { text: plainText(150) }, optional: { ...blockId, level: whole(1, 4) } }),
  divider: shape({ optional: blockId }),
  context: shape({
    required: { elements: list(1, 10, byType({ ...markupItem(3_000), image })) },
    optional: blockId,
  }),
  actions: shape({ required: { elements: list(1, 25, byType(elements)) }, optional: blockId }),
  image: shape({
    ...imageFields,
    optional: { ...imageFields.optional, ...blockId, title: plainText(2_000) },
  }),
  input: only(
    ["modal", "home"],
    shape({
      required: { label: plainText(2_000), element: byType(inputElements) },
      optional: { ...blockId, hint: plainText(2_000), optional: flag, dispatch_action: flag },
    }),
  ),
  rich_text: richText,
  markdown: only(["message"], markdown),
  table: only(["message", "home"], table),
  data_table: only(["message", "home"], dataTable),
  plan: only(["message"], plan),
  task_card: only(["message"], taskCard),
  card: only(["message", "home"], card),
  carousel: only(
    ["message", "home"],
    shape({ required: { elements: list(1, 10, byType({ card })) }, optional: blockId }),
  ),
  alert: only(
    ["modal"],
    shape({
      required: { text: markupText(200) },
      optional: { ...blockId, level: oneOf("default", "info", "warning", "error", "success") },
    }),
  ),
});

/** Finds block and action ids that stand twice. */
export function reportDuplicates(blocks: readonly Fields[], pointer: string, inspection: Inspection): void {
  const seen = { block_id: new Set<unknown>(), action_id: new Set<unknown>() };
  const visit = (name: keyof typeof seen, holder: Fields, at: string) => {
    const id = holder[name];
    if (id === undefined) return;
    if (seen[name].has(id)) report(inspection, `\`${name}\` "${shown(id)}" already exists`, `${at}/${name}`);
    seen[name].add(id);
  };
  blocks.forEach((entry, index) => {
    const at = `${pointer}/${index}`;
    visit("block_id", entry, at);
    listOf(entry.elements).forEach((element, place) =>
      visit("action_id", element, `${at}/elements/${place}`),
    );
    for (const name of ["accessory", "element"]) {
      const element = entry[name];
      if (isJsonObject(element)) visit("action_id", element, `${at}/${name}`);
    }
  });
}

/** Characters of every text in a piece of JSON. */
export function charactersOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, entry) => sum + charactersOf(entry), 0);
  if (!isJsonObject(value)) return 0;
  return Object.entries(value).reduce((sum, [name, entry]) => {
    if (typeof entry !== "string") return sum + charactersOf(entry);
    return name === "text" || name === "alt_text" || name === "title" ? sum + entry.length : sum;
  }, 0);
}
