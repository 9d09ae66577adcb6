/** The bot that `gofire serve` runs: wires the queue, its workers and what they need, and takes it all down again. */
import { hostname } from "node:os";
import { bothLocks } from "./capture/both-locks.ts";
import { defaultStormLimits } from "./domain/alerts/storm.ts";
import { UsageError } from "./domain/errors.ts";
import { type BundleConditions, storedBundle } from "./integrations/artifacts/stored-bundle.ts";
import { storedEvidence } from "./integrations/artifacts/stored-evidence.ts";
import type { RedisAddress } from "./integrations/redis/address.ts";
import { alertStore } from "./integrations/redis/alert-store.ts";
import { type Caps, captureLimits } from "./integrations/redis/capture-limits.ts";
import { redisCaptureLock } from "./integrations/redis/capture-lock.ts";
import {
  type OpenRedis,
  openRedis,
  type RedisClient,
  type RedisTls,
} from "./integrations/redis/connection.ts";
import { wasEmptied } from "./integrations/redis/emptied.ts";
import { feedbackStore } from "./integrations/redis/feedback-store.ts";
import { gateCardStore } from "./integrations/redis/gate-card-store.ts";
import { redisGateRequests } from "./integrations/redis/gate-requests.ts";
import { heldPageStore } from "./integrations/redis/held-page-store.ts";
import { incidentStore } from "./integrations/redis/incident-store.ts";
import { mutesStore } from "./integrations/redis/mutes.ts";
import { openActStore } from "./integrations/redis/open-act-store.ts";
import { pageMessageStore } from "./integrations/redis/page-message-store.ts";
import { redisQueue } from "./integrations/redis/queue.ts";
import type { JobQueueSettings } from "./integrations/redis/queues.ts";
import { redisRollbackSteps } from "./integrations/redis/rollback-steps.ts";
import { rollbackStore } from "./integrations/redis/rollback-store.ts";
import { redisSendLocks } from "./integrations/redis/send-locks.ts";
import { stormStore } from "./integrations/redis/storm-store.ts";
import { tellingStore } from "./integrations/redis/telling-store.ts";
import { redisTlsLooks } from "./integrations/redis/tls-looks.ts";
import { defaultWorkerTimes, startWorker, type WorkerSettings } from "./integrations/redis/worker.ts";
import { hushOverheard } from "./jobs/access/overheard.ts";
import type { Rights } from "./jobs/access/refusal.ts";
import type { GateLooks } from "./jobs/gate/looks.ts";
import type { OpenGate } from "./jobs/gate/report.ts";
import { gateCardsTelling } from "./jobs/gate-card.ts";
import { storedAnalyses } from "./jobs/incidents/analyses.ts";
import { jobs, retries } from "./jobs/index.ts";
import { enqueueEveryMs } from "./jobs/pages/intake.ts";
import { releasePages } from "./jobs/pages/release-pages.ts";
import type { Cards } from "./jobs/publish.ts";
import { rollbacksTelling, sweepRollbacks } from "./jobs/rollback.ts";
import { closeLostRollbacks } from "./jobs/rollbacks/close-lost.ts";
import { sweepStorms } from "./jobs/storm.ts";
import { oneSender } from "./jobs/thread/one-sender.ts";
import { tellLeftActs } from "./jobs/thread/tell-acts.ts";
import { verdictsFirst } from "./jobs/turns/verdicts-first.ts";
import { countRepeats } from "./jobs/upkeep/repeats.ts";
import { type Keep, retire } from "./jobs/upkeep/retention.ts";
import { makeRounds, type Round } from "./jobs/upkeep/rounds.ts";
import { sweep } from "./jobs/upkeep/sweep.ts";
import type { Alerts, Paging } from "./ports/alerts.ts";
import type { Artifacts } from "./ports/artifacts.ts";
import type { AuditLog } from "./ports/audit-log.ts";
import type { CaptureLock } from "./ports/capture-lock.ts";
import type { Chat } from "./ports/chat.ts";
import type { Clock } from "./ports/clock.ts";
import type { ConfigCatalog } from "./ports/config-history.ts";
import type { Feedback } from "./ports/feedback.ts";
import type { GateCards } from "./ports/gate-cards.ts";
import type { GateRequests } from "./ports/gate-requests.ts";
import type { HeldPages } from "./ports/held-pages.ts";
import type { Incidents } from "./ports/incidents.ts";
import type { MetricsCatalog } from "./ports/metrics-server.ts";
import type { Mutes } from "./ports/mutes.ts";
import type { OpenActs } from "./ports/open-acts.ts";
import type { PageMessages } from "./ports/page-messages.ts";
import type { People } from "./ports/people.ts";
import type { Pictures } from "./ports/pictures.ts";
import type { Queue } from "./ports/queue.ts";
import type { RollbackSteps } from "./ports/rollback-steps.ts";
import type { Rollbacks } from "./ports/rollbacks.ts";
import type { Role } from "./ports/server.ts";
import type { Services } from "./ports/services.ts";
import type { Storms } from "./ports/storms.ts";
import type { TlsLooks } from "./ports/tls-looks.ts";
import type { TlsPlaces } from "./ports/tls-places.ts";
import type { JobName, RunningWorker } from "./ports/worker.ts";

