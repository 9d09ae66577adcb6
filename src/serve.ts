/** `gofire serve` as a process: its Redis, its chat, its bot, its health, up in this order and down in reverse. */
import { captureLock } from "./integrations/artifacts/capture-lock.ts";
import { systemClock } from "./integrations/clock/system-clock.ts";
import { thisHost } from "./integrations/host/this-host.ts";
import { healthServer } from "./integrations/http/health.ts";
import { chooseRedis } from "./integrations/redis/chosen.ts";
import type { Cards } from "./jobs/publish.ts";
import { type Bot, startBot } from "./main.ts";
import type { Artifacts } from "./ports/artifacts.ts";
import type { Chat } from "./ports/chat.ts";
import type { Pictures } from "./ports/pictures.ts";
import type { Role, Server } from "./ports/server.ts";
import type { Services } from "./ports/services.ts";

/** A chat as the bot uses it. */
export interface ChatSide {
  readonly chat: Chat;
  readonly cards: Cards;
  /** Begins to hear people; not called for workers. Everything it accepts it has put into incidents and queue. */
  listen(bot: Pick<Bot, "incidents" | "queue">, services: Services): Promise<void>;
  /** Hears nobody any more; what it accepted is in the queue when this resolves. */
  hush(): Promise<void>;
}

/** What differs from installation to installation. */
export interface ServeParts {
  readonly version: string;
  openChat(role: Role, tell: (line: string) => void): Promise<ChatSide>;
  openArtifacts(stateFolder: string): Promise<Artifacts>;
  pictures(artifacts: Artifacts): Pictures;
}

export function server(parts: ServeParts): Server {
  return {
    async start({ role, listen, graceMs, limits, stateFolder, services, tell }) {
      /** What is to be taken down, last first. */
      const down: (() => Promise<void>)[] = [];
      async function takeDown(): Promise<void> {
        for (const step of down.splice(0).toReversed()) {
          await step().catch((error: unknown) =>
            tell(error instanceof Error ? error.message : String(error)),
          );
        }
      }
      try {
        const redis = await chooseRedis(thisHost, stateFolder, captureLock(`${stateFolder}/locks`), tell);
        down.push(() => redis.leave());
        tell(`Using ${redis.because}.`);
        const artifacts = await parts.openArtifacts(stateFolder);
        const side = await parts.openChat(role, tell);
        const bot = await startBot({
          role,
          redis: redis.address,
          ...(redis.tls === undefined ? {} : { tls: redis.tls }),
          caps: { overall: limits.captures, perService: limits.perService, cooldownMs: limits.cooldownMs },
          mostWaiting: limits.waiting,
          chat: side.chat,
          cards: side.cards,
          artifacts,
          pictures: parts.pictures(artifacts),
          services,
          clock: systemClock,
          version: parts.version,
          onTrouble: tell,
        });
        down.push(() => bot.stop(graceMs));
        if (role !== "worker") {
          await side.listen(bot, services);
          down.push(() => side.hush());
        }
        const health = await healthServer(listen, async (signal) => ({
          role,
          version: parts.version,
          redis: bot.redis.server,
          queue: await bot.queue.counts(signal),
        }));
        down.push(() => health.close());
        return { url: health.url, stop: takeDown };
      } catch (error) {
        await takeDown();
        throw error;
      }
    },
  };
}
