import { afterEach, describe, expect, test, vi } from "vitest";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import { type HeardSlack, hearSlack, incidents, mira } from "./slack-in.ts";

const open: HeardSlack[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function heard(mode: "socket" | "http"): Promise<HeardSlack> {
  const each = await hearSlack(mode);
  open.push(each);
  return each;
}

function messages({ slack }: HeardSlack): readonly SlackMessage[] {
  return slack.workspace.channels.get(incidents)?.messages ?? [];
}

describe.each(["socket", "http"] as const)("over %s", (mode) => {
  test("a command becomes one request, and its answer is for the person alone", async () => {
    const each = await heard(mode);
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
    expect(messages(each).map(({ text, onlyFor }) => ({ text, onlyFor }))).toEqual([
      { text: "reply help", onlyFor: mira },
    ]);
    expect(each.slack.problems()).toEqual([]);
    expect(each.troubles).toEqual([]);
  });

  test("a mention in a thread is answered there once, although it is delivered twice", async () => {
    const each = await heard(mode);
    const { slack, conversation } = each;
    const status = { kind: "status", capturing: [], waiting: [], last: [], mutes: [] } as const;
    conversation.answer = () => ({ ...status, counts: { waiting: 0, capturing: 0, limit: 1 } });
    const ts = slack.people.page(incidents, { text: "order is slow" });
    slack.faults.add({ on: "events_api", kind: "duplicate", times: 10 });
    await slack.people.type(mira, incidents, "@gofire status", ts);
    await vi.waitFor(() => expect(messages(each).at(-1)?.text).toBe("reply status"));
    expect(conversation.requests).toMatchObject([
      { kind: "mention", words: "status", place: { thread: ts } },
    ]);
    expect(each.slack.problems()).toEqual([]);
  });
});
