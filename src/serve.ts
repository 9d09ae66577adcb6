/** `gofire serve` as a process: its Redis, its chat, its bot, its listeners, up in this order and down in reverse. */
import { openCheckpointOf } from "./audit/checkpoint.ts";
import { type BoardSettings, openBoard } from "./board.ts";
import { type BrowserSettings, openBrowser } from "./browser.ts";
import { reasonOf } from "./domain/errors.ts";
import { present } from "./domain/present.ts";
import { seldom } from "./domain/seldom.ts";
import { counted } from "./domain/units.ts";
import { type Endpoint, openEndpoints } from "./endpoints.ts";
import { captureLock } from "./integrations/artifacts/capture-lock.ts";
import { systemClock } from "./integrations/clock/system-clock.ts";
import { thisHost } from "./integrations/host/this-host.ts";
import { alertWebhook } from "./integrations/http/alert-webhook.ts";
import { auditAnswer, auditPath } from "./integrations/http/audit-log.ts";
import { forNamedClients } from "./integrations/http/client-names.ts";
import { healthAnswer } from "./integrations/http/health.ts";
import { type Answer, openListener } from "./integrations/http/listener.ts";
import { chooseRedis } from "./integrations/redis/chosen.ts";
import type { RedisClient } from "./integrations/redis/connection.ts";
import { inOnePlace } from "./integrations/redis/one-place.ts";
import type { Rights } from "./jobs/access/refusal.ts";
import type { GateLooks } from "./jobs/gate/looks.ts";
import { rememberingIntake } from "./jobs/pages/intake.ts";
import type { Cards } from "./jobs/publish.ts";
import { shadowLine } from "./jobs/thread/shadow.ts";
import { type Bot, type BotSettings, startBot } from "./main.ts";
import type { Artifacts } from "./ports/artifacts.ts";
import type { AuditLog } from "./ports/audit-log.ts";
import type { Chat } from "./ports/chat.ts";
import type { ConfigGate } from "./ports/config-gate.ts";
import type { People } from "./ports/people.ts";
import type { Pictures } from "./ports/pictures.ts";
import type { ProfileLinks } from "./ports/profile-links.ts";
import type { ListenAddress, PagesRequest, Role, ServeRequest, Server } from "./ports/server.ts";
import type { Services } from "./ports/services.ts";

/** What the chat's commands work on. */
export interface Running
  extends Pick<
    Bot,
    | "incidents"
    | "queue"
    | "tlsLooks"
    | "tlsPlaces"
    | "gateRequests"
    | "gateCards"
    | "mutes"
    | "feedback"
    | "pageMessages"
    | "storms"
    | "openActs"
    | "rollbackSteps"
  > {
  readonly services: Services;
  readonly gate?: Pick<ConfigGate, "repository">;
  readonly artifacts: Artifacts;
}

/** A chat as the bot uses it. */
export interface ChatSide {
  readonly chat: Chat;
  readonly cards: Cards & GateLooks;
  /** Who people are, for what is written about them; absent: they are named by their ids. */
  readonly people?: People;
  /** Who may do what at the moment it is done. */
  readonly rights: Rights;
  /** What the chat sends by HTTP, and where; absent when it sends nothing that way. */
  readonly requests?: {
    /** An address of its own; the one where health is told when absent. */
    readonly listen?: ListenAddress;
    readonly path: string;
    readonly answer: Answer;
  };
  /** Begins to hear people; not called for workers. Everything it accepts it has put into incidents and queue. */
  listen(running: Running): Promise<void>;
  /** Hears nobody any more; what it accepted is in the queue when this resolves. */
  hush(): Promise<void>;
  /** Called last. */
  close(): Promise<void>;
}

/** The artifacts, how they come there and how long they stay. */
export interface ArtifactSide extends Pick<BotSettings, "artifacts" | "bundles" | "keep"> {
  /** In words. */
  readonly where?: string;
}

