import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { ChatReply } from "../../src/domain/chat/chat-reply.ts";
import { PortError } from "../../src/domain/errors.ts";
import type { Incident } from "../../src/domain/incidents/incident.ts";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import { type HeardSlack, hearSlack, incidents, mira, promised } from "./slack-in.ts";

async function heard(mode: "socket" | "http"): Promise<HeardSlack> {
  const each = await hearSlack(mode);
  onTestFinished(() => each.close());
  return each;
}

function messages({ slack }: HeardSlack): readonly Pick<SlackMessage, "text" | "onlyFor" | "threadTs">[] {
  return (slack.workspace.channels.get(incidents)?.messages ?? []).map(({ text, onlyFor, threadTs }) => ({
    text,
    ...(onlyFor === undefined ? {} : { onlyFor }),
    ...(threadTs === undefined ? {} : { threadTs }),
  }));
}

const status: ChatReply = {
  kind: "status",
  capturing: [],
  waiting: [],
  last: [],
  shadowed: [],
  storms: [],
  counts: { waiting: 0, capturing: 0, limit: 1 },
  mutes: [],
};
const incident: Incident = {
  id: "gf-3fa9",
  version: 1,
  state: "queued",
  service: "order",
  wish: {},
  origin: { kind: "command", intent: "1" },
  place: { channel: incidents },
  createdAtMs: 0,
  updatedAtMs: 0,
  runs: 0,
  steps: [],
  repeats: 0,
  replies: [],
};
const begun: ChatReply = { kind: "begun", incident, isNew: true };
const refused: ChatReply = { kind: "refused", why: "You may not capture here.", next: "Ask Jonas." };
const ask: ChatReply = { kind: "ask", services: [], preset: {}, problem: "Which service?" };
const unavailable = new PortError("unavailable", "Redis", "Redis does not answer");

