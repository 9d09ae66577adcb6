import { anything, byType, type Check, flag, list, number, oneOf, shape, text, whole } from "./shape.ts";

const inlineStyle = shape({
  optional: { bold: flag, italic: flag, strike: flag, code: flag, underline: flag, highlight: flag },
});
const styled = { style: inlineStyle };

const inline: Check = byType({
  text: shape({ required: { text: text(3_000) }, optional: styled }),
  link: shape({ required: { url: text(3_000) }, optional: { text: text(3_000), unsafe: flag, ...styled } }),
  user: shape({ required: { user_id: text(255) }, optional: styled }),
  usergroup: shape({ required: { usergroup_id: text(255) }, optional: styled }),
  channel: shape({ required: { channel_id: text(255) }, optional: styled }),
  broadcast: shape({ required: { range: oneOf("here", "channel", "everyone") }, optional: styled }),
  emoji: shape({ required: { name: text(255) }, optional: { unicode: text(255), ...styled } }),
  date: shape({
    required: { timestamp: number, format: text(255) },
    optional: { url: text(3_000), fallback: text(255), ...styled },
  }),
  color: shape({ required: { value: text(255) }, optional: styled }),
});

const inlines = list(0, 1_000, inline);
const section = shape({ required: { elements: inlines } });
const border = { border: whole(0, 1) };

const richTextElement = byType({
  rich_text_section: section,
  rich_text_list: shape({
    required: {
      style: oneOf("bullet", "ordered"),
      elements: list(1, 1_000, byType({ rich_text_section: section })),
    },
    optional: { indent: whole(0, 8), offset: whole(0, 1_000_000), ...border },
  }),
  rich_text_preformatted: shape({
    required: { elements: inlines },
    optional: { language: text(255), ...border },
  }),
  rich_text_quote: shape({ required: { elements: inlines }, optional: border }),
});

/** https://docs.slack.dev/reference/block-kit/blocks/rich-text-block */
export const richText: Check = shape({
  required: { elements: list(1, 1_000, richTextElement) },
  optional: { block_id: text(255) },
});

export const richTextCell: Check = shape({
  required: { elements: list(1, 1_000, richTextElement) },
  optional: { block_id: anything },
});
