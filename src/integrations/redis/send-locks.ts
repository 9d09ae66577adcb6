import type { SendLocks } from "../../ports/send-locks.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";
import { takeLease } from "./lease.ts";

/**
 * After this the lock of a sender that died is free. By then its job has another worker (`defaultWorkerTimes`), which hardly waits
 * for it.
 */
const defaultTtlMs = 20_000;

/**
 * So much of it must be left when a call begins: it takes ten seconds at most, and what came of one that was given up may turn
 * up for two more. Renewed three times as often, it is as good as that from renewal to renewal.
 */
const leftToBegin = 0.6;

/** Locks over all workers. */
export function redisSendLocks(client: RedisClient, ttlMs = defaultTtlMs): SendLocks {
  return {
    async acquire(message, signal) {
      const lease = await takeLease(
        client,
        {
          key: key("sending", message),
          name: "the lock of a message",
          holder: {},
          ttlMs,
        },
        signal,
      );
      if (lease === undefined) return undefined;
      return {
        lost: lease.lost,
        mayBegin: () => lease.goodForMs() >= ttlMs * leftToBegin,
        release: (restMs) => lease.free(restMs),
      };
    },
  };
}
