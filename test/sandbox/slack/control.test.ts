import { afterEach, expect, it } from "vitest";
import { type Fields, fieldsOf, listOf } from "../../../src/sandbox/slack/fields.ts";
import type { SlackStandIn } from "../../../src/sandbox/slack/stand-in.ts";
import { incidents, mira, startSlack } from "./bolt.ts";

let slack: SlackStandIn;

afterEach(() => slack.close());

function post(action: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${slack.url}/_control/${action}`, { method: "POST", body: JSON.stringify(body), headers });
}

async function channelsFor(user: string): Promise<readonly Fields[]> {
  const state = await fetch(`${slack.url}/_control/state?user=${user}`);
  return listOf(fieldsOf(await state.json()).channels);
}

async function namesFor(user: string): Promise<readonly unknown[]> {
  return (await channelsFor(user)).map(({ name }) => name);
}

it("lets the page act for a user and refuses pages of other sites", async () => {
  slack = await startSlack();
  const said = { user: mira, channel: incidents, text: "hello <b> & *all*" };
  expect((await post("type", said, { origin: "https://elsewhere.example" })).status).toBe(403);
  expect((await post("type", said, { origin: slack.url })).status).toBe(200);
  expect((await post("type", { ...said, user: "U0STRNG005" })).status).toBe(409);
  const channel = (await channelsFor(mira)).find(({ id }) => id === incidents);
  expect(channel?.messages).toMatchObject([{ user: mira, text: "hello &lt;b&gt; &amp; *all*" }]);
});

it("hides a private channel from those who are not in it", async () => {
  slack = await startSlack();
  expect(await namesFor(mira)).toContain("security");
  expect(await namesFor("U0JONAS002")).not.toContain("security");
});

it("serves the page and nothing beside it", async () => {
  slack = await startSlack();
  expect(await (await fetch(slack.url)).text()).toContain("/page/app.js");
  for (const name of ["app.js", "blocks.js", "style.css"])
    expect((await fetch(`${slack.url}/page/${name}`)).status).toBe(200);
  expect((await fetch(`${slack.url}/page/..%2fstand-in.ts`)).status).toBe(404);
});