export interface BotSettings {
  readonly role: Role;
  readonly redis: RedisAddress;
  readonly tls?: RedisTls;
  readonly caps: Caps;
  /** Most captures that may wait. */
  readonly mostWaiting: number;
  readonly chat: Chat;
  readonly cards: Cards & GateLooks;
  /** Who people are, for reports; absent: they are named by their ids. */
  readonly people?: People;
  /** What decides who may do something, asked anew when it is done. */
  readonly rights: Rights;
  readonly artifacts: Artifacts;
  /**
   * Taken beside the lock of all workers: this machine's, so that people at its terminal wait for captures and the other way
   * round.
   */
  readonly nearLock?: CaptureLock;
  /** What captures go through on their way there. */
  readonly bundles?: BundleConditions;
  /** How long artifacts are kept; absent: for ever. */
  readonly keep?: Keep;
  readonly pictures: Pictures;
  readonly services: Services;
  /** Absent: nobody may look at TLS ports from the chat. */
  readonly tlsPlaces?: TlsPlaces;
  /** Absent: nobody is asked what was usual before. */
  readonly metrics?: MetricsCatalog;
  readonly configs?: ConfigCatalog;
  /** Absent: nothing can be approved or rolled back. The caller closes it. */
  readonly auditLog?: AuditLog;
  /** Absent: nothing needs approval. */
  readonly gate?: OpenGate;
  /** Absent where no alert sender may post. */
  readonly paging?: Paging;
  readonly clock: Clock;
  readonly version: string;
  /** One line for who looks after gofire. */
  readonly onTrouble: (message: string) => void;
  readonly workerTimes?: WorkerTimes;
  /** How often lost work is looked for. */
  readonly sweepEveryMs?: number;
}

/** How soon the work of a worker that died is taken over: see `WorkerSettings`. */
export interface WorkerTimes extends Pick<WorkerSettings, "lockMs" | "stalledCheckMs"> {
  /** After this the target of a capture whose worker died is free again; the adapter's own figure when absent. */
  readonly targetLockMs?: number;
  /** The same of a message that it was sending. */
  readonly sendLockMs?: number;
}

export interface Bot {
  readonly incidents: Incidents;
  readonly alerts: Alerts;
  readonly pageMessages: PageMessages;
  readonly queue: Queue;
  readonly tlsLooks: TlsLooks;
  readonly gateRequests: GateRequests;
  readonly gateCards: GateCards;
  readonly tlsPlaces: TlsPlaces;
  readonly mutes: Mutes;
  readonly feedback: Feedback;
  readonly heldPages: HeldPages;
  readonly storms: Storms;
  readonly openActs: OpenActs;
  readonly rollbacks: Rollbacks;
  readonly rollbackSteps: RollbackSteps;
  readonly redis: Pick<OpenRedis, "client" | "address" | "server">;
  /** Takes nothing new, waits up to `graceMs` for what runs, hands over the rest, says goodbye to Redis. */
  stop(graceMs: number): Promise<void>;
}

const sweepEveryMs = 5_000;
const retireEveryMs = 600_000;
/** What the chat tells of a channel is remembered for as long. */
const lookAtRoomsEveryMs = 60_000;

const noTlsPlaces: TlsPlaces = { permit: refuseTls, look: () => Promise.resolve().then(refuseTls) };

function refuseTls(): never {
  throw new UsageError("This gofire looks at no TLS ports from the chat.");
}

const noPaging: Paging = { services: () => Promise.resolve([]), channel: "", hearsMessages: false };

