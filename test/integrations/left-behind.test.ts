import { afterEach, describe, expect, it, vi } from "vitest";
import { leftBehind } from "../../src/integrations/git/left-behind.ts";

const patient = new AbortController().signal;

/** Work that ends when it is told to, and what was asked of it. */
function slowWork() {
  const asked: { readonly end: (answer: string) => void; readonly fail: (error: Error) => void }[] = [];
  const signals: AbortSignal[] = [];
  const work = (_question: string, signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      signals.push(signal);
      asked.push({ end: resolve, fail: reject });
    });
  const left = leftBehind(work);
  const ask = async (question: string, signal: AbortSignal) => await left.ask(question, signal);
  return { asked, signals, ask, close: () => left.close() };
}

async function leave(ask: (question: string, signal: AbortSignal) => Promise<string>, question: string) {
  const impatient = new AbortController();
  const answer = ask(question, impatient.signal);
  impatient.abort(new Error("no more time"));
  await expect(answer).rejects.toThrow("no more time");
}

afterEach(() => {
  vi.useRealTimers();
});

describe("work whose asker left", () => {
  it("goes on, and the next who asks the same gets its answer, once", async () => {
    const { ask, asked } = slowWork();
    await leave(ask, "plan");
    asked[0]?.end("made");
    expect(await ask("plan", patient)).toBe("made");
    expect(asked).toHaveLength(1);
    const anew = ask("plan", patient);
    asked[1]?.end("made anew");
    expect(await anew).toBe("made anew");
  });

  it("is joined while it goes on, by all who ask", async () => {
    const { ask, asked } = slowWork();
    await leave(ask, "plan");
    const answers = Promise.all([ask("plan", patient), ask("plan", patient)]);
    asked[0]?.end("made");
    expect(await answers).toEqual(["made", "made"]);
    expect(asked).toHaveLength(1);
  });

  it("is nobody's who asks something else", async () => {
    const { ask, asked } = slowWork();
    await leave(ask, "plan");
    asked[0]?.end("made");
    const other = ask("another plan", patient);
    asked[1]?.end("other");
    expect(await other).toBe("other");
  });

  it("fails for the next one, and no process dies of it", async () => {
    const { ask, asked } = slowWork();
    await leave(ask, "plan");
    asked[0]?.fail(new Error("no such branch"));
    await expect(ask("plan", patient)).rejects.toThrow("no such branch");
  });

  it("is forgotten ten seconds after it ended", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const { ask, asked } = slowWork();
    await leave(ask, "plan");
    asked[0]?.end("made");
    await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(10_001);
    const anew = ask("plan", patient);
    asked[1]?.end("made anew");
    expect(await anew).toBe("made anew");
  });

  it("is ended with everything else", async () => {
    const { ask, asked, signals, close } = slowWork();
    await leave(ask, "plan");
    signals[0]?.addEventListener("abort", () => asked[0]?.fail(new Error("ended")));
    close();
    expect(signals[0]?.aborted).toBe(true);
  });
});
