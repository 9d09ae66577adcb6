import type { SandboxClock } from "./clock.ts";
import type { Fields } from "./fields.ts";
import type { AppManifest } from "./manifest.ts";
import type { ChannelSeed, UserSeed, WorkspaceSeed } from "./seed.ts";

export interface SlackUser extends UserSeed {
  readonly teamId: string;
}

export interface SlackChannel extends Omit<ChannelSeed, "members" | "hasBot"> {
  readonly members: Set<string>;
  /** Oldest first. */
  readonly messages: SlackMessage[];
  lastTsMicros: number;
}

export interface SlackMessage {
  readonly ts: string;
  readonly threadTs?: string;
  readonly user?: string;
  readonly botId?: string;
  readonly appId?: string;
  readonly username?: string;
  /** Name of the app, where it posts under its own. */
  readonly botName?: string;
  readonly subtype?: string;
  text: string;
  blocks?: readonly Fields[];
  attachments?: readonly Fields[];
  metadata?: Fields;
  files?: readonly string[];
  editedTs?: string;
  reactions: { readonly name: string; readonly users: string[] }[];
  /** Only this user sees it. */
  readonly onlyFor?: string;
  /** Slack took it and shows it to nobody. */
  readonly isUnseen?: true;
}

export interface SlackFile {
  readonly id: string;
  readonly name: string;
  title: string;
  readonly altText?: string;
  readonly mimetype: string;
  readonly bytes: Buffer;
  readonly createdAtMs: number;
  /** From then on it can be shown in blocks and files.info tells its type. Undefined until the upload is completed. */
  readyAtMs?: number;
  readonly shares: { readonly channel: string; readonly ts: string; readonly threadTs?: string }[];
}

export interface SlackView {
  readonly id: string;
  readonly rootId: string;
  readonly kind: "modal" | "home";
  readonly userId: string;
  view: Fields;
  hash: string;
  readonly externalId?: string;
}

export interface Trigger {
  readonly userId: string;
  readonly expiresAtMs: number;
  used: boolean;
  /** The modal it was clicked in. */
  readonly viewId?: string;
}

export interface ResponseUrl {
  readonly channel: string;
  readonly userId: string;
  /** The message whose button gave this URL. */
  readonly original?: { readonly ts: string; readonly isEphemeral: boolean };
  readonly threadTs?: string;
  readonly expiresAtMs: number;
  uses: number;
}

/** What changed; the page asks for nothing more than this to know what to draw anew. */
export type WorkspaceChange =
  | { readonly kind: "message"; readonly channel: string; readonly ts: string }
  | { readonly kind: "channel"; readonly channel: string }
  | { readonly kind: "view"; readonly userId: string }
  | { readonly kind: "home"; readonly userId: string }
  | { readonly kind: "traffic" };

export interface Workspace {
  readonly clock: SandboxClock;
  readonly manifest: AppManifest;
  readonly team: WorkspaceSeed["team"];
  readonly app: { readonly id: string; readonly botId: string; readonly botUserId: string };
  readonly users: Map<string, SlackUser>;
  readonly channels: Map<string, SlackChannel>;
  readonly usergroups: WorkspaceSeed["usergroups"];
  readonly files: Map<string, SlackFile>;
  /** Stack of open modals per user, topmost last. */
  readonly modals: Map<string, SlackView[]>;
  readonly homes: Map<string, SlackView>;
  readonly triggers: Map<string, Trigger>;
  readonly responseUrls: Map<string, ResponseUrl>;
  /** Base of URLs the stand-in hands out, without a slash at its end. */
  baseUrl: string;
  /** How long an acknowledgement may take, and a trigger lives. */
  readonly patienceMs: number;
  /** Milliseconds from completing an upload until the file is processed, and until it appears in the channel. */
  readonly fileDelays: { processMs: number; shareMs: number };
  newId(prefix: string): string;
  changed(change: WorkspaceChange): void;
  onChange(listener: (change: WorkspaceChange) => void): () => void;
  /** Hands an Events API event to the app, when its manifest subscribes to it. Set by the deliveries. */
  event(event: Fields): void;
  onEvent(listener: (event: Fields) => void): void;
}