/** What differs from installation to installation. */
export interface ServeParts {
  readonly version: string;
  openChat(role: Role, tell: (line: string) => void): Promise<ChatSide>;
  openArtifacts(stateFolder: string): Promise<ArtifactSide>;
  /** Undefined: operators get no page. */
  queueBoard?(): Promise<BoardSettings | undefined>;
  /** Where people reach this gofire; undefined: there is no flame graph in the browser. */
  browser?(): Promise<BrowserSettings | undefined>;
  pictures(artifacts: Artifacts, links: ProfileLinks | undefined): Pictures;
  /** Called last: ends the threads that would keep the process. */
  close?(): Promise<void>;
}

export function server(parts: ServeParts): Server {
  return {
    async start(request) {
      /** What is to be taken down, last first. */
      const down: (() => Promise<void>)[] = [];
      async function takeDown(): Promise<void> {
        for (const step of down.splice(0).toReversed()) {
          await step().catch((error: unknown) => request.tell(reasonOf(error)));
        }
      }
      try {
        return { url: await bringUp(request, parts, down), stop: takeDown };
      } catch (error) {
        await takeDown();
        throw error;
      }
    },
  };
}

/** Opens one after the other, and puts into `down` how each is closed. Gives the URL at which health is told. */
async function bringUp(
  request: ServeRequest,
  parts: ServeParts,
  down: (() => Promise<void>)[],
): Promise<string> {
  const { role, listen, graceMs, limits, stateFolder, services, pages, tell } = request;
  const { tlsPlaces, metrics, configs } = request;
  const { version } = parts;
  const trouble = seldom(tell, () => systemClock.monotonicMs());
  let client: RedisClient | undefined;
  let ownUrl: string | undefined;
  down.push(async () => await parts.close?.());
  const { auditLog, gate } = approvals(request, () => client);

  // The one that `gofire snapshot` takes here, too.
  const nearLock = captureLock(`${stateFolder}/locks`);
  const redis = await chooseRedis(thisHost, stateFolder, nearLock, trouble);
  down.push(() => redis.leave());
  tell(`Using ${redis.because}.`);
  const { where, ...kept } = await parts.openArtifacts(stateFolder);
  const { artifacts } = kept;
  if (where !== undefined) tell(`Keeping evidence in ${where}.`);
  const reached = await parts.browser?.();
  const browser =
    reached === undefined
      ? undefined
      : await openBrowser(reached, stateFolder, { artifacts, clock: systemClock }, () => ownUrl);
  const side = await parts.openChat(role, tell);
  down.push(() => side.close());
  const bot = await startBot({
    role,
    redis: redis.address,
    caps: { ...limits, overall: limits.captures },
    mostWaiting: limits.waiting,
    chat: side.chat,
    cards: side.cards,
    rights: side.rights,
    ...kept,
    nearLock,
    pictures: parts.pictures(artifacts, browser?.links),
    services,
    ...present({
      tls: redis.tls,
      people: side.people,
      tlsPlaces,
      metrics,
      configs,
      auditLog,
      gate,
      paging: pages,
    }),
    clock: systemClock,
    version,
    onTrouble: trouble,
  });
  down.push(() => bot.stop(graceMs));
  client = bot.redis.client;
  if (auditLog !== undefined) tell(await auditLine(auditLog));
  const inShadow = pages === undefined ? undefined : await shadowLine(pages);
  if (inShadow !== undefined) tell(inShadow);

  const noBrowser = browser === undefined && role !== "web" ? noLinks : undefined;
  const endpoints = [
    { routes: { "/healthz": healthOf(bot, role, version) }, told: noBrowser },
    ...(role === "worker" ? [] : await forPeople(request, parts, { bot, side, browser }, down)),
  ];
  const url = await openEndpoints(listen, endpoints, {
    async open(address, routes, tls) {
      const secure =
        tls === undefined
          ? undefined
          : { files: tls, host: thisHost, nowMs: () => systemClock.nowMs(), tell };
      const listener = await openListener(address, routes, secure, { onTrouble: trouble });
      down.push(() => listener.close());
      return listener.url;
    },
    opened: (shared) => {
      ownUrl = shared;
    },
    tell,
  });
  if (role !== "worker") {
    await side.listen({ ...bot, services, ...present({ gate }), artifacts });
    // Before the listeners close: what was heard has to be answered.
    down.push(() => side.hush());
  }
  return url;
}

