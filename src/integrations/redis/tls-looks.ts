import type { TlsLooks } from "../../ports/tls-looks.ts";
import { askedOnce } from "./asked-once.ts";
import type { RedisClient } from "./connection.ts";
import type { JobQueueSettings } from "./queues.ts";

/** Each takes 15 s at most; of more than these the last would wait for minutes. */
const mostWaiting = 20;

/** The looks on BullMQ. Close it before its connection. */
export function redisTlsLooks(
  client: RedisClient,
  settings: JobQueueSettings,
): TlsLooks & { close(): Promise<void> } {
  const things = "looks at TLS ports";
  const looks = askedOnce(client, { ...settings, name: "tls-look", things, mostWaiting });
  return {
    async ask({ target, place, intent, askedAtMs }, signal) {
      const content = {
        host: target.host,
        port: String(target.port),
        channel: place.channel,
        thread: place.thread ?? "",
        intent,
        askedAtMs: String(askedAtMs),
      };
      await looks.ask(intent, content, signal);
    },
    close: () => looks.close(),
  };
}
