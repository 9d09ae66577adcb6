/** `gofire serve` as a process: its Redis, its chat, its bot, its listeners, up in this order and down in reverse. */
import { type BoardSettings, openBoard } from "./board.ts";
import { type BrowserSettings, openBrowser } from "./browser.ts";
import { reasonOf } from "./domain/errors.ts";
import { seldom } from "./domain/seldom.ts";
import { counted } from "./domain/units.ts";
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
import type { ListenAddress, PagesRequest, Role, Server } from "./ports/server.ts";
import type { ServerTls } from "./ports/server-tls.ts";
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
    async start({
      role,
      listen,
      graceMs,
      limits,
      stateFolder,
      services,
      tlsPlaces,
      metrics,
      configs,
      gate: configuredGate,
      auditLog: ownLog,
      auditFiles,
      pages,
      tell,
    }) {
      /** What is to be taken down, last first. */
      const down: (() => Promise<void>)[] = [];
      async function takeDown(): Promise<void> {
        for (const step of down.splice(0).toReversed()) {
          await step().catch((error: unknown) => tell(reasonOf(error)));
        }
      }
      async function open(
        address: ListenAddress,
        routes: Readonly<Record<string, Answer>>,
        tls?: ServerTls,
      ): Promise<string> {
        const secure =
          tls === undefined
            ? undefined
            : { files: tls, host: thisHost, nowMs: () => systemClock.nowMs(), tell };
        const listener = await openListener(address, routes, secure, { onTrouble: trouble });
        down.push(() => listener.close());
        return listener.url;
      }
      let client: RedisClient | undefined;
      const auditLog = ownLog === undefined ? undefined : inOnePlace(ownLog, () => client);
      const gate =
        configuredGate === undefined || auditLog === undefined
          ? undefined
          : { ...configuredGate, audit: auditLog };
      if (configuredGate !== undefined && gate === undefined) {
        tell(
          "Nothing can be approved: gofire.yaml has a gate and no audit log (audit) that keeps who approved.",
        );
      }
      const trouble = seldom(tell, () => systemClock.monotonicMs());
      let ownUrl: string | undefined;
      down.push(async () => await parts.close?.());
      try {
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
          ...(redis.tls === undefined ? {} : { tls: redis.tls }),
          caps: { ...limits, overall: limits.captures },
          mostWaiting: limits.waiting,
          chat: side.chat,
          cards: side.cards,
          ...(side.people === undefined ? {} : { people: side.people }),
          rights: side.rights,
          ...kept,
          nearLock,
          pictures: parts.pictures(artifacts, browser?.links),
          services,
          ...(tlsPlaces === undefined ? {} : { tlsPlaces }),
          ...(metrics === undefined ? {} : { metrics }),
          ...(configs === undefined ? {} : { configs }),
          ...(auditLog === undefined ? {} : { auditLog }),
          ...(gate === undefined ? {} : { gate }),
          ...(pages === undefined ? {} : { paging: pages }),
          clock: systemClock,
          version: parts.version,
          onTrouble: trouble,
        });
        down.push(() => bot.stop(graceMs));
        client = bot.redis.client;
        if (auditLog !== undefined) tell(await auditLine(auditLog));
        const health = healthAnswer(async (signal) => ({
          role,
          version: parts.version,
          redis: bot.redis.server,
          queue: await bot.queue.counts(signal),
        }));
        const wanted = role === "worker" ? undefined : await parts.queueBoard?.();
        const board = wanted === undefined ? undefined : await openBoard(wanted, bot.redis.client, tell);
        if (board !== undefined) down.push(() => board.close());
        const boardIsShared = wanted !== undefined && isSame(wanted.listen, listen);
        const requests = role === "worker" ? undefined : side.requests;
        const heardElsewhere =
          requests?.listen === undefined || isSame(requests.listen, listen) ? undefined : requests.listen;
        const heard = requests === undefined ? {} : { [requests.path]: requests.answer };
        const pagedElsewhere = role === "worker" ? undefined : ownListener(pages, listen);
        const paged =
          pages === undefined || role === "worker" ? {} : { [alertPath]: alertAnswer(pages, bot) };
        const url = await open(listen, {
          "/healthz": health,
          ...(boardIsShared ? board?.routes : {}),
          ...(role === "worker" ? {} : browser?.routes),
          ...(role === "worker" || auditFiles === undefined ? {} : { [auditPath]: auditAnswer(auditFiles) }),
          ...(heardElsewhere === undefined ? heard : {}),
          ...(pagedElsewhere === undefined ? paged : {}),
        });
        ownUrl = url;
        if (browser === undefined && role !== "web") {
          tell(
            `Flame graphs come without a link: set web.url in gofire.yaml (or GOFIRE_URL) to the address at which people reach ${url}.`,
          );
        }
        if (pages !== undefined && role !== "worker") {
          const at = pagedElsewhere === undefined ? url : await open(pagedElsewhere, paged, pages.tls);
          const proof = pages.tls?.clientCaFile === undefined ? "" : ", with a client certificate";
          tell(`Alert senders are expected at ${at}${alertPath}${proof}.`);
        }
        const inShadow = pages === undefined ? undefined : await shadowLine(pages);
        if (inShadow !== undefined) tell(inShadow);
        if (wanted !== undefined && board !== undefined) {
          const at = boardIsShared ? url : await open(wanted.listen, board.routes);
          tell(`The queue is shown to operators at ${at}${board.path}.`);
        }
        const heardAt = heardElsewhere === undefined ? url : await open(heardElsewhere, heard);
        if (requests !== undefined) tell(`Slack's requests are expected at ${heardAt}${requests.path}.`);
        if (role !== "worker") {
          await side.listen({
            incidents: bot.incidents,
            queue: bot.queue,
            tlsLooks: bot.tlsLooks,
            tlsPlaces: bot.tlsPlaces,
            gateRequests: bot.gateRequests,
            gateCards: bot.gateCards,
            mutes: bot.mutes,
            feedback: bot.feedback,
            pageMessages: bot.pageMessages,
            storms: bot.storms,
            openActs: bot.openActs,
            rollbackSteps: bot.rollbackSteps,
            services,
            ...(gate === undefined ? {} : { gate }),
            artifacts,
          });
          // Before the listeners close: what was heard has to be answered.
          down.push(() => side.hush());
        }
        return { url, stop: takeDown };
      } catch (error) {
        await takeDown();
        throw error;
      }
    },
  };
}

