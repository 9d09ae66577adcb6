import { PortError, type PortErrorCode } from "../../domain/errors.ts";
import { essentialScopes } from "./scopes.ts";

/** Slack's own word for why it refused; the cause of the PortError that says it in ours. */
class SlackRefusal extends Error {
  override readonly name = "SlackRefusal";
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** The parts of an `ok:false` answer that explain it. */
export interface RefusedAnswer {
  readonly error: string;
  /** The scope that is missing; with `missing_scope`. */
  readonly needed?: string | undefined;
  /** One line per mistake, with its JSON pointer; with `invalid_blocks` and the like. */
  readonly messages: readonly string[];
}

type Refusal = readonly [PortErrorCode, string];

const newToken =
  "Copy the Bot User OAuth Token (xoxb-…) anew from the app's page at https://api.slack.com/apps, " +
  "OAuth & Permissions, put it where the configuration looks for it, and start gofire again.";
const badToken: Refusal = ["locked-out", `Slack does not accept the bot token. ${newToken}`];
const invite = "Type `/invite @gofire` in that channel, then ask again.";
const adminsOnly: Refusal = [
  "forbidden",
  "The workspace's admins let only some people post in this channel. Ask one of them to allow gofire, or ask in another channel.",
];
const archived: Refusal = [
  "forbidden",
  "This channel is archived. Ask in another one, or have it unarchived.",
];
const noThread: Refusal = [
  "thread-closed",
  "The message that this thread hangs on is gone: somebody deleted it.",
];
const noMessage: Refusal = ["message-deleted", "This message is gone: somebody deleted it."];
const noEdit: Refusal = ["forbidden", "Slack does not let gofire change this message any more."];
const lateModal: Refusal = [
  "not-found",
  "The click is too old: Slack opens a form only within three seconds of it. Click again.",
];
/** Slack had trouble of its own; what was asked for may have happened (https://docs.slack.dev/reference/methods). */
const trouble: Refusal = [
  "unavailable",
  "Slack has trouble of its own right now (https://slack-status.com). gofire tries again.",
];

/** By Slack's error code: what it is to us, and what people can do about it. */
const refusals: Readonly<Record<string, Refusal>> = {
  internal_error: trouble,
  fatal_error: trouble,
  request_timeout: trouble,
  service_unavailable: trouble,
  team_added_to_org: trouble,
  not_authed: badToken,
  invalid_auth: badToken,
  token_expired: badToken,
  token_revoked: badToken,
  account_inactive: [
    "locked-out",
    `The gofire app was removed from the workspace, or the token is of another one. Install the app again, then: ${newToken}`,
  ],
  not_allowed_token_type: ["locked-out", `This is not a bot token. ${newToken}`],
  no_permission: badToken,
  org_login_required: trouble,
  ekm_access_denied: ["locked-out", "The workspace's admins have suspended access to messages. Ask them."],
  access_denied: ["forbidden", "The workspace's admins do not let gofire do this. Ask them."],
  channel_not_found: [
    "not-found",
    `gofire does not see this channel: it is private and gofire is no member, or it is gone. ${invite}`,
  ],
  not_in_channel: ["forbidden", `gofire is not in this channel. ${invite}`],
  method_not_supported_for_channel_type: [
    "forbidden",
    `gofire cannot join this channel by itself. ${invite}`,
  ],
  posting_to_channel_denied: adminsOnly,
  restricted_action: adminsOnly,
  restricted_action_read_only_channel: adminsOnly,
  restricted_action_thread_only_channel: adminsOnly,
  restricted_action_thread_locked: ["thread-closed", "This thread is locked. Ask in the channel itself."],
  restricted_action_non_threadable_channel: ["thread-closed", "This channel allows no threads."],
  is_archived: archived,
  is_inactive: archived,
  messages_tab_disabled: [
    "forbidden",
    "Messages to gofire are switched off. Switch on the Messages tab on the app's page, App Home.",
  ],
  message_not_found: noMessage,
  thread_not_found: noThread,
  invalid_thread_ts: noThread,
  cannot_reply_to_message: ["thread-closed", "Slack allows no replies to this message."],
  cant_update_message: noEdit,
  edit_window_closed: [
    "forbidden",
    "The workspace's settings let nobody change a message this old any more, so its newest state is not shown.",
  ],
  user_not_in_channel: [
    "forbidden",
    "The person is not in this channel, so Slack cannot show them anything there.",
  ],
  user_not_found: ["not-found", "There is no such person in this workspace."],
  // At times of people of other workspaces, in shared channels.
  user_not_visible: ["not-found", "Slack does not let gofire see this person."],
  users_not_found: ["not-found", "There is no such person in this workspace."],
  no_such_subteam: ["not-found", "There is no such user group in this workspace."],
  plan_upgrade_required: [
    "forbidden",
    "The workspace's plan has no user groups: name people or channels in gofire.yaml instead.",
  ],
  file_not_found: ["not-found", "Slack does not know this file (any more)."],
  file_upload_size_restricted: ["forbidden", "The file is larger than this workspace allows."],
  storage_limit_reached: ["forbidden", "The workspace's storage is full. Ask its admins."],
  file_uploads_disabled: ["forbidden", "The workspace's admins switched off files. Ask them."],
  file_uploads_except_images_disabled: [
    "forbidden",
    "The workspace's admins allow pictures only, no other files. Ask them.",
  ],
  expired_trigger_id: lateModal,
  exchanged_trigger_id: lateModal,
  invalid_name: ["bad-response", "There is no such emoji in this workspace."],
  too_many_reactions: ["forbidden", "This message has all the reactions that Slack allows."],
  too_many_emoji: ["forbidden", "This message has all the reactions that Slack allows."],
  no_text: ["bad-response", "The message has no text."],
};

/** What only the app-level token of Socket Mode is asked for (https://docs.slack.dev/apis/events-api/using-socket-mode). */
const appTokenMethod = "Slack apps.connections.open";
const badAppToken: Refusal = [
  "forbidden",
  "Slack does not accept the app-level token. Generate one (xapp-…) with the scope connections:write on the app's page at " +
    "https://api.slack.com/apps, Basic Information, App-Level Tokens, put it where the configuration looks for it, and " +
    "start gofire again.",
];
const appTokenRefusals: Readonly<Record<string, Refusal>> = {
  not_authed: badAppToken,
  invalid_auth: badAppToken,
  token_revoked: badAppToken,
  account_inactive: badAppToken,
  not_allowed_token_type: badAppToken,
  missing_scope: badAppToken,
  forbidden_team: badAppToken,
};

/** A refusal in our words. `target` is the method and, where there is one, the channel. */
export function refused(target: string, answer: RefusedAnswer): PortError {
  const cause = new SlackRefusal(answer.error);
  const ofAppToken = target === appTokenMethod ? appTokenRefusals[answer.error] : undefined;
  if (answer.error === "missing_scope" && ofAppToken === undefined) {
    const code = isNeededForCards(answer.needed) ? "locked-out" : "forbidden";
    return new PortError(code, target, missingScope(answer.needed), { cause });
  }
  const [code, words] = ofAppToken ??
    refusals[answer.error] ?? [
      "bad-response",
      "Slack refused what gofire sent; this is a mistake in gofire.",
    ];
  const details = [answer.error, ...answer.messages.slice(0, 3)].join("; ").slice(0, 600);
  return new PortError(code, target, `${words} (${details})`, { cause });
}

/** Slack names the scopes that would do, separated by commas. Without the others something else is lost. */
function isNeededForCards(needed = ""): boolean {
  return needed.split(",").some((scope) => essentialScopes.has(scope.trim()));
}

function missingScope(needed: string | undefined): string {
  return (
    `The gofire app lacks the scope ${needed ?? "for this"}. Add it on the app's page at ` +
    "https://api.slack.com/apps, OAuth & Permissions, Bot Token Scopes (or paste slack-manifest.yaml again under " +
    "App Manifest), then press Reinstall to Workspace. (missing_scope)"
  );
}

/** Whether Slack refused for one of these reasons; for any, when none is named. */
export function isRefusal(error: unknown, ...codes: readonly string[]): error is PortError {
  if (!(error instanceof PortError && error.cause instanceof SlackRefusal)) return false;
  return codes.length === 0 || codes.includes(error.cause.code);
}
