import type { SandboxClock } from "./clock.ts";
import type { Fields } from "./fields.ts";

/** One call of the app to Slack, or one delivery of Slack to the app. */
export interface Exchange {
  readonly number: number;
  readonly atMs: number;
  readonly direction: "from-app" | "to-app";
  /** Web API method, "upload", "response_url", or the delivery's kind. */
  readonly name: string;
  readonly args: Fields;
  readonly status: number;
  /** The `error` of an `ok:false` answer, or why a delivery was not acknowledged. */
  readonly error?: string;
  readonly tookMs: number;
  /** Kind of the fault that struck; such failures are expected. */
  readonly fault?: string;
}

export interface Traffic {
  readonly exchanges: readonly Exchange[];
  record(exchange: Omit<Exchange, "number" | "tookMs">): void;
}

const kept = 5_000;

export function createTraffic(clock: SandboxClock, told: () => void): Traffic {
  const exchanges: Exchange[] = [];
  let number = 0;
  return {
    exchanges,
    record(exchange) {
      number += 1;
      exchanges.push({ ...exchange, number, tookMs: clock.nowMs() - exchange.atMs });
      if (exchanges.length > kept) exchanges.shift();
      told();
    },
  };
}
