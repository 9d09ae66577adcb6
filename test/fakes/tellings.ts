import type { Tellings } from "../../src/ports/tellings.ts";

export function fakeTellings(): Tellings {
  const begun = new Set<string>();
  return {
    async begin(intent, signal) {
      await Promise.resolve();
      signal.throwIfAborted();
      const isFirst = !begun.has(intent);
      begun.add(intent);
      return isFirst;
    },
    async forget(intent, signal) {
      await Promise.resolve();
      signal.throwIfAborted();
      begun.delete(intent);
    },
  };
}