describe.each(["socket", "http"] as const)("over %s", (mode) => {
  test("a command becomes one request, and its answer is for the person alone", async () => {
    const each = await heard(mode);
    each.slack.faults.add({ on: "slash_commands", kind: "duplicate" });
    const result = await each.slack.people.type(mira, incidents, "/gofire  snapshot order deep");
    expect(result).toMatchObject({ isAcked: true, body: { response_type: "ephemeral", text: "reply help" } });
    expect(each.conversation.requests).toEqual([
      {
        intent: expect.stringMatching(/./),
        kind: "command",
        userId: mira,
        place: { channel: incidents },
        words: "snapshot order deep",
      },
    ]);
    expect(messages(each)).toEqual([{ text: "reply help", onlyFor: mira }]);
    expect(each.slack.problems()).toEqual([]);
    expect(each.troubles).toEqual([]);
  });

  test("what everybody there should see, the channel sees, also where gofire is no member", async () => {
    const each = await heard(mode);
    each.conversation.answer = () => status;
    const general = "C0GENRL002";
    await each.slack.people.type(mira, general, "/gofire status");
    const [message] = each.slack.workspace.channels.get(general)?.messages ?? [];
    expect(message).toMatchObject({ text: "reply status" });
    expect(message?.onlyFor).toBeUndefined();
    expect(each.slack.problems()).toEqual([]);
  });

  test("what everybody has to hear of counts as told once the answer is on its way, and not before", async () => {
    const each = await heard(mode);
    const { slack, conversation } = each;
    const mute = {
      subject: { kind: "service", service: "order" },
      userId: mira,
      sinceMs: 0,
      untilMs: 1,
    } as const;
    let answers = 0;
    conversation.answer = async () => {
      await Promise.resolve();
      answers += 1;
      if (answers > 1) throw unavailable;
      return { kind: "muted", mute };
    };
    const before: number[] = [];
    conversation.announced = async (intent) => {
      await Promise.resolve();
      before.push(messages(each).filter(({ text }) => text === "reply muted").length);
      conversation.announcements.push(intent);
    };
    await slack.people.type(mira, incidents, "/gofire mute order 2h");
    await vi.waitFor(() => expect(conversation.announcements).toEqual([conversation.requests[0]?.intent]));
    expect(messages(each)).toEqual([{ text: "reply muted" }]);
    // Nobody was told anything but that it is not certain: who looks for what was left says it.
    await slack.people.type(mira, incidents, "/gofire mute order 2h");
    conversation.answer = () => ({ kind: "muted", mute });
    await slack.people.type(mira, incidents, "@gofire mute order 2h");
    await vi.waitFor(() => expect(conversation.announcements).toHaveLength(2));
    expect(conversation.announcements[1]).toBe(conversation.requests[2]?.intent);
    expect(before[1]).toBe(2);
    expect(slack.problems()).toEqual([]);
  });

  test("a command that cannot be kept in time is answered honestly, within what Slack waits", async () => {
    const each = await heard(mode);
    each.conversation.answer = () => new Promise(() => {});
    const askedAt = performance.now();
    const late = await each.slack.people.type(mira, incidents, "/gofire snapshot order");
    expect(performance.now() - askedAt).toBeLessThan(2_900);
    expect(late).toMatchObject({ isAcked: true, body: { response_type: "ephemeral" } });
    each.conversation.answer = () => Promise.reject(unavailable);
    await each.slack.people.type(mira, incidents, "/gofire snapshot order");
    expect(messages(each)).toEqual([
      { onlyFor: mira, text: expect.stringMatching(/not take this for certain.*longer than Slack waits/) },
      { onlyFor: mira, text: expect.stringMatching(/not take this for certain.*Redis does not answer/) },
    ]);
    expect(each.troubles).toHaveLength(2);
  });

  test("a mention in a thread is answered there once, although it is delivered twice", async () => {
    const each = await heard(mode);
    const { slack, conversation } = each;
    conversation.answer = () => status;
    const ts = slack.people.page(incidents, { text: "order is slow" });
    slack.faults.add({ on: "events_api", kind: "duplicate", times: 10 });
    await slack.people.type(mira, incidents, "well, @gofire status", ts);
    await vi.waitFor(() => expect(messages(each).at(-1)).toEqual({ text: "reply status", threadTs: ts }));
    await vi.waitFor(() => expect(slack.pendingDeliveries()).toBe(0));
    expect(conversation.requests).toMatchObject([
      { kind: "mention", words: "status", place: { thread: ts } },
    ]);
    expect(messages(each).filter(({ text }) => text === "reply status")).toHaveLength(1);
    expect(slack.problems()).toEqual([]);
  });

  test("a mention is heard wherever it stands in the sentence; in code it calls nobody", async () => {
    const { slack, conversation } = await heard(mode);
    await slack.people.type(mira, incidents, "hey @gofire snapshot order");
    await slack.people.type(mira, incidents, "snapshot payment @gofire");
    await slack.people.type(mira, incidents, "@gofire");
    await slack.people.type(mira, incidents, "write `@gofire snapshot order` there");
    await vi.waitFor(() => expect(slack.pendingDeliveries()).toBe(0), { timeout: 30_000 });
    expect(conversation.requests.map(({ words }) => words.trim()).toSorted()).toEqual([
      "",
      "snapshot order",
      "snapshot payment",
    ]);
  });

  test("a mention that could not be kept is not acknowledged, so Slack brings it again", async () => {
    const each = await heard(mode);
    const { slack, conversation } = each;
    let times = 0;
    conversation.answer = () => {
      times += 1;
      if (times === 1) throw unavailable;
      return status;
    };
    await slack.people.type(mira, incidents, "@gofire status");
    await vi.waitFor(() => expect(messages(each).at(-1)?.text).toBe("reply status"), { timeout: 10_000 });
    expect(messages(each).slice(1)).toMatchObject([
      { onlyFor: mira, text: expect.stringMatching(/not take this for certain/) },
      { text: "reply status" },
    ]);
    expect(slack.problems()).toEqual([]);
  });

  test("neither its own words nor those of other bots are taken for a person's", async () => {
    const each = await heard(mode);
    const { slack, conversation } = each;
    const { botUserId, botId } = slack.workspace.app;
    const mention = { type: "app_mention", channel: incidents, ts: "1.1", text: `<@${botUserId}> status` };
    slack.workspace.event({ ...mention, user: botUserId, bot_id: botId });
    slack.workspace.event({ ...mention, user: "U0PAGER", bot_id: "B0PAGER" });
    slack.workspace.event({ ...mention, user: mira, edited: { user: mira, ts: "1.2" } });
    slack.workspace.event({ ...mention, user: mira, subtype: "bot_message" });
    slack.workspace.event({ ...mention, user: mira, text: `<@${botUserId}|gofire> status` });
    slack.workspace.event({ ...mention, user: mira, subtype: "file_share", text: `<@${botUserId}> help` });
    await vi.waitFor(() => expect(slack.pendingDeliveries()).toBe(0));
    expect(conversation.requests.map(({ words }) => words).toSorted()).toEqual(["help", "status"]);
  });

  test("a click on a card says who, what and where; refusals are for the person alone", async () => {
    const each = await heard(mode);
    const { slack, conversation } = each;
    conversation.answer = (words) => (words.startsWith("explain") ? status : refused);
    const ts = await each.postButtons({ "capture-again": "gf-3fa9", explain: "gf-3fa9", unheard_of: "x" });
    slack.faults.add({ on: "interactive", kind: "duplicate" });
    expect(await slack.people.click(mira, incidents, ts, { actionId: "capture-again" })).toMatchObject({
      isAcked: true,
    });
    await slack.people.click(mira, incidents, ts, { actionId: "explain" });
    expect(await slack.people.click(mira, incidents, ts, { actionId: "unheard_of" })).toMatchObject({
      isAcked: true,
    });
    const place = { channel: incidents, thread: ts };
    expect(conversation.clicks).toMatchObject([
      { action: "capture-again", incidentId: "gf-3fa9", userId: mira, place },
      { action: "explain", incidentId: "gf-3fa9", userId: mira, place },
    ]);
    expect(messages(each).slice(1)).toEqual([
      { text: "You may not capture here. Ask Jonas.", onlyFor: mira },
      { text: "reply status", threadTs: ts },
    ]);
    expect(slack.problems()).toEqual([]);
  });

  test("what one person alone is to see stands where Slack shows it: in a thread only to who wrote or clicked in it", async () => {
    const each = await heard(mode);
    const { slack, conversation } = each;
    conversation.answer = () => refused;
    const whispered = { text: "You may not capture here. Ask Jonas.", onlyFor: mira };
    async function next(): Promise<unknown> {
      await vi.waitFor(() => expect(slack.pendingDeliveries()).toBe(0));
      return messages(each).at(-1);
    }

    await slack.people.type(mira, incidents, "@gofire snapshot order");
    await vi.waitFor(() => expect(messages(each)).toHaveLength(2));
    expect(await next()).toEqual(whispered);
    const page = slack.people.page(incidents, { text: "order is slow" });
    await slack.people.messageShortcut(mira, "capture", incidents, page);
    expect(await next()).toEqual(whispered);
    const card = await each.postButtons({ resolve: "gf-3fa9" }, page);
    await slack.people.click(mira, incidents, card, { actionId: "resolve" });
    expect(await next()).toEqual({ ...whispered, threadTs: page });
    // The page has replies by now, and is clicked on in the channel all the same.
    await slack.people.messageShortcut(mira, "capture", incidents, page);
    expect(await next()).toEqual(whispered);

    conversation.answer = () => ask;
    await slack.people.messageShortcut(mira, "capture", incidents, card);
    conversation.answer = () => ({ kind: "already", incident, next: "Its card will say." });
    await slack.people.submit(mira, { service: { service: { type: "plain_text_input", value: "order" } } });
    expect(await next()).toEqual({ text: "reply already", onlyFor: mira, threadTs: page });
    expect(slack.problems()).toEqual([]);
  });

  test("a click that could not be kept is told so", async () => {
    const each = await heard(mode);
    each.conversation.answer = () => Promise.reject(unavailable);
    const ts = await each.postButtons({ resolve: "gf-3fa9" });
    await each.slack.people.click(mira, incidents, ts, { actionId: "resolve" });
    expect(messages(each).at(-1)).toMatchObject({
      onlyFor: mira,
      text: expect.stringMatching(/not take this for certain.*Redis does not answer/),
    });
  });

  test("the shortcut opens the form, and what is chosen is captured in the message's thread", async () => {
    const each = await heard(mode);
    const { slack, conversation } = each;
    const ts = slack.people.page(incidents, { text: "order is slow" });
    conversation.answer = () => ask;
    await slack.people.messageShortcut(mira, "capture", incidents, ts);
    expect(slack.workspace.modals.get(mira)).toHaveLength(1);

    conversation.answer = () => refused;
    const values = { service: { service: { type: "plain_text_input", value: "order" } } };
    expect(await slack.people.submit(mira, values)).toMatchObject({
      body: { response_action: "errors", errors: { service: "You may not capture here. Ask Jonas." } },
    });
    expect(slack.workspace.modals.get(mira)).toHaveLength(1);

    // The same view sent again, as it was: the first answer must not come again.
    conversation.answer = () => begun;
    await slack.people.submit(mira, values);
    expect(slack.workspace.modals.get(mira)).toHaveLength(0);
    expect(conversation.requests).toMatchObject([
      { words: "snapshot" },
      { words: "snapshot order", place: { channel: incidents, thread: ts } },
      { words: "snapshot order", place: { channel: incidents, thread: ts } },
    ]);
  });

  test("a form that an impatient hand sends twice is one request", async () => {
    const { slack, conversation } = await heard(mode);
    conversation.answer = () => ask;
    await slack.people.type(mira, incidents, "/gofire snapshot");
    const held = promised<ChatReply>();
    conversation.answer = () => held.promise;
    const values = { service: { service: { type: "plain_text_input", value: "order" } } };
    const sent = [slack.people.submit(mira, values), slack.people.submit(mira, values)];
    await vi.waitFor(() => expect(conversation.requests).toHaveLength(2), { timeout: 30_000 });
    held.resolve(begun);
    for (const each of await Promise.all(sent)) expect(each).toMatchObject({ isAcked: true, body: {} });
    expect(conversation.requests.map(({ words }) => words)).toEqual(["snapshot", "snapshot order"]);
  });

  test("a form is closed once what it asks for has begun", async () => {
    const each = await heard(mode);
    const { slack, conversation } = each;
    conversation.answer = () => ask;
    await slack.people.type(mira, incidents, "/gofire snapshot");
    conversation.answer = () => begun;
    slack.faults.add({ on: "interactive", kind: "duplicate" });
    const values = { service: { service: { type: "plain_text_input", value: "order" } } };
    await slack.people.submit(mira, values);
    expect(slack.workspace.modals.get(mira)).toHaveLength(0);
    expect(conversation.requests).toMatchObject([
      { words: "snapshot" },
      { kind: "shortcut", words: "snapshot order", place: { channel: incidents } },
    ]);
    expect(messages(each)).toEqual([]);
    expect(slack.problems()).toEqual([]);
  });

  test("who asks where gofire cannot post is told how to get at the verdict", async () => {
    const each = await heard(mode);
    const { slack, conversation } = each;
    conversation.answer = () => begun;
    const secret = "C0SECRT003";
    conversation.answer = () => ({ ...begun, incident: { ...incident, place: { channel: secret } } });
    const result = await slack.people.type(mira, secret, "/gofire snapshot order");
    expect(result).toMatchObject({
      isAcked: true,
      body: {
        response_type: "ephemeral",
        text: "reply begun out of reach",
      },
    });
    slack.people.invite(secret, "U0JONAS002");
    slack.people.invite(secret, slack.workspace.app.botUserId);
    await vi.waitFor(() => expect(conversation.letInto).toEqual([secret]));
    expect(await slack.people.type(mira, secret, "/gofire snapshot order")).toEqual({
      isAcked: true,
      body: {},
    });
  });

  test("a form that is opened in App Home asks for the channel", async () => {
    const each = await heard(mode);
    const { slack, conversation } = each;
    slack.people.openHome(mira);
    await vi.waitFor(() => expect(slack.workspace.homes.has(mira)).toBe(true));
    conversation.answer = () => ask;
    await slack.people.clickInHome(mira, { actionId: "new-snapshot" });
    conversation.answer = () => begun;
    await slack.people.submit(mira, {
      service: { service: { type: "plain_text_input", value: "order" } },
      channel: { channel: { type: "conversations_select", selected_conversation: incidents } },
    });
    expect(slack.workspace.modals.get(mira)).toHaveLength(0);
    expect(conversation.requests.at(-1)).toMatchObject({
      words: "snapshot order",
      place: { channel: incidents },
      isChosen: true,
    });
    expect(slack.problems()).toEqual([]);
  });

  test("what a click in App Home may not do, or did not do for certain, is said in a modal", async () => {
    const each = await heard(mode);
    const { slack, conversation } = each;
    slack.people.openHome(mira);
    await vi.waitFor(() => expect(slack.workspace.homes.has(mira)).toBe(true));
    const shown = () => JSON.stringify(slack.workspace.modals.get(mira)?.map(({ view }) => view));
    conversation.answer = () => refused;
    await slack.people.clickInHome(mira, { actionId: "new-snapshot" });
    expect(shown()).toContain("You may not capture here. Ask Jonas.");
    conversation.answer = () => Promise.reject(unavailable);
    await slack.people.clickInHome(mira, { actionId: "new-snapshot" });
    expect(shown()).toMatch(/not take this for certain.*Redis does not answer/);
    expect(slack.problems()).toEqual([]);
  });

  test("a form that Slack no longer opens is put into words", async () => {
    const each = await heard(mode);
    each.conversation.answer = () => ask;
    each.slack.faults.add({ on: "views.open", kind: "error", error: "expired_trigger_id", when: "before" });
    await each.slack.people.type(mira, incidents, "/gofire snapshot");
    expect(messages(each)).toEqual([{ text: "reply ask", onlyFor: mira }]);
    const page = each.slack.people.page(incidents, { text: "order is slow" });
    each.slack.faults.add({ on: "views.open", kind: "error", error: "expired_trigger_id", when: "before" });
    await each.slack.people.messageShortcut(mira, "capture", incidents, page);
    expect(messages(each).at(-1)).toEqual({ text: "reply ask", onlyFor: mira });
    expect(each.troubles).toEqual([]);
  });

  test("what is wrong with a form is said at its field", async () => {
    const each = await heard(mode);
    each.conversation.answer = () => ask;
    await each.slack.people.type(mira, incidents, "/gofire snapshot");
    each.conversation.answer = () => ({ kind: "help", commands: [], problem: "No such pod.", about: "pod" });
    expect(await each.slack.people.submit(mira, {})).toMatchObject({
      body: { response_action: "errors", errors: { instance: "No such pod." } },
    });
  });

  test("App Home is drawn for who opens it", async () => {
    const each = await heard(mode);
    each.slack.people.openHome(mira);
    await vi.waitFor(() =>
      expect(JSON.stringify(each.slack.workspace.homes.get(mira)?.view)).toContain(`Hello ${mira}`),
    );
    expect(each.slack.problems()).toEqual([]);
  });

  test("when it stops, what was heard is still answered", async () => {
    const each = await heard(mode);
    const reply = promised<ChatReply>();
    each.conversation.answer = () => reply.promise;
    const answered = each.slack.people.type(mira, incidents, "/gofire status");
    await vi.waitFor(() => expect(each.conversation.requests).toHaveLength(1));
    const hushed = each.hush();
    reply.resolve(status);
    await hushed;
    expect(await answered).toMatchObject({ isAcked: true, body: { text: "reply status" } });
    expect(await each.slack.people.type(mira, incidents, "/gofire status")).toMatchObject({ isAcked: false });
    expect(each.conversation.requests).toHaveLength(1);
  });
});
