/**
 * A process that takes alerts over or queues them, for tests that kill it: the first argument is the Redis, the second
 * after which of its steps it kills itself, if any. Prints the address of its webhook.
 */
import { Queue } from "bullmq";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { alertWebhook } from "../../src/integrations/http/alert-webhook.ts";
import { openListener } from "../../src/integrations/http/listener.ts";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { alertStore } from "../../src/integrations/redis/alert-store.ts";
import { openRedis } from "../../src/integrations/redis/connection.ts";
import { rememberingIntake } from "../../src/jobs/pages/intake.ts";
import type { Alerts } from "../../src/ports/alerts.ts";

const [url = "", step = ""] = process.argv.slice(2);
const { client } = await openRedis(parseRedisUrl(url), { onTrouble: () => {} });
const alerts = alertStore(client, systemClock, {
  retries: { attempts: 1, backoffMs: 1 },
  onTrouble: () => {},
});

function die(): never {
  process.kill(process.pid, "SIGKILL");
  throw new Error("unreachable");
}

/** Keeps what it is told, and dies before it can say so. */
const dying: Pick<Alerts, "receive" | "repeat"> = {
  ...alerts,
  receive: async (...words) => {
    await alerts.receive(...words);
    die();
  },
};
const take = rememberingIntake(step === "kept" ? dying : alerts);
const listener = await openListener(
  { host: "127.0.0.1", port: 0 },
  { "/": alertWebhook({ bearer: "token" }, take, Date.now) },
);
process.stdout.write(`${listener.url}\n`);

// Jobs are added, then the changes struck off the list.
if (step === "read") Queue.prototype.addBulk = die;
if (step === "queued") client.xdel = die;
if (step === "read" || step === "queued") await alerts.enqueueChanged(new AbortController().signal);
