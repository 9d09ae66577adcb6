import { h } from "./element.js";

const emoji = {
  eyes: "👀",
  white_check_mark: "✅",
  warning: "⚠️",
  rotating_light: "🚨",
  x: "❌",
  fire: "🔥",
  hourglass_flowing_sand: "⏳",
  mag: "🔍",
  bell: "🔔",
  no_bell: "🔕",
  large_green_circle: "🟢",
  large_yellow_circle: "🟡",
  red_circle: "🔴",
  white_circle: "⚪",
  arrows_counterclockwise: "🔄",
  "+1": "👍",
};

export function emojiOf(name) {
  return emoji[name] ?? `:${name}:`;
}

function unescape(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** Slack's mrkdwn as nodes: code, bold, italic, strike, links, mentions, dates, quotes, emoji. */
export function markup(text, state) {
  const nodes = [];
  for (const [index, part] of text.split(/```/).entries()) {
    if (index % 2 === 1) nodes.push(h("pre", { tabindex: "0" }, unescape(part.replace(/^\n/, ""))));
    else nodes.push(...lines(index > 0 ? part.replace(/^\n/, "") : part, state));
  }
  return nodes;
}

function lines(text, state) {
  const nodes = [];
  let quote;
  text.split("\n").forEach((line, index, all) => {
    if (line.startsWith("&gt;") || line.startsWith(">")) {
      quote ??= nodes[nodes.push(h("blockquote")) - 1];
      if (quote.childNodes.length > 0) quote.append(h("br"));
      quote.append(...inline(line.replace(/^(&gt;|>)\s?/, ""), state));
      return;
    }
    quote = undefined;
    nodes.push(...inline(line, state));
    if (index < all.length - 1) nodes.push(h("br"));
  });
  return nodes;
}

const token =
  /(`[^`\n]+`)|(<[^>\n]+>)|(?<![\w*])\*([^*\n]+)\*(?![\w*])|(?<![\w_])_([^_\n]+)_(?![\w_])|(?<![\w~])~([^~\n]+)~(?![\w~])|:([a-z0-9_+-]+):/g;

function inline(text, state) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(token)) {
    nodes.push(unescape(text.slice(end, match.index)));
    end = match.index + match[0].length;
    const [, code, angle, bold, italic, strike, name] = match;
    if (code) nodes.push(h("code", {}, unescape(code.slice(1, -1))));
    else if (angle) nodes.push(reference(angle.slice(1, -1), state));
    else if (bold) nodes.push(h("strong", {}, inline(bold, state)));
    else if (italic) nodes.push(h("em", {}, inline(italic, state)));
    else if (strike) nodes.push(h("s", {}, inline(strike, state)));
    else nodes.push(h("span", { role: "img", "aria-label": name.replaceAll("_", " ") }, emojiOf(name)));
  }
  nodes.push(unescape(text.slice(end)));
  return nodes;
}

function mention(words) {
  return h("span", { class: "mention" }, words);
}

function reference(inner, state) {
  const [target, label] = inner.split("|");
  if (target.startsWith("@")) return mention(`@${nameOf(state, target.slice(1))}`);
  if (target.startsWith("#")) {
    const channel = state.channels.find(({ id }) => id === target.slice(1));
    return mention(`#${channel?.name ?? label ?? target.slice(1)}`);
  }
  if (target.startsWith("!date^")) return h("time", {}, dateOf(target, label));
  if (target.startsWith("!subteam^")) {
    const group = state.usergroups.find(({ id }) => id === target.slice(9));
    return mention(`@${group?.handle ?? label ?? "group"}`);
  }
  if (target.startsWith("!")) return mention(`@${label ?? target.slice(1)}`);
  return link(target, unescape(label ?? target));
}

/** A link to the web; anything else stays text. */
export function link(url, label) {
  const plain = unescape(url);
  if (!/^(https?:|mailto:)/.test(plain)) return label;
  return h("a", { href: plain, target: "_blank", rel: "noreferrer" }, label);
}

function dateOf(target, label) {
  const [, seconds = "0", format = ""] = target.split("^");
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return label ?? target;
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const timeWithSeconds = date.toLocaleTimeString();
  const day = date.toLocaleDateString([], { month: "short", day: "numeric" });
  return format
    .replace("{time}", time)
    .replace("{time_secs}", timeWithSeconds)
    .replace(/\{date[a-z_]*\}|\{ago\}/g, day);
}

export function nameOf(state, userId) {
  const user = state.users.find(({ id }) => id === userId);
  return user?.realName ?? userId;
}
