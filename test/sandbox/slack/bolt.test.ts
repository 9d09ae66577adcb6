import type { BlockButtonAction } from "@slack/bolt";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { SlackStandIn } from "../../../src/sandbox/slack/stand-in.ts";
import { incidents, mira, socketApp, startHttpApp, startSlack } from "./bolt.ts";

async function slackForTest(): Promise<SlackStandIn> {
  const slack = await startSlack();
  onTestFinished(() => slack.close());
  return slack;
}

function typed(value: string) {
  return { service: { name: { type: "plain_text_input", value } } };
}

function lastMessage(slack: SlackStandIn) {
  return slack.workspace.channels.get(incidents)?.messages.at(-1);
}

describe("a Bolt app over Socket Mode", () => {
  it("answers a slash command with a message and edits it when its button is clicked", async () => {
    const slack = await slackForTest();
    const app = socketApp(slack);
    app.command("/gofire", async ({ ack, command, say }) => {
      await ack();
      await say({
        text: `Capturing ${command.text}`,
        blocks: [
          { type: "section", text: { type: "mrkdwn", text: `Capturing *${command.text}*` } },
          {
            type: "actions",
            elements: [
              {
                type: "button",
                action_id: "stop",
                value: "gf-1",
                text: { type: "plain_text", text: "Stop" },
              },
            ],
          },
        ],
      });
    });
    app.action<BlockButtonAction>("stop", async ({ ack, body, client }) => {
      await ack();
      await client.chat.update({
        channel: body.channel?.id ?? "",
        ts: body.message?.ts ?? "",
        text: `Stopped by ${body.user.id}`,
      });
    });
    await app.start();
    onTestFinished(async () => void (await app.stop()));

    const acked = await slack.people.type(mira, incidents, "/gofire snapshot order");
    expect(acked).toMatchObject({ isAcked: true });
    await vi.waitFor(() => expect(lastMessage(slack)?.text).toBe("Capturing snapshot order"));

    await slack.people.click(mira, incidents, lastMessage(slack)?.ts ?? "", { actionId: "stop" });
    await vi.waitFor(() => expect(lastMessage(slack)?.text).toBe(`Stopped by ${mira}`));
    expect(lastMessage(slack)?.blocks).toEqual([]);
    expect(slack.problems()).toEqual([]);
  });
});

describe("a Bolt app over signed HTTP", () => {
  it("gets events, opens a modal in time, and sees its submission", async () => {
    const slack = await slackForTest();
    const heard: string[] = [];
    const app = await startHttpApp(slack, (app) => {
      app.message("hello", async ({ message }) => void heard.push(message.ts));
      app.shortcut("capture", async ({ ack, client, body }) => {
        await ack();
        await client.views.open({
          trigger_id: body.trigger_id,
          view: {
            type: "modal",
            callback_id: "pick",
            title: { type: "plain_text", text: "Capture" },
            submit: { type: "plain_text", text: "Capture" },
            blocks: [
              {
                type: "input",
                block_id: "service",
                label: { type: "plain_text", text: "Service" },
                element: { type: "plain_text_input", action_id: "name" },
              },
            ],
          },
        });
      });
      app.view("pick", async ({ ack, view }) => {
        const name = view.state.values.service?.name?.value ?? "";
        await (name === "order"
          ? ack()
          : ack({ response_action: "errors", errors: { service: "No such service" } }));
      });
    });
    onTestFinished(async () => void (await app.stop()));

    await slack.people.type(mira, incidents, "hello there");
    await vi.waitFor(() => expect(heard).toHaveLength(1));
    await slack.people.messageShortcut(mira, "capture", incidents, heard[0] ?? "");
    await vi.waitFor(() => expect(slack.workspace.modals.get(mira)).toHaveLength(1));

    const refused = await slack.people.submit(mira, typed("nope"));
    expect(refused).toMatchObject({
      body: { response_action: "errors", errors: { service: "No such service" } },
    });
    expect(slack.workspace.modals.get(mira)).toHaveLength(1);
    await slack.people.submit(mira, typed("order"));
    expect(slack.workspace.modals.get(mira)).toHaveLength(0);
    expect(slack.problems()).toEqual([]);
  });
});
