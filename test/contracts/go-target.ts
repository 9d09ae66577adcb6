import { afterEach, describe, expect, test } from "vitest";
import type { GoTargetAnswer } from "../../src/ports/go-target.ts";
import type { Script, ScriptedTarget } from "../fakes/go-target.ts";

const limits = { deadlineMs: 5_000, maxBytes: 1 << 20 };
const never = new AbortController().signal;

/** What every implementation of the port promises, run on the fake and on the adapter. */
export function goTargetContract(name: string, open: (script: Script) => Promise<ScriptedTarget>): void {
  describe(`${name} as a go target`, () => {
    let opened: ScriptedTarget | undefined;
    async function scripted(script: Script): Promise<ScriptedTarget> {
      opened = await open(script);
      return opened;
    }
    afterEach(async () => {
      await opened?.target.close();
      await opened?.close();
      opened = undefined;
    });

    test("takes each question to its own endpoint", async () => {
      const { target, asked } = await scripted((question) => ({ chunks: [`answer to ${question}`] }));
      const asking = [
        () => target.index(limits, never),
        () => target.profile({ profile: "goroutine", debug: 0 }, limits, never),
        () => target.profile({ profile: "goroutine", debug: 2 }, limits, never),
        () => target.profile({ profile: "heap" }, limits, never),
        () => target.profile({ profile: "cpu", seconds: 3 }, limits, never),
        () => target.profile({ profile: "trace", seconds: 1 }, limits, never),
        () => target.metrics(limits, never),
        () => target.expvar(limits, never),
        () => target.rates?.look(limits, never),
        () => target.rates?.take({ blockRateNs: 10_000, seconds: 25 }, limits, never),
        () => target.rates?.giveBack("a b", limits, never),
      ];
      const questions = [
        "index",
        "goroutine?debug=0",
        "goroutine?debug=2",
        "heap",
        "cpu?seconds=3",
        "trace?seconds=1",
        "metrics",
        "expvar",
        "rates look",
        'rates take {"blockRateNs":10000,"seconds":25}',
        "rates giveBack a b",
      ];
      for (const [position, ask] of asking.entries()) {
        const answer = await ask();
        if (answer === undefined) throw new Error("lends no rates");
        expect(await textOf(answer)).toBe(`answer to ${questions[position]}`);
      }
      expect(asked).toEqual(questions);
    });

    test("hands on whatever status came, with what explains it", async () => {
      const { target } = await scripted(() => ({
        status: 404,
        headers: { "content-type": "Text/Plain; charset=utf-8", "x-go-pprof": "1", server: "nginx" },
        chunks: ["Unknown profile\n"],
      }));
      const answer = await target.profile({ profile: "goroutineleak" }, limits, never);
      expect(answer).toMatchObject({
        status: 404,
        contentType: "text/plain",
        fromGoPprof: true,
        server: "nginx",
      });
      expect(answer.headerMs).toBeGreaterThanOrEqual(0);
      expect(await textOf(answer)).toBe("Unknown profile\n");
    });

    test("does not follow a redirect and hides the secrets in where it points", async () => {
      const { target, asked } = await scripted(() => ({
        status: 302,
        headers: { location: "https://user:secret@login.test/start?ticket=secret#secret" },
      }));
      const answer = await target.index(limits, never);
      expect(answer.status).toBe(302);
      expect(answer.location).toBe("https://login.test/start");
      expect(asked).toEqual(["index"]);
    });

    test("streams: the first bytes are here before the last ones are sent", async () => {
      let sendRest: (() => void) | undefined;
      const firstSeen = new Promise<void>((resolve) => {
        sendRest = resolve;
      });
      async function* chunks(): AsyncGenerator<string> {
        yield "first ";
        await firstSeen;
        yield "last";
      }
      const { target } = await scripted(() => ({ chunks: chunks() }));
      const answer = await target.profile({ profile: "heap" }, limits, never);
      let text = "";
      for await (const chunk of answer.body) {
        text += Buffer.from(chunk).toString();
        if (text === "first ") sendRest?.();
      }
      expect(text).toBe("first last");
    });

    test("ends a body that is too large exactly at the limit", async () => {
      const { target } = await scripted(() => ({
        chunks: Array.from({ length: 64 }, () => "x".repeat(1_024)),
      }));
      const answer = await target.profile({ profile: "heap" }, { ...limits, maxBytes: 10_000 }, never);
      const { bytes, error } = await drain(answer);
      expect(bytes).toBe(10_000);
      expect(error).toMatchObject({ name: "PortError", code: "bad-response" });
      expect(String(error)).toContain("larger than the limit");
    });

    test("a body of exactly the limit is whole", async () => {
      const { target } = await scripted(() => ({ chunks: ["x".repeat(10_000)] }));
      const answer = await target.profile({ profile: "heap" }, { ...limits, maxBytes: 10_000 }, never);
      expect(await drain(answer)).toEqual({ bytes: 10_000, error: undefined });
    });

    test("times out when no answer comes", async () => {
      const { target } = await scripted(() => ({ mute: true }));
      const question = target.index({ ...limits, deadlineMs: 60 }, never);
      await expect(question).rejects.toMatchObject({ name: "PortError", code: "timeout" });
    });

    test("times out in the middle of a body and keeps what came", async () => {
      const { target } = await scripted(() => ({ chunks: ["x".repeat(500)], ending: "silence" }));
      // Long enough for a busy machine to have got the answer's head.
      const answer = await target.index({ ...limits, deadlineMs: 3_000 }, never);
      const { bytes, error } = await drain(answer);
      expect(bytes).toBe(500);
      expect(error).toMatchObject({ name: "PortError", code: "timeout" });
    });

    test("tells a broken connection from an end, and keeps what came", async () => {
      const { target } = await scripted(() => ({ chunks: ["x".repeat(500)], ending: "reset" }));
      const answer = await target.index(limits, never);
      const { bytes, error } = await drain(answer);
      expect(bytes).toBe(500);
      expect(error).toMatchObject({ name: "PortError", code: "unavailable" });
    });

    test("asks nothing when it is aborted before", async () => {
      const { target, asked } = await scripted(() => ({}));
      const reason = new Error("given up");
      await expect(target.index(limits, AbortSignal.abort(reason))).rejects.toBe(reason);
      expect(asked).toEqual([]);
    });

    test("aborted while it waits for an answer, it throws the reason", async () => {
      const { target } = await scripted(() => ({ mute: true }));
      const stop = new AbortController();
      const reason = new Error("given up");
      setTimeout(() => stop.abort(reason), 50);
      await expect(target.index(limits, stop.signal)).rejects.toBe(reason);
    });

    test("aborted in the middle of a body, it throws the reason behind what came", async () => {
      const { target } = await scripted(() => ({ chunks: ["x".repeat(500)], ending: "silence" }));
      const stop = new AbortController();
      const reason = new Error("given up");
      const answer = await target.index(limits, stop.signal);
      setTimeout(() => stop.abort(reason), 50);
      const { bytes, error } = await drain(answer);
      expect(bytes).toBe(500);
      expect(error).toBe(reason);
    });

    test("can be asked again after a body was left early or broke", async () => {
      const { target } = await scripted((_question, before) =>
        before === 0 ? { chunks: ["x".repeat(500)], ending: "reset" } : { chunks: ["y".repeat(200_000)] },
      );
      await drain(await target.index(limits, never));
      for await (const chunk of (await target.index(limits, never)).body) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      expect((await textOf(await target.index(limits, never))).length).toBe(200_000);
    });

    test("names itself without secrets", async () => {
      const { target } = await scripted(() => ({}));
      expect(new URL(target.url).pathname).toBe("/debug/pprof/");
      expect(new URL(target.url).host).toBe(target.instance);
      expect(target.url).not.toContain("@");
    });
  });
}

async function textOf(answer: GoTargetAnswer): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function drain(answer: GoTargetAnswer): Promise<{ bytes: number; error: unknown }> {
  let bytes = 0;
  try {
    for await (const chunk of answer.body) bytes += chunk.length;
    return { bytes, error: undefined };
  } catch (error) {
    return { bytes, error };
  }
}
