import { describe, expect, it } from "vitest";
import { validateAttachments, validateMessageBlocks } from "../../../src/sandbox/slack/blocks/message.ts";
import { validateView } from "../../../src/sandbox/slack/blocks/view.ts";
import { fakeClock } from "../../../src/sandbox/slack/clock.ts";
import { readAppManifest } from "../../../src/sandbox/slack/manifest.ts";
import { shopWorkspace } from "../../../src/sandbox/slack/seed.ts";
import { SlackError } from "../../../src/sandbox/slack/slack-error.ts";
import { createWorkspace } from "../../../src/sandbox/slack/workspace.ts";

const workspace = createWorkspace(shopWorkspace, readAppManifest({}), fakeClock(0));

/** The refusal's lines, or its code when it has none; empty when there is no refusal. */
function refusal(check: () => unknown): readonly unknown[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    return Array.isArray(error.more.errors) ? error.more.errors : [error.code];
  }
}

const inMessage = (...blocks: object[]) => refusal(() => validateMessageBlocks(workspace, blocks));
const mrkdwn = (characters: number) => ({ type: "mrkdwn", text: "x".repeat(characters) });
const plain = (characters: number) => ({ type: "plain_text", text: "x".repeat(characters) });
const section = (characters: number) => ({ type: "section", text: mrkdwn(characters) });
const button = (more: object = {}) => ({ type: "button", text: plain(5), ...more });
const actions = (...elements: object[]) => ({ type: "actions", elements });
const times = <T>(count: number, item: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => item(index));
const rows = (count: number, cells: number) =>
  times(count, () => times(cells, () => ({ type: "raw_text", text: "x" })));
const option = (value: string) => ({ text: plain(5), value });

