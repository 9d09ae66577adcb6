import { isJsonObject } from "../../../domain/json-object.ts";
import { type Fields, listOf } from "../fields.ts";
import { refusedFields, SlackError } from "../slack-error.ts";
import type { Workspace } from "../workspace.ts";
import { block, reportDuplicates } from "./blocks.ts";
import { plainText } from "./elements.ts";
import { newInspection } from "./message.ts";
import { byType, flag, list, report, type Shape, shape, text } from "./shape.ts";

const maxViewBytes = 250_000;
const blocks = list(1, 100, block);

const common = { callback_id: text(255), external_id: text(255), private_metadata: text(3_000, 0) };

const modal: Shape = {
  required: { title: plainText(24), blocks },
  optional: {
    ...common,
    submit: plainText(24),
    close: plainText(24),
    clear_on_close: flag,
    notify_on_close: flag,
  },
  also(fields, pointer, inspection) {
    const asks = listOf(fields.blocks).some((entry) => entry.type === "input");
    if (asks && fields.submit === undefined) report(inspection, "missing required field: submit", pointer);
  },
};

/** Throws `invalid_arguments` with pointers under /view, or `view_too_large`. */
export function validateView(workspace: Workspace, view: unknown, kind: "modal" | "home"): Fields {
  const inspection = newInspection(workspace, kind);
  const shapeOf = kind === "modal" ? modal : { required: { blocks }, optional: common };
  byType({ [kind]: shape(shapeOf) })(view, "/view", inspection);
  if (isJsonObject(view)) reportDuplicates(listOf(view.blocks), "/view/blocks", inspection);
  if (inspection.problems.length > 0 || !isJsonObject(view))
    throw refusedFields("invalid_arguments", inspection.problems);
  if (Buffer.byteLength(JSON.stringify(view)) > maxViewBytes) throw new SlackError("view_too_large");
  return view;
}
