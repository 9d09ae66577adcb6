import { h } from "./element.js";
import { emojiOf, link, nameOf } from "./markup.js";

const marks = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };

function piece(element, state) {
  const words = () => {
    switch (element.type) {
      case "text":
        return element.text;
      case "link":
        return link(element.url, element.text ?? element.url);
      case "user":
        return h("span", { class: "mention" }, `@${nameOf(state, element.user_id)}`);
      case "usergroup":
        return h("span", { class: "mention" }, `@${element.usergroup_id}`);
      case "channel": {
        const channel = state.channels.find(({ id }) => id === element.channel_id);
        return h("span", { class: "mention" }, `#${channel?.name ?? element.channel_id}`);
      }
      case "broadcast":
        return h("span", { class: "mention" }, `@${element.range}`);
      case "emoji":
        return h("span", { role: "img", "aria-label": element.name }, emojiOf(element.name));
      case "date":
        return h("time", {}, new Date(element.timestamp * 1000).toLocaleString());
      default:
        return element.value ?? "";
    }
  };
  return Object.keys(element.style ?? {}).reduce(
    (inner, mark) => (element.style[mark] && marks[mark] ? h(marks[mark], {}, inner) : inner),
    words(),
  );
}

/** A rich_text block as nodes. */
export function richText(block, state) {
  const inline = (holder) => holder.elements.map((element) => piece(element, state));
  return block.elements.map((part) => {
    if (part.type === "rich_text_list") {
      const items = part.elements.map((item) => h("li", {}, inline(item)));
      return h(part.style === "ordered" ? "ol" : "ul", { class: `indent-${part.indent ?? 0}` }, items);
    }
    if (part.type === "rich_text_preformatted") return h("pre", { tabindex: "0" }, inline(part));
    if (part.type === "rich_text_quote") return h("blockquote", {}, inline(part));
    return h("div", { class: "pre-line" }, inline(part));
  });
}
