import type { Tellings } from "../../src/ports/tellings.ts";

export function fakeTellings(): Tellings {
  const begun = new Set<string>();
  return {
    begin(intent) {
      const isFirst = !begun.has(intent);
      begun.add(intent);
      return Promise.resolve(isFirst);
    },
    forget(intent) {
      begun.delete(intent);
      return Promise.resolve();
    },
  };
}
