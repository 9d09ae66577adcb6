/**
 * `npm run screenshots [FOLDER]`: pictures of every card, answer, form and Home as the Slack stand-in shows them, at the
 * widths of a desktop and a phone. `CHROMIUM` names the browser; default `chromium`. Fails when the stand-in refuses one.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { helpOf } from "../src/commands/chat/help.ts";
import { chatCommands } from "../src/commands/chat/index.ts";
import { shopWorkspace } from "../src/sandbox/slack/seed.ts";
import { type SlackStandIn, startSlackStandIn } from "../src/sandbox/slack/stand-in.ts";
import { newTrigger } from "../src/sandbox/slack/workspace.ts";
import { type Browser, openBrowser } from "./screenshots/browser.ts";
import { scenes } from "./screenshots/scenes.ts";
import { postThread } from "./screenshots/thread.ts";

const widths = [1280, 400] as const;
const folder = process.argv[2] ?? "screenshots";
const mira = "U0MIRA0001";
const channelOf = (name: string) => `C0${name.toUpperCase().replace("-", "")}00`;

const { messages, threads, modal, home } = await scenes(
  chatCommands.map((command) => ({ ...helpOf(command), allowed: command.name !== "mute" })),
);
const slack = await startSlackStandIn({
  manifest: parse(readFileSync("slack-manifest.yaml", "utf8")),
  limitsRates: false,
  seed: {
    ...shopWorkspace,
    channels: [
      ...shopWorkspace.channels,
      ...[...Object.keys(messages), ...Object.keys(threads)].map((name) => ({
        id: channelOf(name),
        name,
        members: shopWorkspace.users.map(({ id }) => id),
        hasBot: true,
      })),
    ],
  },
});
try {
  const browser = await openBrowser(process.env.CHROMIUM ?? "chromium");
  try {
    await takeAll(browser);
  } finally {
    await browser.close();
  }
  const problems = slack.problems();
  if (problems.length > 0) throw new Error(problems.join("\n"));
} finally {
  await slack.close();
}

async function takeAll(browser: Browser): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const [name, bodies] of Object.entries(messages)) {
    for (const body of bodies) await call(slack, "chat.postMessage", { channel: channelOf(name), ...body });
    const ready = `document.querySelectorAll(".message").length === ${bodies.length}`;
    await take(browser, name, `channel=${channelOf(name)}`, ready, ".messages");
  }
  for (const [name, recorded] of Object.entries(threads)) {
    const { ts } = await postThread(slack, channelOf(name), recorded);
    // The card, and its replies with a picture among them.
    const ready =
      'document.querySelectorAll("#thread .message").length === 4 && document.querySelector("#thread img") !== null';
    await take(browser, name, `channel=${channelOf(name)}&thread=${ts}`, ready, "#thread .messages");
  }
  await call(slack, "views.publish", { user_id: mira, view: home });
  await take(browser, "home", "home", 'document.querySelector(".home .section") !== null', ".messages");
  await call(slack, "views.open", { trigger_id: newTrigger(slack.workspace, mira), view: modal });
  await take(
    browser,
    "modal",
    `channel=${channelOf("states")}`,
    'document.querySelector("dialog[open] form") !== null',
    "dialog",
  );
}

async function take(
  browser: Browser,
  name: string,
  query: string,
  ready: string,
  element: string,
): Promise<void> {
  for (const width of widths) {
    const file = join(folder, `${name}-${width}.png`);
    writeFileSync(
      file,
      await browser.picture(`${slack.url}/?still&user=${mira}&${query}`, width, ready, element),
    );
    process.stdout.write(`${file}\n`);
  }
}

async function call({ apiUrl, tokens }: SlackStandIn, method: string, args: object): Promise<void> {
  const answer = await fetch(`${apiUrl}${method}`, {
    method: "POST",
    headers: { authorization: `Bearer ${tokens.bot}`, "content-type": "application/json" },
    body: JSON.stringify(args),
  });
  const body: unknown = await answer.json();
  if (typeof body !== "object" || body === null || !("ok" in body) || body.ok !== true)
    throw new Error(`${method} was refused: ${JSON.stringify(body)}`);
}
