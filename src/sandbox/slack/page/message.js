import { drawAttachment, drawBlocks } from "./blocks.js";
import { h } from "./element.js";
import { emojiOf, markup, nameOf } from "./markup.js";

function timeOf(ts) {
  return new Date(Number(ts) * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function authorOf(message, state) {
  return (
    message.username ?? (message.bot_id === state.app.botId ? state.app.name : nameOf(state, message.user))
  );
}

function file(entry) {
  const name = h("a", { href: entry.url_private, target: "_blank" }, entry.title);
  if (!entry.mimetype.startsWith("image/")) {
    const kib = `${Math.max(1, Math.round(entry.size / 1024))} KiB`;
    return h(
      "div",
      { class: "file" },
      h("span", { "aria-hidden": "true" }, "📄"),
      h("div", {}, name, h("div", { class: "muted" }, `${entry.name} · ${kib}`)),
    );
  }
  const source = entry.url_private.replace(/^https?:\/\/[^/]+/, "");
  return h(
    "figure",
    {},
    h("figcaption", {}, name),
    h("a", { href: source, target: "_blank" }, h("img", { src: source, alt: entry.alt_txt ?? "" })),
  );
}

/** A message with everything under it. `actions`: click, react, openThread, shortcut. */
export function drawMessage(message, state, actions, isInThread = false) {
  const scene = { state, act: (aim) => actions.click(message, aim), input: () => "" };
  const author = authorOf(message, state);
  const isApp = message.bot_id !== undefined;
  const body =
    (message.blocks ?? []).length > 0
      ? drawBlocks(message.blocks, scene)
      : message.text && h("div", {}, markup(message.text, state));
  return h(
    "article",
    {
      class: `message ${message.is_ephemeral ? "ephemeral" : ""}`,
      "aria-label": `${author}, ${timeOf(message.ts)}`,
      id: `m${message.ts}`,
    },
    h(
      "div",
      { class: `avatar ${isApp ? "app-avatar" : ""}`, "aria-hidden": "true" },
      author.slice(0, 1).toUpperCase(),
    ),
    h(
      "div",
      { class: "body" },
      message.is_ephemeral && h("div", { class: "muted only-you" }, "Only visible to you"),
      h(
        "div",
        { class: "byline" },
        h("strong", {}, author),
        isApp && h("span", { class: "badge" }, "APP"),
        h("time", { class: "muted" }, timeOf(message.ts)),
        message.edited && h("span", { class: "muted" }, "(edited)"),
      ),
      body,
      (message.attachments ?? []).map((attachment) => drawAttachment(attachment, scene)),
      (message.files ?? []).map(file),
      message.reactions &&
        h(
          "div",
          { class: "reactions" },
          message.reactions.map(({ name, count, users }) =>
            h(
              "button",
              {
                type: "button",
                class: users.includes(state.me) ? "mine" : "",
                "aria-label": `${name}, ${count}`,
                onclick: () => actions.react(message, name),
              },
              `${emojiOf(name)} ${count}`,
            ),
          ),
        ),
      !isInThread &&
        message.reply_count > 0 &&
        h(
          "button",
          { type: "button", class: "replies", onclick: () => actions.openThread(message) },
          `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`,
        ),
      !message.is_ephemeral &&
        h(
          "div",
          { class: "tools" },
          !isInThread && h("button", { type: "button", onclick: () => actions.openThread(message) }, "Reply"),
          h(
            "button",
            {
              type: "button",
              "aria-label": "React with eyes",
              onclick: () => actions.react(message, "eyes"),
            },
            "👀",
          ),
          state.shortcuts
            .filter(({ type }) => type === "message")
            .map(({ name, callbackId }) =>
              h("button", { type: "button", onclick: () => actions.shortcut(message, callbackId) }, name),
            ),
        ),
    ),
  );
}
