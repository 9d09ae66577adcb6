import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChatPorts } from "../../../src/commands/chat/chat-command.ts";
import { answerChat } from "../../../src/commands/chat/dispatch.ts";
import type { ChatReply } from "../../../src/domain/chat/chat-reply.ts";
import type { ChatRequest } from "../../../src/domain/chat/chat-request.ts";
import type { ChatAccess } from "../../../src/domain/chat/chat-rights.ts";
import { UsageError } from "../../../src/domain/errors.ts";
import type { Analysis } from "../../../src/domain/findings/finding.ts";
import type { Incident } from "../../../src/domain/incidents/incident.ts";
import { systemClock } from "../../../src/integrations/clock/system-clock.ts";
import { parseRedisUrl } from "../../../src/integrations/redis/address.ts";
import { openRedis } from "../../../src/integrations/redis/connection.ts";
import { feedbackStore } from "../../../src/integrations/redis/feedback-store.ts";
import { gateCardStore } from "../../../src/integrations/redis/gate-card-store.ts";
import { redisGateRequests } from "../../../src/integrations/redis/gate-requests.ts";
import { incidentStore } from "../../../src/integrations/redis/incident-store.ts";
import { mutesStore } from "../../../src/integrations/redis/mutes.ts";
import { openActStore } from "../../../src/integrations/redis/open-act-store.ts";
import { redisQueue } from "../../../src/integrations/redis/queue.ts";
import { redisRollbackSteps } from "../../../src/integrations/redis/rollback-steps.ts";
import { stormStore } from "../../../src/integrations/redis/storm-store.ts";
import { redisTlsLooks } from "../../../src/integrations/redis/tls-looks.ts";
import { storedAnalyses } from "../../../src/jobs/incidents/analyses.ts";
import { summaryOf } from "../../../src/jobs/incidents/summary.ts";
import { retries } from "../../../src/jobs/index.ts";
import type { Artifacts } from "../../../src/ports/artifacts.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { Services } from "../../../src/ports/services.ts";
import type { Storms } from "../../../src/ports/storms.ts";
import { fakeArtifacts } from "../../fakes/artifacts.ts";
import { type FakeChat, fakeChat } from "../../fakes/chat.ts";
import { type FakePeople, fakePeople } from "../../fakes/people.ts";
import { type FakeRooms, fakeRooms } from "../../fakes/rooms.ts";
import { testRedis } from "../../integrations/redis-server.ts";

export const never = new AbortController().signal;

/** The chat's commands over a real Redis, without a worker: what is queued stays queued. */
export interface Asking {
  readonly ports: ChatPorts;
  readonly people: FakePeople;
  readonly rooms: FakeRooms;
  readonly chat: FakeChat;
  readonly storms: Storms;
  readonly artifacts: Artifacts;
  ask(words: string, request?: Partial<ChatRequest>, access?: ChatAccess): Promise<ChatReply>;
  /** An incident with a verdict, as the worker leaves it. */
  judged(analysis: Analysis, change?: Partial<Incident>): Promise<Incident>;
  reset(): Promise<void>;
  close(): Promise<void>;
}

export const nobodyNamed: ChatAccess = { rights: {}, givenBy: { users: [], groups: [], channels: [] } };

const entries = [
  { name: "order", instances: ["order-1", "order-2"] },
  { name: "payment", instances: ["10.0.0.7:6060"] },
] as const;

const services: Services = {
  list: () => Promise.resolve(entries),
  processes: (service) =>
    Promise.resolve({
      processes: (entries.find(({ name }) => name === service)?.instances ?? []).map((name) => ({
        name,
        aliases: [],
      })),
      knownFrom: "gofire.yaml",
    }),
  open: () => Promise.reject(new Error("the chat opens no targets")),
  async permit(_service, address) {
    await Promise.resolve();
    if (!address.startsWith("10.20."))
      throw new UsageError(`${address} is not allowed: name it in gofire.yaml.`);
  },
  rules: () => Promise.resolve({ modules: [], thresholds: {} }),
};

let delivered = 0;

/** Real time, but no two moments are the same: lists are ordered by the millisecond. */
function noTwoAtOnce(): Clock {
  let lastMs = 0;
  return {
    ...systemClock,
    nowMs() {
      lastMs = Math.max(systemClock.nowMs(), lastMs + 1);
      return lastMs;
    },
  };
}

