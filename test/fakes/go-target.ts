import { PortError } from "../../src/domain/errors.ts";
import { bytesText, durationText } from "../../src/domain/units.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { GoTarget, GoTargetAnswer, ProfileQuestion } from "../../src/ports/go-target.ts";
import type { AnswerLimits } from "../../src/ports/web-access.ts";

/** What a process answers to one question, in a test. */
export interface ScriptedAnswer {
  /** Default 200. */
  readonly status?: number;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly chunks?: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;
  /** Behind the last chunk: a proper end (default), nothing any more, or a broken connection. */
  readonly ending?: "end" | "silence" | "reset";
  /** No header ever comes. */
  readonly mute?: true;
  /** The fake only: how long the header takes on its clock. */
  readonly headerMs?: number;
  /** The fake only: no answer at all. */
  readonly refuse?: PortError;
}

/**
 * `index`, `metrics`, `expvar`, `goroutine?debug=0`, `cpu?seconds=10`, `rates look`,
 * `rates take {"blockRateNs":10000,"seconds":25}`, `rates giveBack ID`, ... and how often it was asked before.
 */
export type Script = (question: string, before: number) => ScriptedAnswer;

export interface ScriptedTarget {
  readonly target: GoTarget;
  /** Questions in the order asked. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** A target that answers from a script, in time that `clock` measures. */
export function fakeGoTarget(script: Script, clock: Clock): ScriptedTarget {
  const asked: string[] = [];
  /** The last question whose answer's body nobody began to read. */
  let unread: string | undefined;

  async function ask(question: string, limits: AnswerLimits, signal: AbortSignal): Promise<GoTargetAnswer> {
    signal.throwIfAborted();
    if (unread !== undefined)
      throw new Error(`${question} would wait for the answer to ${unread} to be read`);
    const before = asked.filter((earlier) => earlier === question).length;
    asked.push(question);
    const scripted = script(question, before);
    if (scripted.refuse !== undefined) throw scripted.refuse;
    const endsAtMs = clock.monotonicMs() + limits.deadlineMs;
    if (scripted.mute === true || (scripted.headerMs ?? 0) >= limits.deadlineMs) {
      await clock.sleep(limits.deadlineMs, signal);
      throw new PortError("timeout", question, `no answer within ${durationText(limits.deadlineMs)}`);
    }
    if (scripted.headerMs !== undefined) await clock.sleep(scripted.headerMs, signal);
    const { headers = {} } = scripted;
    unread = question;
    return {
      status: scripted.status ?? 200,
      contentType: (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "",
      fromGoPprof: headers["x-go-pprof"] === "1",
      ...(headers["location"] === undefined ? {} : { location: shownLocation(headers["location"]) }),
      ...(headers["server"] === undefined ? {} : { server: headers["server"] }),
      headerMs: scripted.headerMs ?? 1,
      body: body(scripted, question, limits, endsAtMs, signal),
    };
  }

  async function* body(
    { chunks = [], ending = "end" }: ScriptedAnswer,
    question: string,
    { maxBytes, deadlineMs }: AnswerLimits,
    endsAtMs: number,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    let received = 0;
    unread = undefined;
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      const bytes = typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
      if (bytes.length > maxBytes - received) {
        if (maxBytes > received) yield bytes.subarray(0, maxBytes - received);
        throw new PortError("bad-response", question, `larger than the limit of ${bytesText(maxBytes)}`);
      }
      received += bytes.length;
      yield bytes;
    }
    signal.throwIfAborted();
    if (ending === "reset") {
      throw new PortError(
        "unavailable",
        question,
        `the other side closed the connection after ${bytesText(received)}`,
      );
    }
    if (ending === "silence") {
      await clock.sleep(endsAtMs - clock.monotonicMs(), signal);
      throw new PortError("timeout", question, `not finished within ${durationText(deadlineMs)}`);
    }
  }

  const target: GoTarget = {
    url: "http://order.test:6060/debug/pprof/",
    instance: "order.test:6060",
    name: "order.test:6060",
    reachedName: () => Promise.resolve(undefined),
    index: (limits, signal) => ask("index", limits, signal),
    profile: (question, limits, signal) => ask(questionName(question), limits, signal),
    metrics: (limits, signal) => ask("metrics", limits, signal),
    expvar: (limits, signal) => ask("expvar", limits, signal),
    rates: {
      look: (limits, signal) => ask("rates look", limits, signal),
      take: (wish, limits, signal) => ask(`rates take ${JSON.stringify(wish)}`, limits, signal),
      giveBack: (id, limits, signal) => ask(`rates giveBack ${id}`, limits, signal),
    },
    close: () => Promise.resolve(),
  };
  return { target, asked, close: () => Promise.resolve() };
}

function questionName(question: ProfileQuestion): string {
  if ("seconds" in question) return `${question.profile}?seconds=${question.seconds}`;
  return question.debug === undefined ? question.profile : `${question.profile}?debug=${question.debug}`;
}

function shownLocation(location: string): string {
  const url = new URL(location, "http://order.test:6060/");
  return url.origin + url.pathname;
}
