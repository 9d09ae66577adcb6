import { drawBlocks } from "./blocks.js";
import { h } from "./element.js";
import { drawLevers } from "./levers.js";
import { drawMessage } from "./message.js";
import { drawModal } from "./modal.js";

const byId = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);

let me = query.get("user") ?? "";
let place = query.get("home") === null ? (query.get("channel") ?? "") : "home";
let thread = query.get("thread") ?? "";
let state;
let errors = {};
let drawnModal = "";

async function post(action, body = {}) {
  const answer = await fetch(`/_control/${action}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user: me, ...body }),
  });
  const result = await answer.json();
  const reason =
    result.error ??
    (result.result?.isAcked === false ? `The app did not answer: ${result.result.reason}` : "");
  byId("notice").textContent = reason;
  return result.result;
}

const actions = {
  click: (message, aim) => post("click", { channel: place, ts: message.ts, ...aim }),
  react: (message, emoji) => post("react", { channel: place, ts: message.ts, emoji }),
  shortcut: (message, callback) => post("shortcut", { channel: place, ts: message.ts, callback }),
  openThread: (message) => {
    thread = message.thread_ts ?? message.ts;
    go();
    byId("thread-composer")?.focus();
  },
};

const modalActions = {
  clickModal: (aim, values) => post("click-modal", { ...aim, values }),
  close: () => post("close-modal"),
  async submit(values) {
    const result = await post("submit", { values });
    errors = result?.body?.errors ?? {};
    drawnModal = "";
    await refresh();
  },
};

byId("modal").addEventListener("cancel", (event) => {
  event.preventDefault();
  void modalActions.close();
});

function go() {
  const next = new URLSearchParams({ user: me });
  if (place === "home") next.set("home", "");
  else next.set("channel", place);
  if (thread !== "") next.set("thread", thread);
  history.replaceState(null, "", `?${next}`);
  draw();
}

const entry = (id, words, isMember = true) =>
  h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        class: isMember ? "" : "not-in",
        "aria-current": place === id ? "page" : null,
        onclick: () => {
          place = id;
          thread = "";
          if (id === "home") void post("home");
          go();
        },
      },
      words,
    ),
  );

function drawSidebar() {
  const people = state.users.filter(({ kind }) => kind !== "bot" && kind !== "deactivated");
  const who = h(
    "select",
    {
      id: "who",
      onchange: (event) => {
        me = event.target.value;
        thread = "";
        void refresh().then(go);
      },
    },
    people.map(({ id, realName, kind }) =>
      h("option", { value: id, selected: id === me }, kind ? `${realName} (${kind})` : realName),
    ),
  );
  byId("sidebar").replaceChildren(
    h("h1", {}, state.team.name),
    h("span", { class: "muted sandbox-mark" }, "Sandbox workspace"),
    ...(state.notice ? [h("p", { class: "workspace-notice" }, state.notice)] : []),
    h("label", { class: "who" }, "You are", who),
    h("h2", {}, "Channels"),
    h(
      "ul",
      {},
      state.channels.map((channel) =>
        entry(
          channel.id,
          `${channel.isPrivate ? "🔒" : "#"} ${channel.name}${channel.isArchived ? " (archived)" : channel.isShared ? " (shared)" : ""}`,
          channel.isMember,
        ),
      ),
    ),
    h("h2", {}, "Apps"),
    h("ul", {}, entry("home", `${state.app.name} Home`)),
    ...drawLevers(state.levers, (id) => post("lever", { id })),
    h(
      "details",
      { class: "traffic" },
      h("summary", {}, `Traffic · ${state.sockets} ${state.sockets === 1 ? "socket" : "sockets"}`),
      h(
        "ol",
        {},
        state.traffic
          .toReversed()
          .map((entry) =>
            h(
              "li",
              { class: entry.error ? "failed" : "" },
              `${entry.direction === "from-app" ? "←" : "→"} ${entry.name}${entry.error ? `: ${entry.error}` : ""}`,
            ),
          ),
      ),
    ),
  );
}

function composer(id, label, threadTs) {
  const field = h("textarea", { id, rows: "1", "aria-label": label, placeholder: label, list: "commands" });
  const hint = h("div", { class: "muted hint" });
  field.addEventListener("input", () => {
    const known = state.commands.find(
      ({ command }) =>
        field.value.startsWith("/") && (command.startsWith(field.value) || field.value.startsWith(command)),
    );
    hint.textContent = known ? `${known.command} ${known.hint}` : "";
  });
  const send = () => {
    const text = field.value.trim();
    if (text === "") return;
    field.value = "";
    hint.textContent = "";
    void post("type", { channel: place, text, ...(threadTs ? { thread: threadTs } : {}) });
  };
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  });
  return h(
    "div",
    { class: "composer" },
    hint,
    h(
      "div",
      { class: "composer-row" },
      field,
      h("button", { type: "button", class: "button primary", onclick: send }, "Send"),
    ),
  );
}

/** Replaces the messages but keeps the composer, its text and its focus. */
function drawPane(pane, key, heading, content, makeComposer) {
  if (pane.dataset.key !== key) {
    pane.dataset.key = key;
    pane.replaceChildren(
      h("header", { class: "pane-head" }),
      h("div", { class: "messages", role: "log", "aria-live": "polite", tabindex: "0" }),
      makeComposer ? makeComposer() : "",
    );
  }
  pane.querySelector(".pane-head").replaceChildren(...heading);
  const messages = pane.querySelector(".messages");
  const wasAtEnd =
    messages.childElementCount === 0 ||
    messages.scrollHeight - messages.scrollTop - messages.clientHeight < 80;
  messages.replaceChildren(...content);
  const aim = messages.querySelector(`[id="${CSS.escape(location.hash.slice(1))}"]`);
  const scroll = () => {
    if (aim !== null) aim.scrollIntoView();
    else if (wasAtEnd) messages.scrollTop = messages.scrollHeight;
  };
  scroll();
  for (const image of messages.querySelectorAll("img")) image.addEventListener("load", scroll);
}

function drawHome() {
  const scene = { state, act: (aim) => post("click-home", aim), input: () => "" };
  const blocks =
    state.home === null
      ? [h("p", { class: "muted" }, "The app has not published a Home for you yet.")]
      : drawBlocks(state.home.blocks, scene);
  drawPane(
    byId("channel"),
    "home",
    [h("h2", {}, `${state.app.name} · Home`)],
    [h("div", { class: "home" }, blocks)],
  );
  byId("thread").hidden = true;
}

function drawChannel() {
  const channel = state.channels.find(({ id }) => id === place) ?? state.channels[0];
  place = channel.id;
  const roots = channel.messages.filter(
    (message) => message.thread_ts === undefined || message.thread_ts === message.ts,
  );
  const canWrite = channel.isMember && !channel.isArchived;
  drawPane(
    byId("channel"),
    `${place} ${me} ${canWrite}`,
    [
      h("h2", {}, `${channel.isPrivate ? "🔒" : "#"} ${channel.name}`),
      h(
        "span",
        { class: "muted" },
        `${channel.members} members${channel.topic ? ` · ${channel.topic}` : ""}`,
      ),
    ],
    roots.map((message) => drawMessage(message, state, actions)),
    canWrite ? () => composer("composer", `Message #${channel.name}`) : undefined,
  );
  const replies = channel.messages.filter(
    (message) => thread !== "" && (message.ts === thread || message.thread_ts === thread),
  );
  const pane = byId("thread");
  pane.hidden = replies.length === 0;
  if (pane.hidden) return;
  drawPane(
    pane,
    `${place} ${me} ${thread}`,
    [
      h("h2", {}, "Thread"),
      h(
        "button",
        {
          type: "button",
          class: "close",
          "aria-label": "Close thread",
          onclick: () => {
            thread = "";
            go();
          },
        },
        "×",
      ),
    ],
    replies.map((message) => drawMessage(message, state, actions, true)),
    canWrite ? () => composer("thread-composer", "Reply…", thread) : undefined,
  );
}

function draw() {
  byId("app").classList.toggle("has-thread", thread !== "" && place !== "home");
  drawSidebar();
  if (place === "home") drawHome();
  else drawChannel();
  const modalKey = JSON.stringify([state.modal?.id, state.modal?.hash, errors]);
  if (modalKey === drawnModal) return;
  drawnModal = modalKey;
  drawModal(byId("modal"), state, errors, modalActions);
}

async function refresh() {
  const answer = await fetch(`/_control/state${me ? `?user=${me}` : ""}`);
  state = await answer.json();
  me = state.me;
  if (state.modal === null) errors = {};
  draw();
}

let isDue = false;
/** With `?still` the page is drawn once, for pictures of it. */
if (query.get("still") === null) {
  const changes = new EventSource("/_control/changes");
  changes.addEventListener("message", () => {
    if (isDue) return;
    isDue = true;
    setTimeout(() => {
      isDue = false;
      void refresh();
    }, 60);
  });
  changes.addEventListener("open", () => void refresh());
}
await refresh();
