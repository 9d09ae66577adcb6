/** Work that came in while a round trip was under way goes along with the next one. */
export interface Batch<Item, Answer> {
  /** Rejects with what the round trip failed with. */
  add(item: Item): Promise<Answer>;
}

/**
 * Gathers items and does `work` for many at once: the first goes at once, what comes meanwhile goes together. While
 * several come during each round trip, the next one waits `gatherMs` for more: a round trip costs as much for one as for
 * twenty. `work` answers in the order of its items.
 */
export function batch<Item, Answer>(
  most: number,
  work: (items: readonly Item[]) => Promise<readonly Answer[]>,
  gatherMs = 0,
): Batch<Item, Answer> {
  interface Waiting {
    readonly item: Item;
    readonly answer: (answer: Answer) => void;
    readonly fail: (error: unknown) => void;
  }
  let waiting: Waiting[] = [];
  let running = false;

  async function run(): Promise<void> {
    running = true;
    // Everything that this turn of the event loop brings goes along.
    await new Promise(setImmediate);
    let many = false;
    while (waiting.length > 0) {
      if (many && gatherMs > 0) await new Promise((resolve) => setTimeout(resolve, gatherMs));
      const now = waiting.slice(0, most);
      waiting = waiting.slice(most);
      many = now.length > 1;
      try {
        const answers = await work(now.map(({ item }) => item));
        for (const [index, { answer, fail }] of now.entries()) {
          const one = answers[index];
          if (one === undefined) fail(new Error("a round trip gave too few answers"));
          else answer(one);
        }
      } catch (error) {
        for (const { fail } of now) fail(error);
      }
    }
    running = false;
  }

  return {
    add: (item) =>
      new Promise((answer, fail) => {
        waiting.push({ item, answer, fail });
        if (!running) void run();
      }),
  };
}
