import { setTimeout as sleep } from "node:timers/promises";

/** Lets work of the same key begin in the order in which it came. */
export interface Order {
  inOrder<Result>(key: string, work: () => Promise<Result>): Promise<Result>;
}

/** One that hangs must not keep a whole channel silent. */
const longestWaitMs = 2_000;

/** Each piece of work begins when the one before it has ended, or has taken too long. */
export function createOrder(): Order {
  const last = new Map<string, Promise<unknown>>();
  return {
    async inOrder(key, work) {
      const before = last.get(key) ?? Promise.resolve();
      const mine = before.then(work);
      const over = Promise.race([mine.catch(() => {}), tooLong(before)]).finally(() => {
        if (last.get(key) === over) last.delete(key);
      });
      last.set(key, over);
      return await mine;
    },
  };
}

async function tooLong(before: Promise<unknown>): Promise<void> {
  await before;
  await sleep(longestWaitMs, undefined, { ref: false });
}
