import { control, drawBlocks } from "./blocks.js";
import { h } from "./element.js";

function field(block) {
  const { element } = block;
  const name = `${block.block_id} ${element.action_id}`;
  const options = element.options ?? element.option_groups?.flatMap((group) => group.options) ?? [];
  switch (element.type) {
    case "plain_text_input":
      return h(element.multiline ? "textarea" : "input", {
        id: name,
        name,
        value: element.initial_value,
        placeholder: element.placeholder?.text,
        maxlength: element.max_length,
      });
    case "number_input":
      return h("input", {
        id: name,
        name,
        type: "number",
        value: element.initial_value,
        min: element.min_value,
        max: element.max_value,
      });
    case "static_select":
    case "radio_buttons":
      return h(
        "select",
        { id: name, name },
        h("option", { value: "" }, element.placeholder?.text ?? "Choose…"),
        options.map((option) =>
          h(
            "option",
            { value: option.value, selected: option.value === element.initial_option?.value },
            option.text.text,
          ),
        ),
      );
    case "checkboxes":
      return h(
        "div",
        {},
        options.map((option) =>
          h(
            "label",
            { class: "check" },
            h("input", {
              type: "checkbox",
              name,
              value: option.value,
              checked: element.initial_options?.some(({ value }) => value === option.value),
            }),
            h(
              "span",
              {},
              option.text.text,
              option.description && h("span", { class: "muted option-description" }, option.description.text),
            ),
          ),
        ),
      );
    default:
      return h("input", {
        id: name,
        name,
        value: element.initial_user ?? element.initial_conversation ?? "",
      });
  }
}

function valueOf(block, form) {
  const { element } = block;
  const name = `${block.block_id} ${element.action_id}`;
  const chosen = form.getAll(name);
  const options = element.options ?? element.option_groups?.flatMap((group) => group.options) ?? [];
  const pick = (value) => options.find((option) => option.value === value) ?? null;
  switch (element.type) {
    case "static_select":
    case "radio_buttons":
      return { type: element.type, selected_option: pick(chosen[0]) };
    case "checkboxes":
      return { type: element.type, selected_options: chosen.map(pick) };
    case "users_select":
      return { type: element.type, selected_user: chosen[0] || null };
    case "conversations_select":
      return { type: element.type, selected_conversation: chosen[0] || null };
    default:
      return { type: element.type, value: chosen[0] || null };
  }
}

/** Fills and opens or closes the dialog. `errors`: by block_id. */
export function drawModal(dialog, state, errors, actions) {
  const view = state.modal;
  if (view === null) {
    if (dialog.open) dialog.close();
    return;
  }
  const inputs = view.blocks.filter(({ type }) => type === "input");
  const collect = () => {
    const data = new FormData(form);
    const values = {};
    for (const block of inputs) values[block.block_id] = { [block.element.action_id]: valueOf(block, data) };
    return values;
  };
  const scene = {
    state,
    act: (aim) => actions.clickModal(aim, collect()),
    input: (block) =>
      h(
        "div",
        { class: "field" },
        h(
          "label",
          { for: `${block.block_id} ${block.element.action_id}` },
          block.label.text,
          block.optional && h("span", { class: "muted" }, " (optional)"),
        ),
        block.dispatch_action ? control(block.element, block, scene) : field(block),
        errors[block.block_id] && h("div", { class: "error", role: "alert" }, errors[block.block_id]),
        block.hint && h("div", { class: "muted" }, block.hint.text),
      ),
  };
  const form = h(
    "form",
    {
      method: "dialog",
      onsubmit: (event) => {
        event.preventDefault();
        actions.submit(collect());
      },
    },
    h(
      "header",
      {},
      h("h2", { id: "modal-title" }, view.title.text),
      h("button", { type: "button", class: "close", "aria-label": "Close", onclick: actions.close }, "×"),
    ),
    h("div", { class: "modal-body" }, drawBlocks(view.blocks, scene)),
    h(
      "footer",
      {},
      h("button", { type: "button", class: "button", onclick: actions.close }, view.close?.text ?? "Close"),
      view.submit && h("button", { type: "submit", class: "button primary" }, view.submit.text),
    ),
  );
  dialog.setAttribute("aria-labelledby", "modal-title");
  dialog.replaceChildren(form);
  if (!dialog.open) dialog.showModal();
}