const botUserId = "U0BOTGF001";

/**
 * Slack waits three seconds for an acknowledgement (https://docs.slack.dev/interactivity/handling-user-interaction), and
 * for a view after each trigger (https://docs.slack.dev/surfaces/modals#trigger).
 */
const slacksPatienceMs = 3_000;

export function createWorkspace(
  seed: WorkspaceSeed,
  manifest: AppManifest,
  clock: SandboxClock,
  patienceMs = slacksPatienceMs,
): Workspace {
  let count = 0;
  const changeListeners = new Set<(change: WorkspaceChange) => void>();
  const eventListeners: ((event: Fields) => void)[] = [];
  const users: SlackUser[] = [
    ...seed.users,
    {
      id: botUserId,
      name: manifest.botName.toLowerCase(),
      realName: manifest.botName,
      email: "",
      kind: "bot" as const,
    },
  ].map((user) => ({ ...user, teamId: homeOf(user.kind) ?? seed.team.id }));
  const channels = seed.channels.map(
    ({ members, hasBot, ...channel }): SlackChannel => ({
      ...channel,
      members: new Set(hasBot === true ? [...members, botUserId] : members),
      messages: [],
      lastTsMicros: 0,
    }),
  );
  return {
    clock,
    manifest,
    team: seed.team,
    app: { id: "A0GOFIRE01", botId: "B0GOFIRE01", botUserId },
    users: new Map(users.map((user) => [user.id, user])),
    channels: new Map(channels.map((channel) => [channel.id, channel])),
    usergroups: seed.usergroups,
    files: new Map(),
    modals: new Map(),
    homes: new Map(),
    triggers: new Map(),
    responseUrls: new Map(),
    baseUrl: "",
    patienceMs,
    fileDelays: { processMs: 50, shareMs: 100 },
    newId(prefix) {
      count += 1;
      return `${prefix}0${count.toString(36).toUpperCase().padStart(9, "0")}`;
    },
    changed(change) {
      for (const listener of changeListeners) listener(change);
    },
    onChange(listener) {
      changeListeners.add(listener);
      return () => changeListeners.delete(listener);
    },
    event(event) {
      for (const listener of eventListeners) listener(event);
    },
    onEvent(listener) {
      eventListeners.push(listener);
    },
  };
}

/** The next timestamp of a channel: seconds and microseconds, never the same twice, never going back. */
export function nextTs(workspace: Workspace, channel: SlackChannel): string {
  channel.lastTsMicros = Math.max(workspace.clock.nowMs() * 1_000, channel.lastTsMicros + 1);
  return tsOf(channel.lastTsMicros);
}

/** "1732406400.000123" */
export function tsOf(micros: number): string {
  return `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, "0")}`;
}

const responseUrlLifeMs = 30 * 60_000;

/** A trigger_id: for one view, and not for long. */
export function newTrigger(workspace: Workspace, userId: string, viewId?: string): string {
  const id = `${workspace.newId("13")}.${workspace.newId("98")}.${workspace.newId("tr").toLowerCase()}`;
  const expiresAtMs = workspace.clock.nowMs() + workspace.patienceMs;
  workspace.triggers.set(id, {
    userId,
    expiresAtMs,
    used: false,
    ...(viewId === undefined ? {} : { viewId }),
  });
  return id;
}

/** A response_url: five uses within 30 minutes (https://docs.slack.dev/interactivity/handling-user-interaction). */
export function newResponseUrl(
  workspace: Workspace,
  place: Pick<ResponseUrl, "channel" | "userId" | "original" | "threadTs">,
): string {
  const id = workspace.newId("RU");
  workspace.responseUrls.set(id, {
    ...place,
    expiresAtMs: workspace.clock.nowMs() + responseUrlLifeMs,
    uses: 0,
  });
  return `${workspace.baseUrl}/response/${id}`;
}

/** The workspace that somebody is counted to, where it is another one. */
function homeOf(kind: SlackUser["kind"]): string | undefined {
  if (kind === "stranger") return "T0PARTNER1";
  return kind === "of-two" ? "T0SISTER01" : undefined;
}