/** A log that does not verify stops approvals, not captures: those are needed at 3 a.m. */
async function auditLine(log: AuditLog): Promise<string> {
  try {
    const [, size] = (await log.checkpoint(new AbortController().signal)).split("\n");
    return `Audit log ${log.origin}: ${counted(Number(size), "entry", "entries")}, all verified.`;
  } catch (error) {
    return `Nothing can be approved or rolled back: ${reasonOf(error)}`;
  }
}

/** Where senders are heard besides health: TLS is never shared, because probes and browsers show no certificate. */
function ownListener(pages: PagesRequest | undefined, shared: ListenAddress): ListenAddress | undefined {
  if (pages?.listen === undefined) return undefined;
  return pages.tls === undefined && isSame(pages.listen, shared) ? undefined : pages.listen;
}

/** Alertmanager's and Grafana's notifications alike. */
export const alertPath = "/webhooks/alertmanager";

function alertAnswer({ secrets, tls }: PagesRequest, { alerts }: Bot): Answer {
  const answer = alertWebhook(secrets, rememberingIntake(alerts), () => systemClock.nowMs());
  return tls?.clientNames === undefined ? answer : forNamedClients(tls.clientNames, answer);
}

function isSame(one: ListenAddress, other: ListenAddress): boolean {
  return one.host === other.host && one.port === other.port;
}
