import { h } from "./element.js";
import { link, markup } from "./markup.js";
import { richText } from "./rich-text.js";

/** What drawing needs: the state, and `act(aim)` for clicks. */

export function textNodes(text, state) {
  if (text === undefined) return [];
  return text.type === "mrkdwn"
    ? markup(text.text, state)
    : markup(
        text.text.replaceAll(/[*_~`<]/g, (c) => `\u200B${c}`),
        state,
      );
}

function plain(text) {
  return text?.text ?? "";
}

function confirmed(element) {
  const { confirm } = element;
  return confirm === undefined || window.confirm(`${plain(confirm.title)}\n\n${plain(confirm.text)}`);
}

/** A button, select, overflow menu or picker. */
export function control(element, block, scene) {
  const aim = (value) => ({ action: element.action_id, block: block.block_id, value });
  const act = (value) => confirmed(element) && scene.act(aim(value));
  const label = element.accessibility_label ?? plain(element.placeholder) ?? element.action_id;
  switch (element.type) {
    case "button": {
      const attributes = {
        type: "button",
        class: `button ${element.style ?? ""}`,
        "aria-label": element.accessibility_label,
      };
      if (element.url)
        return h(
          "a",
          {
            ...attributes,
            type: undefined,
            href: /^https?:/.test(element.url) ? element.url : undefined,
            target: "_blank",
            rel: "noreferrer",
            onclick: () => element.action_id && act(),
          },
          plain(element.text),
        );
      return h("button", { ...attributes, onclick: () => act() }, plain(element.text));
    }
    case "overflow":
      return chooser(element, "⋯", "More actions", act);
    case "static_select":
    case "radio_buttons":
    case "multi_static_select":
    case "checkboxes":
      return chooser(element, plain(element.placeholder) || "Choose…", label || "Choose", act);
    case "users_select":
      return chooser(
        { options: scene.state.users.map((user) => ({ text: { text: user.realName }, value: user.id })) },
        "Choose a person",
        label,
        act,
      );
    case "image":
      return picture(element, scene);
    default:
      return h("span", { class: "unknown" }, `[${element.type}]`);
  }
}

function chooser(element, words, label, act) {
  const option = (entry) => h("option", { value: entry.value }, plain(entry.text));
  const groups = element.option_groups?.map((group) =>
    h("optgroup", { label: plain(group.label) }, group.options.map(option)),
  );
  const first = plain(element.initial_option?.text) || words;
  const select = h(
    "select",
    { class: `select ${element.type ?? ""}`, "aria-label": label },
    h("option", { value: "" }, first),
    groups ?? element.options.map(option),
  );
  select.addEventListener("change", () => {
    if (select.value !== "") act(select.value);
    select.value = "";
  });
  return select;
}

function picture(image, scene, title) {
  const source =
    image.image_url ?? (image.slack_file?.id ? `/files/${image.slack_file.id}/` : image.slack_file?.url);
  const figure = h("img", { src: source, alt: image.alt_text, loading: "lazy" });
  return title
    ? h("figure", {}, h("figcaption", {}, title), h("a", { href: source, target: "_blank" }, figure))
    : figure;
}

function cell(entry, scene) {
  if (entry.type === "rich_text") return richText(entry, scene.state);
  return entry.type === "raw_number" ? (entry.text ?? String(entry.value)) : entry.text;
}

function table(block, scene) {
  const [head = [], ...rows] = block.rows;
  const aligned = (index) => `align-${block.column_settings?.[index]?.align ?? "left"}`;
  return h(
    "div",
    { class: "table", tabindex: "0", role: "group", "aria-label": block.caption ?? "Table" },
    h(
      "table",
      {},
      block.caption && h("caption", {}, block.caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          head.map((entry, index) => h("th", { scope: "col", class: aligned(index) }, cell(entry, scene))),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            {},
            row.map((entry, index) => h("td", { class: aligned(index) }, cell(entry, scene))),
          ),
        ),
      ),
    ),
  );
}

function markdown(text, scene) {
  return text.split(/\n{2,}/).map((part) => {
    const heading = /^(#{1,6})\s+(.*)/.exec(part);
    if (heading) return h("p", {}, h("strong", {}, heading[2]));
    return h(
      "div",
      {},
      markup(
        part
          .replaceAll(/\*\*([^*]+)\*\*/g, "*$1*")
          .replaceAll(/\[([^\]]+)\]\((https?:[^)]+)\)/g, "<$2|$1>")
          .replaceAll(/^[-*] /gm, "• "),
        scene.state,
      ),
    );
  });
}

const taskMarks = { pending: "○", in_progress: "◔", complete: "✓", error: "✕" };

function task(card, scene) {
  const status = card.status ?? "pending";
  return h(
    "li",
    { class: `task ${status}` },
    h("span", { class: "task-mark", role: "img", "aria-label": status.replace("_", " ") }, taskMarks[status]),
    h(
      "div",
      {},
      card.title,
      card.details && h("div", { class: "muted" }, richText(card.details, scene.state)),
      card.output && richText(card.output, scene.state),
    ),
  );
}

/** One block as a node. `scene.input(block)` draws inputs in modals. */
export function drawBlock(block, scene) {
  const { state } = scene;
  switch (block.type) {
    case "header":
      return h("h3", { class: "header" }, plain(block.text));
    case "section":
      return h(
        "div",
        { class: "section" },
        h(
          "div",
          { class: "section-body" },
          block.text && h("div", {}, textNodes(block.text, state)),
          block.fields &&
            h(
              "div",
              { class: "fields" },
              block.fields.map((field) => h("div", {}, textNodes(field, state))),
            ),
        ),
        block.accessory && h("div", { class: "accessory" }, control(block.accessory, block, scene)),
      );
    case "context":
      return h(
        "div",
        { class: "context" },
        block.elements.map((element) =>
          element.type === "image" ? picture(element, scene) : h("span", {}, textNodes(element, state)),
        ),
      );
    case "divider":
      return h("hr");
    case "actions":
      return h(
        "div",
        { class: "actions" },
        block.elements.map((element) => control(element, block, scene)),
      );
    case "image":
      return h("div", { class: "image" }, picture(block, scene, plain(block.title) || block.alt_text));
    case "rich_text":
      return h("div", { class: "rich" }, richText(block, state));
    case "markdown":
      return h("div", { class: "rich" }, markdown(block.text, scene));
    case "table":
    case "data_table":
      return table(block, scene);
    case "plan":
      return h(
        "div",
        { class: "plan" },
        h("strong", {}, block.title),
        h(
          "ul",
          {},
          (block.tasks ?? []).map((card) => task(card, scene)),
        ),
      );
    case "task_card":
      return h("ul", { class: "plan" }, task(block, scene));
    case "alert":
      return h(
        "div",
        { class: `alert ${block.level ?? "default"}`, role: "note" },
        textNodes(block.text, state),
      );
    case "card":
      return h(
        "div",
        { class: "card" },
        block.hero_image && picture(block.hero_image, scene),
        ["title", "subtitle", "body", "subtext"].map(
          (name) => block[name] && h("div", { class: `card-${name}` }, textNodes(block[name], state)),
        ),
        block.actions &&
          h(
            "div",
            { class: "actions" },
            block.actions.map((element) => control(element, block, scene)),
          ),
      );
    case "carousel":
      return h(
        "div",
        { class: "carousel", tabindex: "0" },
        block.elements.map((card) => drawBlock({ ...card, type: "card" }, scene)),
      );
    case "input":
      return scene.input(block);
    default:
      return h("div", { class: "unknown" }, `[${block.type}]`);
  }
}

export function drawBlocks(blocks, scene) {
  return (blocks ?? []).map((block) => drawBlock(block, scene));
}

/** A legacy attachment: colour bar, title, text, fields, blocks. */
export function drawAttachment(attachment, scene) {
  const { state } = scene;
  const bar = h("div", { class: "bar", "aria-hidden": "true" });
  if (/^[0-9a-f]{6}$/i.test(attachment.color ?? "")) bar.style.background = `#${attachment.color}`;
  return h(
    "div",
    { class: "attachment" },
    bar,
    h(
      "div",
      { class: "attachment-body" },
      attachment.pretext && h("div", {}, markup(attachment.pretext, state)),
      attachment.title &&
        h(
          "div",
          { class: "attachment-title" },
          attachment.title_link ? link(attachment.title_link, attachment.title) : attachment.title,
        ),
      attachment.text && h("div", {}, markup(attachment.text, state)),
      attachment.fields &&
        h(
          "div",
          { class: "fields" },
          attachment.fields.map((field) =>
            h("div", {}, h("strong", {}, field.title), h("br"), markup(String(field.value ?? ""), state)),
          ),
        ),
      drawBlocks(attachment.blocks, scene),
      attachment.footer && h("div", { class: "context" }, attachment.footer),
    ),
  );
}
