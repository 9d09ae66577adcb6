import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { snapshotForm } from "../../../src/domain/chat/snapshot-form.ts";
import { fieldsOf, listOf } from "../../../src/sandbox/slack/fields.ts";
import { readAppManifest } from "../../../src/sandbox/slack/manifest.ts";
import { chatMethods } from "../../../src/sandbox/slack/methods/chat.ts";
import { fileMethods } from "../../../src/sandbox/slack/methods/files.ts";
import { viewMethods } from "../../../src/sandbox/slack/methods/views.ts";
import { workspaceMethods } from "../../../src/sandbox/slack/methods/workspace-methods.ts";
import { manifest } from "./slack-accepts.ts";

const app = readAppManifest(manifest);
const code = readdirSync("src/integrations/slack", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => readFileSync(`src/integrations/slack/${file}`, "utf8"))
  .join("\n");

/** Every bot scope there is that could be meant: a typo passes Slack's own schema. https://docs.slack.dev/reference/scopes */
const knownScopes = new Set([
  "app_mentions:read",
  "channels:history",
  "channels:join",
  "channels:read",
  "chat:write",
  "chat:write.public",
  "commands",
  "files:read",
  "files:write",
  "groups:history",
  "groups:read",
  "im:history",
  "im:read",
  "im:write",
  "reactions:read",
  "reactions:write",
  "team:read",
  "usergroups:read",
  "users:read",
  "users:read.email",
]);

/** https://docs.slack.dev/reference/events, each with the scope that it needs. */
const scopeOfEvent: Readonly<Record<string, string | undefined>> = {
  app_home_opened: undefined,
  app_mention: "app_mentions:read",
  member_joined_channel: "channels:read",
  "message.channels": "channels:history",
  "message.groups": "groups:history",
};

describe("slack-manifest.yaml", () => {
  it("has the two commands, with ids for what people mention", () => {
    expect(app.commands.map(({ command }) => command)).toEqual(["/gofire", "/approve-config"]);
    expect(app.shouldEscape).toBe(true);
    for (const { command, description, hint } of app.commands) {
      expect(command).toMatch(/^\/[a-z-]{1,31}$/);
      expect(description.length).toBeGreaterThan(0);
      expect(hint.length).toBeGreaterThan(0);
    }
  });

  it("has the shortcut that the form is opened by", () => {
    expect(app.shortcuts).toEqual([
      { name: "Capture with gofire", type: "message", callbackId: snapshotForm.shortcut },
    ]);
    expect(app.shortcuts[0]?.name.length).toBeLessThanOrEqual(24);
  });

  it("has existing scopes only, each once", () => {
    const scopes = listedScopes();
    expect(new Set(scopes).size).toBe(scopes.length);
    expect(scopes.filter((scope) => !knownScopes.has(scope))).toEqual([]);
  });

  it("grants the scope of every method that the code calls", () => {
    const methods = [...chatMethods, ...workspaceMethods, ...viewMethods, ...fileMethods(new Map())];
    const called = methods.filter(({ name }) => code.includes(`"${name}"`));
    expect(called.map(({ name }) => name)).toContain("chat.postMessage");
    for (const { name, scope, token } of called) {
      if (token === "app" || scope === undefined) continue;
      expect(app.botScopes, `${name} needs ${scope}`).toContain(scope);
    }
  });

  it("calls no method that the stand-in does not know", () => {
    const methods = [...chatMethods, ...workspaceMethods, ...viewMethods, ...fileMethods(new Map())];
    const known = new Set([...methods.map(({ name }) => name), "apps.connections.open"]);
    const called = [
      ...code.matchAll(
        /"((?:chat|files|conversations|reactions|users|usergroups|views|auth|apps)\.[A-Za-z.]+)"/g,
      ),
    ];
    expect(called.map(([, name]) => name).filter((name) => !known.has(name ?? ""))).toEqual([]);
  });

  it("subscribes to events that its scopes allow", () => {
    for (const event of app.botEvents) {
      expect(Object.keys(scopeOfEvent)).toContain(event);
      const scope = scopeOfEvent[event];
      if (scope !== undefined) expect(app.botScopes, event).toContain(scope);
    }
    for (const event of Object.keys(scopeOfEvent)) expect(app.botEvents).toContain(event);
  });

  it("subscribes to what the code hears, and to nothing else", () => {
    const heard = [...code.matchAll(/app\.event\("([a-z_]+)"/g)].map(([, name]) => name);
    expect(heard).toContain("app_mention");
    const kinds = [...app.botEvents].map((event) => event.replace(/^message\..*/, "message"));
    expect(new Set(heard)).toEqual(new Set(kinds));
  });

  it("asks for no scope that neither a method, an event nor a command needs", () => {
    const methods = [...chatMethods, ...workspaceMethods, ...viewMethods, ...fileMethods(new Map())];
    const called = methods.filter(({ name }) => code.includes(`"${name}"`));
    const needed = new Set([
      ...called.map(({ scope }) => scope),
      ...Object.values(scopeOfEvent),
      "commands",
      // What chat:write and the scopes for public channels cannot do.
      "chat:write.public",
      "groups:read",
      "groups:history",
    ]);
    expect(listedScopes().filter((scope) => !needed.has(scope))).toEqual([]);
  });

  it("hears clicks, shows Home, uses Socket Mode, keeps to the lengths of the manifest's schema", () => {
    const { settings, features, display_information: display } = fieldsOf(manifest);
    expect(fieldsOf(fieldsOf(settings).interactivity).is_enabled).toBe(true);
    expect(fieldsOf(settings).socket_mode_enabled).toBe(true);
    expect(fieldsOf(settings).token_rotation_enabled).toBe(false);
    expect(fieldsOf(fieldsOf(features).app_home)).toMatchObject({ home_tab_enabled: true });
    const { name, description, long_description: long } = fieldsOf(display);
    expect(String(name).length).toBeLessThanOrEqual(35);
    expect(String(description).length).toBeLessThanOrEqual(140);
    expect(String(long).length).toBeGreaterThanOrEqual(175);
    expect(String(long).length).toBeLessThanOrEqual(4_000);
    for (const shortcut of listOf(fieldsOf(features).shortcuts))
      expect(String(shortcut.description).length).toBeLessThanOrEqual(150);
  });
});

function listedScopes(): readonly string[] {
  const bot = fieldsOf(fieldsOf(fieldsOf(manifest).oauth_config).scopes).bot;
  return Array.isArray(bot) ? bot.map(String) : [];
}