/** Throws PortError when Redis cannot be used. */
export async function startBot(settings: BotSettings): Promise<Bot> {
  const { role, onTrouble, tlsPlaces = noTlsPlaces } = settings;
  const redis = await openRedis(settings.redis, {
    onTrouble: (message) => onTrouble(`Redis: ${message}`),
    ...(settings.tls === undefined ? {} : { tls: settings.tls }),
  });
  const stores = openStores(redis.client, settings);
  const { alerts, pageMessages, storms, tlsLooks, gateRequests, gateCards, rollbacks, rollbackSteps, queue } =
    stores;
  const queues = [
    alerts,
    pageMessages,
    storms,
    tlsLooks,
    gateRequests,
    gateCards,
    rollbacks,
    rollbackSteps,
    queue,
  ];
  async function goodbye(): Promise<void> {
    for (const each of queues) await each.close();
    await redis.close();
  }
  const work =
    role === "web"
      ? undefined
      : await beginWork({ ...settings, tlsPlaces }, redis.client, stores).catch(async (error: unknown) => {
          await goodbye();
          throw error;
        });
  return {
    ...stores,
    tlsPlaces,
    redis,
    async stop(graceMs) {
      await work?.stop(graceMs);
      await goodbye();
    },
  };
}

/** What is kept in Redis, and the queues of what is done about it, which are closed before the connection. */
function openStores(client: RedisClient, { clock, paging, mostWaiting, onTrouble }: BotSettings) {
  function queueOf(job: JobName): JobQueueSettings {
    return { retries: retries[job], onTrouble };
  }
  return {
    incidents: incidentStore(client, clock),
    mutes: mutesStore(client, clock),
    feedback: feedbackStore(client),
    heldPages: heldPageStore(client),
    openActs: openActStore(client),
    tellings: tellingStore(client),
    alerts: alertStore(client, clock, queueOf("page")),
    pageMessages: pageMessageStore(client, clock, queueOf("page-message")),
    storms: stormStore(client, paging?.storm ?? defaultStormLimits, queueOf("storm")),
    tlsLooks: redisTlsLooks(client, queueOf("tls-look")),
    gateRequests: redisGateRequests(client, queueOf("gate")),
    gateCards: gateCardStore(client, queueOf("gate-card")),
    rollbacks: rollbackStore(client, clock, queueOf("rollback")),
    rollbackSteps: redisRollbackSteps(client, queueOf("rollback-step")),
    queue: redisQueue(client, { retries, mostWaiting, onTrouble }),
  };
}

/** Does the jobs, and what is done by the clock. */
async function beginWork(
  settings: BotSettings & Required<Pick<BotSettings, "tlsPlaces">>,
  client: RedisClient,
  stores: ReturnType<typeof openStores>,
): Promise<RunningWorker> {
  const { clock, onTrouble, artifacts, keep, nearLock } = settings;
  const workerTimes: WorkerTimes = settings.workerTimes ?? defaultWorkerTimes;
  const lock = redisCaptureLock(client, workerTimes.targetLockMs);
  const ports = {
    ...settings,
    ...stores,
    chat: oneSender(settings.chat, redisSendLocks(client, workerTimes.sendLockMs)),
    paging: settings.paging ?? noPaging,
    lock: nearLock === undefined ? lock : bothLocks(lock, nearLock, hostname()),
    limits: captureLimits(client, settings.caps),
    evidence: storedEvidence(artifacts),
    bundleAt: (prefix: string) => storedBundle(artifacts, prefix, settings.bundles),
    analyses: storedAnalyses(artifacts),
    gofireVersion: settings.version,
    verdictsFirst: verdictsFirst(() => clock.monotonicMs()),
  };
  const worker = await startWorker(jobs(ports), client, { ...workerTimes, onTrouble });
  const everyMs = settings.sweepEveryMs ?? sweepEveryMs;
  const closeLost = (signal: AbortSignal) => closeLostRollbacks(ports, signal);
  const telling = [gateCardsTelling(ports), rollbacksTelling(ports)];
  // Each a round of its own: a chat that takes nothing must not keep a rollback from going on.
  const lookedAfter = [sweep, countRepeats, releasePages, sweepStorms, tellLeftActs, sweepRollbacks];
  const rounds: Round[] = [
    ...lookedAfter.map((look): Round => ({ everyMs, work: (signal) => look(ports, signal) })),
    { everyMs: enqueueEveryMs, work: (signal) => stores.alerts.enqueueChanged(signal) },
    { everyMs: lookAtRoomsEveryMs, work: (signal) => hushOverheard(telling, ports.rights.rooms, signal) },
    {
      everyMs,
      async work(signal) {
        if (await wasEmptied(client, signal)) await closeLost(signal);
      },
    },
    { everyMs: retireEveryMs, firstMs: everyMs, work: closeLost },
  ];
  if (keep !== undefined) {
    rounds.push({
      everyMs: retireEveryMs,
      work: (signal) => retire(keep, { ...ports, tell: onTrouble }, signal),
    });
  }
  const ending = new AbortController();
  const made = makeRounds(rounds, onTrouble, ending.signal);
  return {
    async stop(graceMs) {
      ending.abort(new Error("gofire ends"));
      await made;
      await worker.stop(graceMs);
    },
  };
}
