import { setTimeout as sleep } from "node:timers/promises";
import type { App, Receiver } from "@slack/bolt";
import { PortError, reasonOf } from "../../../domain/errors.ts";
import { deliver } from "./deliver.ts";
import { drainMs, inFlight } from "./in-flight.ts";
import { type Envelope, openLine, type SocketLine } from "./socket-line.ts";

interface SocketReceiverSettings {
  /** A new address from `apps.connections.open`; throws PortError. */
  readonly newUrl: (signal: AbortSignal) => Promise<string>;
  readonly onTrouble: (message: string) => void;
  /** How many connections are kept; Slack allows 10 per app, over all processes. */
  readonly lines?: number;
}

export interface SocketReceiver extends Receiver {
  /** Resolves once the first connection is up. Throws PortError when Slack refuses it. */
  start(): Promise<void>;
  /** Finishes what was heard, says goodbye, and hears nothing more. */
  stop(): Promise<void>;
  /** Connections that are open. */
  readonly open: number;
}

/** How long a connection that Slack wants replaced is kept for what it still has to acknowledge. */
const lingerMs = 3_000;
const longestPauseMs = 30_000;
/** A connection that lasted so long was a good one. */
const steadyMs = 10_000;

/**
 * Bolt's ear in Socket Mode. Keeps several connections, each with a life of its own, and replaces one that Slack wants
 * back before it closes it: with Bolt 5.1's own receiver there is none for 5 s after each `refresh_requested`, commands
 * and clicks of those seconds are lost, acknowledgements of what was heard just before fail, and one failing
 * `apps.connections.open` ends the process or the reconnecting (@slack/socket-mode 3.1.0; slackapi/node-slack-sdk#2656,
 * slackapi/bolt-js#929).
 */
export function socketReceiver({
  newUrl,
  onTrouble,
  lines: wanted = 2,
}: SocketReceiverSettings): SocketReceiver {
  const lines = new Set<SocketLine>();
  const work = inFlight();
  const ending = new AbortController();
  const ended = aborted(ending.signal);
  let app: App | undefined;
  let keeping: Promise<unknown> = Promise.resolve();

  function hear({ id, payload, retryNum }: Envelope, from: () => SocketLine | undefined): void {
    if (app === undefined) return;
    const delivered = deliver(app, {
      body: payload,
      ...(retryNum === undefined ? {} : { retryNum }),
      async ack(answer) {
        await Promise.resolve();
        // Slack knows the delivery by its envelope id, so any connection can say that it was heard.
        const own = from();
        const line = own?.isOpen === true ? own : [...lines].find((other) => other.isOpen);
        if (line === undefined) throw new Error("no connection to Slack is left to answer on");
        line.send(id, answer);
      },
    });
    work.add(delivered).catch((error: unknown) => onTrouble(`Slack: ${reasonOf(error)}`));
  }

  async function connect(): Promise<SocketLine> {
    const url = await newUrl(ending.signal);
    let line: SocketLine | undefined;
    line = await openLine(url, (envelope) => hear(envelope, () => line), ending.signal);
    lines.add(line);
    void line.closed.then(() => lines.delete(line));
    return line;
  }

  /** Replaces `line`, and its successors, until this ends. */
  async function keep(line: SocketLine | undefined): Promise<void> {
    let current = line;
    let outgoing: SocketLine | undefined;
    let failures = 0;
    let isTold = false;
    while (!ending.signal.aborted) {
      if (current !== undefined) {
        const sinceMs = performance.now();
        const reason = await Promise.race([current.leaving, ended]);
        outgoing = current;
        current = undefined;
        // One that breaks as soon as it is there must not be replaced in a loop.
        const isShaky = reason === "lost" && performance.now() - sinceMs < steadyMs;
        failures = isShaky ? failures + 1 : 0;
        if (reason === "link_disabled") {
          failures = 5;
          onTrouble(
            "Slack: Socket Mode was switched off for this app; it hears nobody until that is undone.",
          );
        }
      }
      if (failures > 0) await pause(failures);
      if (ending.signal.aborted) return;
      try {
        current = await connect();
        if (outgoing !== undefined) void retire(outgoing);
        outgoing = undefined;
        if (isTold) onTrouble("Slack: connected again.");
        isTold = false;
      } catch (error) {
        failures += 1;
        if (!isTold && !ending.signal.aborted) {
          onTrouble(`Slack: cannot connect, trying again: ${reasonOf(error)}`);
          isTold = true;
        }
      }
    }
  }

  /** Lets a connection go that has a successor, once nothing of it waits for an acknowledgement. */
  async function retire(line: SocketLine): Promise<void> {
    await Promise.race([work.settled(lingerMs), line.closed]);
    line.close();
  }

  async function pause(failures: number): Promise<void> {
    const ms = Math.min(longestPauseMs, 250 * 2 ** failures) * (0.5 + Math.random());
    await sleep(ms, undefined, { signal: ending.signal }).catch(() => {});
  }

  return {
    init(bolt) {
      app = bolt;
    },
    async start() {
      const first = await connect().catch((error: unknown) => {
        if (error instanceof PortError) throw error;
        throw new PortError("unavailable", "Slack", `cannot open a socket to Slack: ${reasonOf(error)}`, {
          cause: error,
        });
      });
      keeping = Promise.all([keep(first), ...Array.from({ length: wanted - 1 }, () => keep(undefined))]);
    },
    async stop() {
      ending.abort(new Error("gofire ends"));
      await keeping;
      await work.settled(drainMs);
      for (const line of lines) line.close();
      await Promise.all([...lines].map((line) => line.closed));
    },
    get open() {
      return [...lines].filter((line) => line.isOpen).length;
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
