import { fieldsOf, listOf, textOf } from "./fields.ts";

/** What the stand-in enforces of an app manifest (https://docs.slack.dev/reference/app-manifest). */
export interface AppManifest {
  readonly name: string;
  readonly botName: string;
  readonly botScopes: ReadonlySet<string>;
  readonly botEvents: ReadonlySet<string>;
  readonly commands: readonly {
    readonly command: string;
    readonly description: string;
    readonly hint: string;
  }[];
  readonly shortcuts: readonly {
    readonly name: string;
    readonly type: "message" | "global";
    readonly callbackId: string;
  }[];
  readonly shouldEscape: boolean;
}

/** Reads a manifest that was parsed from YAML or JSON. What is missing counts as not granted. */
export function readAppManifest(source: unknown): AppManifest {
  const manifest = fieldsOf(source);
  const features = fieldsOf(manifest.features);
  const display = fieldsOf(manifest.display_information);
  const scopes = fieldsOf(fieldsOf(manifest.oauth_config).scopes);
  const subscriptions = fieldsOf(fieldsOf(manifest.settings).event_subscriptions);
  const name = textOf(display.name) ?? "app";
  const commands = listOf(features.slash_commands);
  return {
    name,
    botName: textOf(fieldsOf(features.bot_user).display_name) ?? name,
    botScopes: new Set(textsOf(scopes.bot)),
    botEvents: new Set(textsOf(subscriptions.bot_events)),
    commands: commands.map((command) => ({
      command: textOf(command.command) ?? "",
      description: textOf(command.description) ?? "",
      hint: textOf(command.usage_hint) ?? "",
    })),
    shouldEscape: commands.some((command) => command.should_escape === true),
    shortcuts: listOf(features.shortcuts).map((shortcut) => ({
      name: textOf(shortcut.name) ?? "",
      type: shortcut.type === "global" ? "global" : "message",
      callbackId: textOf(shortcut.callback_id) ?? "",
    })),
  };
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