/** The gate and the log that its decisions are kept in: without such a log nothing can be approved, and that is told. */
function approvals(
  { auditLog: ownLog, gate: configured, tell }: ServeRequest,
  client: () => RedisClient | undefined,
): Pick<BotSettings, "auditLog" | "gate"> {
  const auditLog = ownLog === undefined ? undefined : inOnePlace(ownLog, client);
  if (configured !== undefined && auditLog === undefined) {
    tell("Nothing can be approved: gofire.yaml has a gate and no audit log (audit) that keeps who approved.");
  }
  return present({
    auditLog,
    gate: configured === undefined || auditLog === undefined ? undefined : { ...configured, audit: auditLog },
  });
}

/** A log that does not verify stops approvals, not captures: those are needed at 3 a.m. */
async function auditLine(log: AuditLog): Promise<string> {
  try {
    const checkpoint = openCheckpointOf(log, await log.checkpoint(new AbortController().signal));
    if (typeof checkpoint === "string") throw new Error(`the checkpoint of ${log.origin} ${checkpoint}`);
    return `Audit log ${log.origin}: ${counted(checkpoint.size, "entry", "entries")}, all verified.`;
  } catch (error) {
    return `Nothing can be approved or rolled back: ${reasonOf(error)}`;
  }
}

function healthOf(bot: Bot, role: Role, version: string): Answer {
  return healthAnswer(async (signal) => ({
    role,
    version,
    redis: bot.redis.server,
    queue: await bot.queue.counts(signal),
  }));
}

/** What is answered to people, their browsers, and programs that act for them; a worker answers none of it. */
async function forPeople(
  { auditFiles, pages, tell }: ServeRequest,
  parts: ServeParts,
  {
    bot,
    side,
    browser,
  }: { readonly bot: Bot; readonly side: ChatSide; readonly browser: Endpoint | undefined },
  down: (() => Promise<void>)[],
): Promise<readonly Endpoint[]> {
  const settings = await parts.queueBoard?.();
  const board = settings === undefined ? undefined : await openBoard(settings, bot.redis.client, tell);
  if (board !== undefined) down.push(() => board.close());
  return [
    browser,
    auditFiles === undefined ? undefined : { routes: { [auditPath]: auditAnswer(auditFiles) } },
    pages === undefined ? undefined : alertEndpoint(pages, bot),
    board,
    side.requests === undefined ? undefined : chatEndpoint(side.requests),
  ].filter((endpoint) => endpoint !== undefined);
}

function noLinks(url: string): string {
  return `Flame graphs come without a link: set web.url in gofire.yaml (or GOFIRE_URL) to the address at which people reach ${url}.`;
}

/** Alertmanager's and Grafana's notifications alike. */
export const alertPath = "/webhooks/alertmanager";

function alertEndpoint({ secrets, listen, tls }: PagesRequest, { alerts }: Bot): Endpoint {
  const answer = alertWebhook(secrets, rememberingIntake(alerts), () => systemClock.nowMs());
  const named = tls?.clientNames === undefined ? answer : forNamedClients(tls.clientNames, answer);
  const proof = tls?.clientCaFile === undefined ? "" : ", with a client certificate";
  return {
    routes: { [alertPath]: named },
    listen,
    tls,
    told: (url) => `Alert senders are expected at ${url}${alertPath}${proof}.`,
  };
}

function chatEndpoint({ listen, path, answer }: NonNullable<ChatSide["requests"]>): Endpoint {
  return {
    routes: { [path]: answer },
    listen,
    told: (url) => `Slack's requests are expected at ${url}${path}.`,
  };
}
