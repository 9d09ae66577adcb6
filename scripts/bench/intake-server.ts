/**
 * One of the servers that `npm run bench:intake` compares: ours, a bare one that puts every body into a queue, or one
 * that only parses. Prints its port and serves until its standard input ends. Or, as `worker`, what stands beside ours: it
 * queues what was taken over.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Queue } from "bullmq";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { alertWebhook } from "../../src/integrations/http/alert-webhook.ts";
import { openListener } from "../../src/integrations/http/listener.ts";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { alertStore } from "../../src/integrations/redis/alert-store.ts";
import { openRedis } from "../../src/integrations/redis/connection.ts";
import { enqueueEveryMs, rememberingIntake } from "../../src/jobs/pages/intake.ts";

const [kind, redisUrl = ""] = process.argv.slice(2);
process.stdin.on("end", () => process.exit(0)).resume();
const path = "/webhooks/alertmanager";

if (kind === "parse") {
  plain((body) => {
    JSON.parse(body);
    return Promise.resolve();
  });
} else {
  const { client } = await openRedis(parseRedisUrl(redisUrl), { onTrouble: () => {} });
  if (kind === "queue") {
    const queue = new Queue("bare", { connection: client, prefix: "{bare}" });
    plain(async (body) => {
      await queue.add("page", JSON.parse(body) as object, { removeOnComplete: true });
    });
  } else {
    const alerts = alertStore(client, systemClock, {
      retries: { attempts: 12, backoffMs: 500 },
      onTrouble: () => {},
    });
    if (kind === "worker") {
      process.stdout.write("0\n");
      for (const never = new AbortController().signal; ; await sleep(enqueueEveryMs)) {
        await alerts.enqueueChanged(never);
      }
    }
    const answer = alertWebhook({ bearer: "token" }, rememberingIntake(alerts), Date.now);
    const listener = await openListener({ host: "127.0.0.1", port: 0 }, { [path]: answer });
    process.stdout.write(`${new URL(listener.url).port}\n`);
  }
}

function plain(take: (body: string) => Promise<void>): void {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      void take(Buffer.concat(chunks).toString()).then(() => response.writeHead(200).end("{}"));
    });
  });
  server.listen(0, "127.0.0.1", () => {
    process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
  });
}
