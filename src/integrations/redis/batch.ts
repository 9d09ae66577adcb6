/** Many at once in one round trip. */
export interface Batch<Item, Answer> {
  /** Rejects with what the round trip failed with. */
  add(item: Item): Promise<Answer>;
}

/**
 * Does `work` at once for everything that one turn of the event loop brings, at most `most` items; the next turn does not
 * wait for its answers. The busier the process, the longer its turns and the fewer round trips. `work` answers in the
 * order of its items.
 */
export function batch<Item, Answer>(
  most: number,
  work: (items: readonly Item[]) => Promise<readonly Answer[]>,
): Batch<Item, Answer> {
  interface Waiting {
    readonly item: Item;
    readonly answer: (answer: Answer) => void;
    readonly fail: (error: unknown) => void;
  }
  let waiting: Waiting[] = [];

  async function send(): Promise<void> {
    const now = waiting;
    waiting = [];
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

  return {
    add: (item) =>
      new Promise((answer, fail) => {
        // A full batch goes without waiting for the end of the turn; its timer then finds the next one, or nothing.
        if (waiting.length === most) void send();
        if (waiting.length === 0) setImmediate(() => waiting.length > 0 && void send());
        waiting.push({ item, answer, fail });
      }),
  };
}