describe("blocks at their limit pass, one more is refused in Slack's words", () => {
  it.each([
    [
      "blocks",
      times(50, () => ({ type: "divider" })),
      times(51, () => ({ type: "divider" })),
      "no more than 50 items allowed [json-pointer:/blocks]",
    ],
    [
      "header",
      [{ type: "header", text: plain(150) }],
      [{ type: "header", text: plain(151) }],
      "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ],
    [
      "fields",
      [{ type: "section", fields: times(10, () => mrkdwn(9)) }],
      [{ type: "section", fields: times(11, () => mrkdwn(9)) }],
      "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ],
    [
      "field",
      [{ type: "section", fields: [mrkdwn(2000)] }],
      [{ type: "section", fields: [mrkdwn(2001)] }],
      "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ],
    [
      "empty field",
      [{ type: "section", fields: [mrkdwn(1)] }],
      [{ type: "section", fields: [mrkdwn(0)] }],
      "must be more than 0 characters [json-pointer:/blocks/0/fields/0/text]",
    ],
    [
      "context",
      [{ type: "context", elements: times(10, () => mrkdwn(1)) }],
      [{ type: "context", elements: times(11, () => mrkdwn(1)) }],
      "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ],
    [
      "actions",
      [actions(...times(25, () => button()))],
      [actions(...times(26, () => button()))],
      "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ],
    [
      "button text",
      [actions(button({ text: plain(75) }))],
      [actions(button({ text: plain(76) }))],
      "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ],
    [
      "button value",
      [actions(button({ value: "x".repeat(2000) }))],
      [actions(button({ value: "x".repeat(2001) }))],
      "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ],
    [
      "overflow",
      [actions({ type: "overflow", options: times(5, (i) => option(`${i}`)) })],
      [actions({ type: "overflow", options: times(6, (i) => option(`${i}`)) })],
      "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ],
    [
      "table rows",
      [{ type: "table", rows: rows(100, 1) }],
      [{ type: "table", rows: rows(101, 1) }],
      "no more than 100 items allowed [json-pointer:/blocks/0/rows]",
    ],
    [
      "table cells",
      [{ type: "table", rows: rows(1, 20) }],
      [{ type: "table", rows: rows(1, 21) }],
      "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]",
    ],
    [
      "block_id",
      [{ type: "divider", block_id: "x".repeat(255) }],
      [{ type: "divider", block_id: "x".repeat(256) }],
      "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
    ],
    [
      "markdown sum",
      [
        { type: "markdown", text: "x".repeat(6000) },
        { type: "markdown", text: "x".repeat(6000) },
      ],
      [
        { type: "markdown", text: "x".repeat(6000) },
        { type: "markdown", text: "x".repeat(6001) },
      ],
      "must be less than 12001 characters [json-pointer:/blocks/1/text]",
    ],
    [
      "markdown expansion",
      [{ type: "markdown", text: "# h\n".repeat(50) }],
      [{ type: "markdown", text: "# h\n".repeat(51) }],
      "no more than 50 items allowed [json-pointer:/blocks]",
    ],
  ])("%s", (_name, fits, breaks, line) => {
    expect(inMessage(...fits)).toEqual([]);
    expect(inMessage(...breaks)).toEqual([line]);
  });

  it("names both the schema and the length for a section's text", () => {
    expect(inMessage(section(3000))).toEqual([]);
    expect(inMessage(section(3001))).toEqual([
      "failed to match all allowed schemas [json-pointer:/blocks/0/text]",
      "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ]);
  });

  it("adds up all blocks", () => {
    expect(inMessage(...times(4, () => section(3000)), section(1200))).toEqual([]);
    expect(inMessage(...times(4, () => section(3000)), section(1201))).toEqual(["msg_blocks_too_long"]);
  });
});

describe("blocks that are wrong in another way", () => {
  it.each([
    [
      "two equal action_ids",
      [actions(button({ action_id: "x" }), button({ action_id: "x" }))],
      '`action_id` "x" already exists [json-pointer:/blocks/0/elements/1/action_id]',
    ],
    ["an unknown type", [{ type: "zzz" }], "unsupported type: zzz [json-pointer:/blocks/0/type]"],
    [
      "a modal's block",
      [{ type: "alert", text: plain(5) }],
      "unsupported type: alert [json-pointer:/blocks/0/type]",
    ],
    [
      "verbatim on plain text",
      [{ type: "context", elements: [{ ...plain(2), verbatim: true }] }],
      "invalid additional property: verbatim [json-pointer:/blocks/0/elements/0]",
    ],
    [
      "a picture without alt_text",
      [{ type: "image", image_url: "https://a.example/a.png" }],
      "missing required field: alt_text [json-pointer:/blocks/0]",
    ],
    [
      "a file id of another form",
      [{ type: "image", alt_text: "x", slack_file: { id: "f1" } }],
      "input must match regex pattern: ^[F][A-Z0-9]{8,}$ [json-pointer:/blocks/0/slack_file/id]",
    ],
    [
      "an unknown file",
      [{ type: "image", alt_text: "x", slack_file: { id: "F123456789" } }],
      "invalid slack file [json-pointer:/blocks/0/slack_file]",
    ],
    [
      "a bare string as a card's title",
      [{ type: "card", title: "x" }],
      "must provide an object [json-pointer:/blocks/0/title]",
    ],
    [
      "a text object as a plan's title",
      [{ type: "plan", title: plain(3) }],
      "must provide a string [json-pointer:/blocks/0/title]",
    ],
  ])("%s", (_name, blocks, line) => {
    expect(inMessage(...blocks)).toContain(line);
  });

  it("are pointed at inside attachments", () => {
    expect(
      refusal(() =>
        validateAttachments(workspace, [{ color: "danger", blocks: [{ type: "header", text: plain(151) }] }]),
      ),
    ).toEqual(["must be less than 151 characters [json-pointer:/attachments/0/blocks/0/text/text]"]);
    expect(
      refusal(() =>
        validateAttachments(
          workspace,
          times(101, () => ({})),
        ),
      ),
    ).toEqual(["too_many_attachments"]);
  });
});

describe("views", () => {
  const modal = (more: object) =>
    refusal(() =>
      validateView(
        workspace,
        { type: "modal", title: plain(24), blocks: [{ type: "divider" }], ...more },
        "modal",
      ),
    );

  it.each([
    [
      "a title of 25",
      { title: plain(25) },
      "must be less than 25 characters [json-pointer:/view/title/text]",
    ],
    [
      "101 blocks",
      { blocks: times(101, () => ({ type: "divider" })) },
      "no more than 100 items allowed [json-pointer:/view/blocks]",
    ],
    [
      "metadata of 3001",
      { private_metadata: "x".repeat(3001) },
      "must be less than 3001 characters [json-pointer:/view/private_metadata]",
    ],
    [
      "an unknown property",
      { submit_disabled: true },
      "invalid additional property: submit_disabled [json-pointer:/view]",
    ],
    [
      "inputs without submit",
      { blocks: [{ type: "input", label: plain(3), element: { type: "plain_text_input" } }] },
      "missing required field: submit [json-pointer:/view]",
    ],
  ])("are refused with %s", (_name, more, line) => {
    expect(modal({})).toEqual([]);
    expect(modal(more)).toEqual([line]);
  });
});
