import * as z from "zod/mini";

/** The fields that gofire reads of what Slack delivers; everything else is ignored. */

const person = z.object({ id: z.string() });

/** https://docs.slack.dev/interactivity/implementing-slash-commands */
export const commandPayload = z.object({
  command: z.string(),
  text: z.optional(z.string()),
  user_id: z.string(),
  channel_id: z.string(),
  trigger_id: z.string(),
});

/** https://docs.slack.dev/reference/events/app_mention */
export const mentionPayload = z.object({
  event_id: z.string(),
  /** Seconds since the epoch. */
  event_time: z.number(),
  event: z.object({
    user: z.optional(z.string()),
    bot_id: z.optional(z.string()),
    subtype: z.optional(z.string()),
    edited: z.optional(z.unknown()),
    hidden: z.optional(z.boolean()),
    text: z.string(),
    ts: z.string(),
    thread_ts: z.optional(z.string()),
    channel: z.string(),
  }),
});

const attachment = z.object({
  title: z.optional(z.string()),
  fallback: z.optional(z.string()),
  text: z.optional(z.string()),
  color: z.optional(z.string()),
  fields: z.optional(z.array(z.object({ title: z.optional(z.string()), value: z.optional(z.string()) }))),
});

const said = {
  ts: z.string(),
  thread_ts: z.optional(z.string()),
  subtype: z.optional(z.string()),
  bot_id: z.optional(z.string()),
  app_id: z.optional(z.string()),
  username: z.optional(z.string()),
  bot_profile: z.optional(
    z.nullable(z.object({ name: z.optional(z.string()), app_id: z.optional(z.string()) })),
  ),
  text: z.optional(z.string()),
  attachments: z.optional(z.array(attachment)),
};

/**
 * A new message, or one that was changed: then `message` is what it says now
 * (https://docs.slack.dev/reference/events/message, https://docs.slack.dev/reference/events/message/message_changed).
 */
export const messagePayload = z.object({
  event: z.object({
    ...said,
    channel: z.string(),
    hidden: z.optional(z.boolean()),
    message: z.optional(z.object(said)),
  }),
});

/** https://docs.slack.dev/reference/events/app_home_opened */
export const homePayload = z.object({
  event: z.object({ user: z.string(), tab: z.optional(z.string()) }),
});

/** https://docs.slack.dev/reference/events/member_joined_channel */
export const joinedPayload = z.object({
  event: z.object({ user: z.string(), channel: z.string() }),
});

/** https://docs.slack.dev/reference/interaction-payloads/block_actions-payload */
export const clickPayload = z.object({
  user: person,
  trigger_id: z.string(),
  container: z.object({
    type: z.string(),
    message_ts: z.optional(z.string()),
    thread_ts: z.optional(z.string()),
    view_id: z.optional(z.string()),
    is_ephemeral: z.optional(z.boolean()),
  }),
  channel: z.optional(z.object({ id: z.string() })),
  actions: z.array(
    z.object({
      action_id: z.string(),
      action_ts: z.string(),
      value: z.optional(z.string()),
      selected_option: z.optional(z.nullable(z.object({ value: z.string() }))),
    }),
  ),
});

/** https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload */
export const shortcutPayload = z.object({
  callback_id: z.string(),
  user: person,
  trigger_id: z.string(),
  channel: z.optional(z.object({ id: z.string() })),
  message: z.optional(z.object({ ts: z.string(), thread_ts: z.optional(z.string()) })),
});

const input = z.object({
  value: z.optional(z.nullable(z.string())),
  selected_option: z.optional(z.nullable(z.object({ value: z.string() }))),
  selected_conversation: z.optional(z.nullable(z.string())),
  selected_options: z.optional(z.array(z.object({ value: z.string() }))),
});

/** https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload */
export const submissionPayload = z.object({
  type: z.string(),
  user: person,
  /** Another one for each time the form is sent (Bolt's ViewSubmitAction; not in Slack's docs). */
  trigger_id: z.optional(z.string()),
  view: z.object({
    id: z.string(),
    callback_id: z.string(),
    hash: z.optional(z.string()),
    private_metadata: z.string(),
    state: z.optional(z.object({ values: z.record(z.string(), z.record(z.string(), input)) })),
  }),
});
export type Submission = z.infer<typeof submissionPayload>;
