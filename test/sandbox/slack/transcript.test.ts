import { WebClient } from "@slack/web-api";
import { expect, test } from "vitest";
import { transcriptOf } from "../../../src/sandbox/slack/transcript.ts";
import { incidents, mira, startSlack } from "./bolt.ts";

test("what was said reads in a terminal as it does in Slack", async () => {
  const slack = await startSlack();
  try {
    const client = new WebClient(slack.tokens.bot, { slackApiUrl: slack.apiUrl });
    for (const [text, read] of [
      [`<@${mira}> agreed in <#${incidents}>`, "@mira agreed in #incidents"],
      [
        "<http://127.0.0.1:1/graph?a=1&amp;b=2|Flame graph> of order",
        "Flame graph: http://127.0.0.1:1/graph?a=1&b=2 of order",
      ],
      ["until <!date^1796096644^{time}|03:44 UTC>", "until 03:44 UTC"],
      ["an outsider's &lt;!date^1^x|y&gt; &amp;lt;", "an outsider's <!date^1^x|y> &lt;"],
    ] as const) {
      await client.apiCall("chat.postMessage", { channel: incidents, text });
      expect(transcriptOf(slack.workspace, incidents).at(-1)).toBe(`gofire: ${read}`);
    }
  } finally {
    await slack.close();
  }
});
