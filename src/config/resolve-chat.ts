import type { Audience } from "../domain/chat/chat-reply.ts";
import { type ChatAccess, type ChatRight, chatRights } from "../domain/chat/chat-rights.ts";
import type { AccessSection, AudienceSection, CapturesSection, SlackSection } from "./chat-schema.ts";
import type { CapturesConfig, SecretReference, SlackConfig } from "./gofire-config.ts";
import { addressOf, defined, optionalSecret } from "./resolve-words.ts";

export function slackOf(slack: SlackSection, folder: string): SlackConfig {
  const { apiUrl, listen } = slack;
  return {
    mode: slack.mode ?? "socket",
    botToken: named("SLACK_BOT_TOKEN", slack.botTokenEnv, slack.botTokenFile),
    appToken: named("SLACK_APP_TOKEN", slack.appTokenEnv, slack.appTokenFile),
    signingSecret: named("SLACK_SIGNING_SECRET", slack.signingSecretEnv, slack.signingSecretFile),
    ...(listen === undefined ? {} : { listen: addressOf(listen) }),
    ...(apiUrl === undefined ? {} : { apiUrl: apiUrl.endsWith("/") ? apiUrl : `${apiUrl}/` }),
  };

  function named(usual: string, env: string | undefined, file: string | undefined): SecretReference {
    return optionalSecret(env, file, folder) ?? { env: usual };
  }
}

export function accessOf(access: AccessSection = {}): ChatAccess {
  const rights: Partial<Record<ChatRight, Audience>> = {};
  for (const right of chatRights) {
    const audience = access[right];
    if (audience !== undefined) rights[right] = audienceOf(audience);
  }
  return {
    rights,
    ...(access.defaults === undefined ? {} : { others: audienceOf(access.defaults) }),
    givenBy: audienceOf(access.givenBy ?? {}),
  };
}

function audienceOf({ users = [], groups = [], channels = [] }: AudienceSection): Audience {
  return { users, groups, channels };
}

export function capturesOf({
  cooldownSeconds,
  cooldownSecondsOf,
  ...rest
}: CapturesSection = {}): CapturesConfig {
  return defined({
    ...rest,
    cooldownMsOf:
      cooldownSecondsOf === undefined
        ? undefined
        : Object.fromEntries(
            Object.entries(cooldownSecondsOf).map(([kind, seconds]) => [kind, (seconds ?? 0) * 1000]),
          ),
    cooldownMs: cooldownSeconds === undefined ? undefined : cooldownSeconds * 1000,
  });
}
