import * as fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { MessageBody } from "../../src/domain/chat/message.ts";
import { fitBody } from "../../src/integrations/slack/fit-body.ts";
import { fitText } from "../../src/integrations/slack/fit-text.ts";
import { validateAttachments, validateMessageBlocks } from "../../src/sandbox/slack/blocks/message.ts";
import { incidents } from "../sandbox/slack/bolt.ts";
import { type SlackWorld, slackWorld } from "./slack-world.ts";

const never = new AbortController().signal;
const place = { channel: incidents };

function section(text: string) {
  return { type: "section", text: { type: "mrkdwn", text } };
}

describe("a text that is too long", () => {
  test("is cut with a note of how much is missing", () => {
    const cut = fitText("x".repeat(5_000), 4_000);
    expect(cut.length).toBeLessThanOrEqual(4_000);
    expect(cut).toMatch(/^x+ … \(1000 more characters\)$/);
    expect(fitText("x".repeat(4_000), 4_000)).toBe("x".repeat(4_000));
    expect(fitText("Capture it once more", 10)).toBe("Capture i…");
  });

  test("is not cut within a character, an entity or a link", () => {
    for (let length = 30; length < 60; length++) {
      expect(encodeURIComponent(fitText("🔥".repeat(40), length))).not.toBe("");
      expect(fitText("&amp;".repeat(20), length)).toMatch(/^(?:&amp;)*…$/);
      const link = `see <https://gofire.example/flame|the flame graph>${" and more".repeat(9)}`;
      const cut = fitText(link, length);
      expect(cut.split("<").length).toBe(cut.split(">").length);
    }
  });

  test("keeps what comes after a lone less-than sign far back", () => {
    expect(fitText(`a < b ${"x".repeat(6_000)} > c`, 4_000).length).toBeGreaterThan(3_900);
  });

  test("closes a code block that the cut leaves open", () => {
    const cut = fitText(`\`\`\`\n${"goroutine 1\n".repeat(400)}\`\`\`\nend`, 3_000);
    expect(cut.split("```")).toHaveLength(3);
    expect(cut.length).toBeLessThanOrEqual(3_000);
  });
});

describe("a message that is too long for Slack", () => {
  let world: SlackWorld;
  afterEach(() => world.close());

  async function posted(body: MessageBody) {
    world = await slackWorld();
    await world.chat.post(place, body, { intent: "gf-1" }, never);
    const message = world.slack.workspace.channels.get(incidents)?.messages[0];
    expect(world.slack.problems()).toEqual([]);
    return message;
  }

  test("loses blocks from its end, says how many, and keeps its buttons", async () => {
    const blocks = [
      ...Array.from({ length: 60 }, (_, at) => section(`part ${at}`)),
      {
        type: "actions",
        elements: [
          { type: "button", action_id: "again", text: { type: "plain_text", text: "Capture Again" } },
        ],
      },
    ];
    const shown = (await posted({ text: "card", blocks }))?.blocks ?? [];
    expect(shown).toHaveLength(50);
    expect(shown.some(({ type }) => type === "actions")).toBe(true);
    expect(JSON.stringify(shown.at(-1))).toContain("12 more parts of this message did not fit");
  });

  test("stays below the sum that Slack takes over all blocks", async () => {
    const blocks = Array.from({ length: 6 }, () => section("x".repeat(2_900)));
    const shown = (await posted({ text: "card", blocks }))?.blocks ?? [];
    expect(JSON.stringify(shown)).toContain("2 more parts");
  });

  test("ends a long table with the number of rows that are missing", async () => {
    const rows = Array.from({ length: 150 }, (_, at) => [
      { type: "raw_text", text: `goroutine ${at}` },
      { type: "raw_text", text: "x".repeat(40) },
    ]);
    const shown = (await posted({ text: "card", blocks: [{ type: "table", rows }] }))?.blocks ?? [];
    expect(JSON.stringify(shown)).toContain("51 more rows");
  });

  test("with attachments keeps within the same limits", async () => {
    const blocks = Array.from({ length: 60 }, () => section("x".repeat(600)));
    const attachments = [
      { color: "#a30200", blocks },
      { color: "good", blocks: blocks.slice(0, 3) },
    ];
    const message = await posted({ text: "y".repeat(9_000), attachments });
    expect(message?.attachments).toHaveLength(2);
    expect(message?.text).toContain("5000 more characters".slice(1));
  });

  test("goes out as text when Slack refuses its layout all the same, and somebody is told", async () => {
    world = await slackWorld();
    const blocks = [{ type: "hologram", text: "new" }];
    const ref = await world.chat.post(place, { text: "the verdict", blocks }, { intent: "gf-1" }, never);
    expect(world.shown(incidents)).toHaveLength(1);
    expect(world.shown(incidents)[0]?.text).toMatch(/^the verdict\n_Slack refused the layout/);
    await world.chat.edit(ref, { text: "resolved", blocks }, "news", never);
    expect(world.shown(incidents)[0]?.text).toMatch(/^resolved\n/);
    expect(world.troubles).toHaveLength(2);
    expect(world.troubles[0]).toContain("unsupported type: hologram");
  });

  test("any card of the usual blocks is taken", async () => {
    world = await slackWorld();
    const { workspace } = world.slack;
    const words = fc
      .string({ unit: "binary", maxLength: 40 })
      .chain((word) => fc.nat({ max: 300 }).map((times) => word.repeat(times)));
    const mrkdwn = words.map((text) => ({ type: "mrkdwn", text }));
    const plain = words.map((text) => ({ type: "plain_text", text }));
    const cell = words.map((text) => ({ type: "raw_text", text: text === "" ? " " : text.slice(0, 3_000) }));
    const anyBlock = fc.oneof(
      mrkdwn.map((text) => ({ type: "section", text })),
      many(mrkdwn, 14).map((fields) => ({ type: "section", fields })),
      plain.map((text) => ({ type: "header", text })),
      many(fc.oneof(mrkdwn, plain), 14).map((elements) => ({ type: "context", elements })),
      plain.map((text) => ({ type: "actions", elements: [{ type: "button", text }] })),
      words.map((alt_text) => ({ type: "image", alt_text, image_url: "https://gofire.example/x.png" })),
      fc.constant({ type: "divider" }),
    );
    const anyTable = many(fc.tuple(cell, cell), 130).map((rows) => ({ type: "table", rows }));
    function refusalOf(list: readonly object[], tables: readonly object[], text: string): string | undefined {
      const attachments = [{ blocks: list }, { blocks: list }];
      const body = fitBody({ text, blocks: [...list, ...tables], attachments });
      try {
        validateMessageBlocks(workspace, body.blocks ?? []);
        validateAttachments(workspace, body.attachments ?? []);
        return body.text.length > 4_000 ? "long text" : undefined;
      } catch (error) {
        return JSON.stringify(error).slice(0, 300);
      }
    }
    fc.assert(
      fc.property(fc.array(anyBlock, { maxLength: 70 }), fc.option(anyTable), words, (list, table, text) => {
        expect(refusalOf(list, table === null ? [] : [table], text)).toBeUndefined();
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });
});

function many<T>(item: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<T[]> {
  return fc.array(item, { minLength: 1, maxLength });
}
