/** What gofire.yaml and the environment make of `gofire serve`. */
import type { BrowserSettings } from "./browser.ts";
import { readSecret } from "./commands/access/secret.ts";
import type { GofireConfig, SlackConfig } from "./config/gofire-config.ts";
import { accessOf, slackOf } from "./config/resolve-chat.ts";
import { configuredArtifacts } from "./configured-artifacts.ts";
import { UsageError } from "./domain/errors.ts";
import { readStoredCapture } from "./integrations/artifacts/stored-capture.ts";
import { resvgRasteriser } from "./integrations/pictures/rasteriser.ts";
import type { NamedChannel } from "./integrations/slack/channel-check.ts";
import { flameGraphPictures } from "./jobs/thread/pictures.ts";
import type { Host } from "./ports/host.ts";
import type { Role } from "./ports/server.ts";
import type { ServeParts } from "./serve.ts";
import { openSlack } from "./slack.ts";
import { checkSlack, type SlackInstallation } from "./slack-installation.ts";

/** Throws nothing yet: what is missing is told when the part that needs it is opened. */
export function configuredParts(config: GofireConfig | undefined, host: Host, version: string): ServeParts {
  const rasteriser = resvgRasteriser();
  return {
    version,
    close: () => rasteriser.close(),
    openChat: async (role, tell) =>
      await openSlack(await installation(config, role, host, version), role, tell),
    openArtifacts: (stateFolder) => configuredArtifacts(config, host, stateFolder),
    async queueBoard() {
      const board = config?.queueBoard;
      if (board === undefined) return undefined;
      return { ...board, password: await readSecret(board.password, host, `${config?.file}: queueBoard`) };
    },
    browser: () => browserOf(config, host),
    pictures: (artifacts, links) =>
      flameGraphPictures({
        artifacts,
        rasteriser,
        readCapture: (key, signal) => readStoredCapture(artifacts, key, signal),
        ...(links === undefined ? {} : { links }),
      }),
  };
}

/** What `gofire doctor` says of Slack; see `checkSlack`. */
export async function slackCheck(
  config: GofireConfig | undefined,
  host: Host,
  version: string,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  return await checkSlack(await installation(config, "web", host, version), tell, signal);
}

async function installation(
  config: GofireConfig | undefined,
  role: Role,
  host: Host,
  version: string,
): Promise<SlackInstallation> {
  const slack = config?.slack ?? usualSlack(host);
  const secrets = await slackSecrets(slack, role, host, config?.file ?? "gofire.yaml");
  const pages = config?.alerts?.messages;
  return {
    slack,
    access: config?.access ?? accessOf(),
    accounts: config?.people ?? new Map(),
    version,
    ...secrets,
    ...(pages === undefined ? {} : { pages }),
    channels: namedChannels(config),
  };
}

function cards(id: string, setting: string): NamedChannel {
  return { id, setting, use: "cards" };
}

/** Where pages are answered, and where they are heard. */
function namedChannels({ alerts, services = {} }: Partial<GofireConfig> = {}): readonly NamedChannel[] {
  if (alerts === undefined) return [];
  return [
    cards(alerts.channel, "alerts.channel"),
    ...alerts.routes.map(({ channel }, index) => cards(channel, `alerts.routes[${index}].channel`)),
    ...Object.entries(services).flatMap(([name, { channel }]) =>
      channel === undefined ? [] : [cards(channel, `services.${name}.channel`)],
    ),
    ...(alerts.messages?.channels ?? []).map(
      (id) => ({ id, setting: "alerts.messages.channels", use: "pages" }) as const,
    ),
  ];
}

async function browserOf(config: GofireConfig | undefined, host: Host): Promise<BrowserSettings | undefined> {
  const { url = host.environment("GOFIRE_URL"), linkSecret } = config?.web ?? {};
  if (url === undefined) return undefined;
  const secret =
    linkSecret === undefined
      ? host.environment("GOFIRE_LINK_SECRET")
      : await readSecret(linkSecret, host, `${config?.file}: web`);
  return { url, ...(secret === undefined ? {} : { secret }) };
}

/** Without a `slack` section: by the environment variables that are usual for it. */
function usualSlack(host: Host): SlackConfig {
  if (host.environment("SLACK_BOT_TOKEN") === undefined) {
    throw new UsageError(
      "gofire serve answers in Slack and does not know how to get there: set SLACK_BOT_TOKEN (xoxb-…) and " +
        "SLACK_APP_TOKEN (xapp-…), or write a slack section into gofire.yaml. slack-manifest.yaml makes the app at " +
        "https://api.slack.com/apps.",
    );
  }
  return slackOf({}, ".");
}

/** Where each is on the app's page. */
const whereSecretsAre = {
  botToken: "OAuth & Permissions shows it as the Bot User OAuth Token (xoxb-…)",
  appToken: "Basic Information > App-Level Tokens makes it (xapp-…), with the scope connections:write",
  signingSecret: "Basic Information > App Credentials shows it as the Signing Secret",
} as const;

async function slackSecrets(slack: SlackConfig, role: Role, host: Host, file: string) {
  const secret = (name: keyof typeof whereSecretsAre) =>
    readSecret(
      slack[name],
      host,
      `${file}: slack`,
      `On the app's page at https://api.slack.com/apps, ${whereSecretsAre[name]}.`,
    );
  const botToken = await secret("botToken");
  if (role === "worker") return { botToken };
  return slack.mode === "socket"
    ? { botToken, appToken: await secret("appToken") }
    : { botToken, signingSecret: await secret("signingSecret") };
}
