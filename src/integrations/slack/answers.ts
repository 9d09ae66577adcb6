import * as z from "zod/mini";

/** The fields that gofire reads of Slack's answers; everything else is ignored. */

export const refusedAnswer = z.object({
  ok: z.literal(false),
  error: z.string(),
  needed: z.optional(z.string()),
  response_metadata: z.optional(z.object({ messages: z.optional(z.array(z.string())) })),
});

export const nothingMore = z.object({});

export const postedAnswer = z.object({ channel: z.string(), ts: z.string() });

export const permalinkAnswer = z.object({ permalink: z.string() });

const sharedFile = z.object({
  name: z.optional(z.nullable(z.string())),
  title: z.optional(z.nullable(z.string())),
  size: z.optional(z.number()),
});

const pastMessage = z.object({
  ts: z.string(),
  user: z.optional(z.string()),
  bot_id: z.optional(z.string()),
  text: z.optional(z.string()),
  metadata: z.optional(
    z.object({
      event_type: z.optional(z.string()),
      event_payload: z.optional(z.record(z.string(), z.unknown())),
    }),
  ),
  files: z.optional(z.array(sharedFile)),
});
export type PastMessage = z.output<typeof pastMessage>;

/** Of conversations.history and conversations.replies. */
export const pastAnswer = z.object({
  messages: z.array(pastMessage),
  has_more: z.optional(z.boolean()),
  response_metadata: z.optional(z.object({ next_cursor: z.optional(z.string()) })),
});

export const uploadPlaceAnswer = z.object({ file_id: z.string(), upload_url: z.string() });

const shares = z.optional(z.record(z.string(), z.array(z.object({ ts: z.string() }))));
export const fileInfoAnswer = z.object({
  file: z.object({ shares: z.optional(z.object({ public: shares, private: shares })) }),
});

const mark = z.optional(z.boolean());
/** Of conversations.info (https://docs.slack.dev/reference/objects/conversation-object). */
export const channelAnswer = z.object({
  channel: z.object({
    name: z.optional(z.string()),
    is_member: mark,
    is_archived: mark,
    is_private: mark,
    is_im: mark,
    is_mpim: mark,
    /** Slack Connect: people of other organisations are in it, or invited. */
    is_ext_shared: mark,
    is_pending_ext_shared: mark,
  }),
});

export const identityAnswer = z.object({
  url: z.string(),
  team: z.string(),
  team_id: z.string(),
  user: z.string(),
  user_id: z.string(),
  bot_id: z.optional(z.string()),
});
