import * as z from "zod/mini";
import { chatRights } from "../domain/chat/chat-rights.ts";
import { type CoolingKind, coolingKinds } from "../domain/evidence/capture.ts";
import {
  atMostOne,
  environmentName,
  hostAndPort,
  section,
  setting,
  text,
  webUrl,
  wholeNumber,
} from "./schema-words.ts";

const slack = section(
  {
    mode: setting(
      z.enum(["socket", "http"]),
      "How Slack reaches gofire: over a connection that gofire opens (needs an app token), or by requests to /slack/events (needs the signing secret). Default: socket",
    ),
    botTokenEnv: setting(
      environmentName,
      "Environment variable that holds the bot token (xoxb-…). Default: SLACK_BOT_TOKEN",
    ),
    botTokenFile: setting(text, "File that holds the bot token"),
    appTokenEnv: setting(
      environmentName,
      "Environment variable that holds the app-level token (xapp-…) of socket mode. Default: SLACK_APP_TOKEN",
    ),
    appTokenFile: setting(text, "File that holds the app-level token"),
    signingSecretEnv: setting(
      environmentName,
      "Environment variable that holds the signing secret of http mode. Default: SLACK_SIGNING_SECRET",
    ),
    signingSecretFile: setting(text, "File that holds the signing secret"),
    listen: setting(
      hostAndPort("127.0.0.1:3000"),
      "Where Slack's requests arrive in http mode, at /slack/events, behind your own TLS. Default: the address of `gofire serve --listen`",
    ),
    apiUrl: setting(webUrl, "Where Slack's Web API is. Default: https://slack.com/api/"),
  },
  atMostOne("botTokenEnv", "botTokenFile"),
  atMostOne("appTokenEnv", "appTokenFile"),
  atMostOne("signingSecretEnv", "signingSecretFile"),
);

/** Ids as Slack writes them; names change hands, ids do not. */
export function chatId(letters: string, error: string) {
  return z.string().check(z.regex(new RegExp(`^[${letters}][A-Z0-9]{2,}$`), { error }));
}

const audience = section({
  users: setting(
    z.array(
      chatId(
        "UW",
        "must be the id of a person, like U024BE7LH: in Slack, open the profile, ⋮, Copy member ID",
      ),
    ),
    "These people",
  ),
  groups: setting(
    z.array(
      chatId("S", "must be the id of a user group, like S0615G0KT: it ends the group's address in Slack"),
    ),
    "Everybody in these user groups",
  ),
  channels: setting(
    z.array(
      chatId(
        "CG",
        "must be the id of a channel, like C0EAQDV4Z: it is at the end of the channel's About tab",
      ),
    ),
    "Every full member who asks in these channels",
  ),
});

const meaningOf: Readonly<Record<(typeof chatRights)[number], string>> = {
  snapshot: "Who may capture services",
  status: "Who may see what runs and waits",
  explain: "Who may read findings in full",
  diff: "Who may compare captures",
  tls: "Who may look at TLS ports",
  mute: "Who may mute services and rules, and end that",
  resolve: "Who may close incidents",
  feedback: "Who may say whether findings are right",
  rollback: "Who may ask for a rollback, or agree to one that somebody else asked for",
  approve:
    "Who may approve and reject configuration changes, if `people` says who they are and they wrote none of it",
};

const rights = Object.fromEntries(
  chatRights.map((right) => [right, setting(audience, meaningOf[right])]),
) as Record<(typeof chatRights)[number], ReturnType<typeof setting<typeof audience>>>;

const access = section({
  defaults: setting(
    audience,
    "Who may do what is not named here. Default: every full member of the workspace; guests and people of other workspaces never",
  ),
  ...rights,
  givenBy: setting(audience, "Whom to ask for access: refusals name them"),
});

const cooldownSeconds = z.number().check(z.gte(0), z.lte(86_400));

const cooldownSecondsOf = section(
  Object.fromEntries(
    coolingKinds.map((kind) => [
      kind,
      setting(cooldownSeconds, `Until alerts may have ${kind} captured again. Default: cooldownSeconds`),
    ]),
  ) as Record<CoolingKind, ReturnType<typeof setting<typeof cooldownSeconds>>>,
);

const captures = section({
  overall: setting(wholeNumber(1, 1_000), "Captures at the same time, over all workers. Default: 20"),
  perService: setting(wholeNumber(1, 1_000), "Captures of one service at the same time. Default: 2"),
  waiting: setting(wholeNumber(1, 10_000), "Captures that may wait; further ones are refused. Default: 100"),
  perNode: setting(
    wholeNumber(1, 1_000),
    "Captures on one node at the same time: the one that Kubernetes says the pod is on, else that of the alerts' label node, else the host of the target. Default: 4",
  ),
  perMinute: setting(
    wholeNumber(1, 10_000),
    "Captures that begin within a minute, over all workers. Default: 30",
  ),
  cooldownSeconds: setting(
    cooldownSeconds,
    "Until alerts may have a service captured again; people always may. Default: 600",
  ),
  cooldownSecondsOf: setting(
    cooldownSecondsOf,
    "The same for single kinds of captures: what is still too soon is left out of a page's capture, and the card says so",
  ),
});

/** What `gofire serve` reads. */
export const chatSections = {
  slack: setting(slack, "The Slack workspace that gofire answers in"),
  access: setting(access, "Who may do what in the chat"),
  captures: setting(captures, "How many captures gofire takes at the same time"),
};

export type SlackSection = z.infer<typeof slack>;
export type AccessSection = z.infer<typeof access>;
export type AudienceSection = z.infer<typeof audience>;
export type CapturesSection = z.infer<typeof captures>;