export async function asking(mostWaiting: number): Promise<Asking> {
  const server = await testRedis();
  const folder = await mkdtemp(join(tmpdir(), "gofire-chat-"));
  const redis = await openRedis(parseRedisUrl(server.url), { onTrouble: () => {} });
  const queue = redisQueue(redis.client, { retries, mostWaiting, onTrouble: () => {} });
  const tlsLooks = redisTlsLooks(redis.client, { retries: retries["tls-look"], onTrouble: () => {} });
  const gateRequests = redisGateRequests(redis.client, { retries: retries.gate, onTrouble: () => {} });
  const gateCards = gateCardStore(redis.client, { retries: retries["gate-card"], onTrouble: () => {} });
  const rollbackSteps = redisRollbackSteps(redis.client, {
    retries: retries["rollback-step"],
    onTrouble: () => {},
  });
  const people = fakePeople({ U1: "member", U2: "member", UGUEST: "guest", UFAR: "stranger", UBOT: "bot" });
  const rooms = fakeRooms();
  const artifacts = fakeArtifacts(folder);
  const chat = fakeChat();
  const limits = { pages: 2, withinMs: 60_000, quietMs: 60_000 };
  const storms = stormStore(redis.client, limits, { retries: retries.storm, onTrouble: () => {} });
  const ports: ChatPorts = {
    incidents: incidentStore(redis.client, noTwoAtOnce()),
    queue,
    services,
    tlsLooks,
    tlsPlaces: {
      permit({ host }) {
        if (!host.endsWith(".shop.test")) throw new UsageError(`${host} is not let in: allow.tls.`);
      },
    },
    gateRequests,
    gateCards,
    analyses: storedAnalyses(artifacts),
    people,
    rooms,
    chat,
    storms,
    access: nobodyNamed,
    mutes: mutesStore(redis.client, systemClock),
    openActs: openActStore(redis.client),
    feedback: feedbackStore(redis.client),
    rollbackSteps,
    clock: systemClock,
    version: "0.1.0",
  };
  return {
    ports,
    people,
    rooms,
    chat,
    storms,
    artifacts,
    async ask(words, request = {}, access = ports.access) {
      return await answerChat(
        {
          intent: `T${delivered++}`,
          kind: "command",
          userId: "U1",
          place: { channel: "C1" },
          words,
          ...request,
        },
        { ...ports, access },
        never,
      );
    },
    async judged(analysis, change = {}) {
      const { incident } = await ports.incidents.create(
        {
          service: change.service ?? "order",
          wish: change.wish ?? {},
          origin: { kind: "command", userId: "U1", intent: `T${delivered++}` },
          place: change.place ?? { channel: "C1" },
        },
        never,
      );
      const document = `incidents/${incident.id}/analysis.json`;
      await artifacts.put(
        document,
        (async function* bytes() {
          yield await Promise.resolve(Buffer.from(JSON.stringify(analysis)));
        })(),
        { contentType: "application/json" },
        never,
      );
      return await ports.incidents.update(
        incident.id,
        (now) => ({
          ...now,
          state: "verdict",
          analysis: summaryOf(analysis, document, undefined),
          ...change,
        }),
        never,
      );
    },
    async reset() {
      await redis.client.flushdb();
      people.silent = { people: false, groups: false };
      rooms.closed.clear();
      rooms.shared.clear();
      rooms.silent = false;
    },
    async close() {
      await tlsLooks.close();
      await gateRequests.close();
      await gateCards.close();
      await rollbackSteps.close();
      await queue.close();
      await storms.close();
      await redis.close();
      await server.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Narrows a reply to the kind that is expected. */
export function expectKind<Kind extends ChatReply["kind"]>(
  reply: ChatReply,
  kind: Kind,
): Extract<ChatReply, { kind: Kind }> {
  if (reply.kind !== kind) throw new Error(`expected ${kind}, got ${JSON.stringify(reply)}`);
  return reply as Extract<ChatReply, { kind: Kind }>;
}

/** A page of a storm that nothing is captured for. */
export async function stormPage(
  { ports }: Pick<Asking, "ports">,
  intent: string,
  storm: { readonly id: string },
  place = { channel: "C1" },
): Promise<void> {
  const origin = { kind: "page", intent } as const;
  const problem = "One capture of order answers all its pages of this storm.";
  await ports.incidents.create({ service: "order", wish: {}, origin, place, storm, problem }, never);
}
