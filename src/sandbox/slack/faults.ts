/**
 * Something that goes wrong on purpose, once (or `times`), on the next call or delivery of that name.
 * `on`: a Web API method ("chat.postMessage"), "upload", "response_url", or a delivery kind ("events_api",
 * "slash_commands", "interactive"). `before`/`after` tell whether the call has taken effect when it fails.
 */
export type Fault = FaultPlace & FaultEffect;

interface FaultPlace {
  readonly on: string;
  /** How many calls it strikes. Default 1. */
  readonly times?: number;
  /** How many calls it lets pass first. Default 0. */
  readonly skip?: number;
}

export type FaultEffect =
  | { readonly kind: "reset"; readonly when: "before" | "after" }
  | { readonly kind: "status"; readonly status: number; readonly when: "before" | "after" }
  | { readonly kind: "hang"; readonly when: "before" | "after" }
  | { readonly kind: "error"; readonly error: string; readonly when: "before" | "after" }
  | { readonly kind: "rate-limited"; readonly retryAfterS: number }
  | { readonly kind: "delay"; readonly delayMs: number }
  /** files.completeUploadExternal answers ok, the file appears in the channel this much later or never. */
  | { readonly kind: "slow-share"; readonly delayMs: number }
  | { readonly kind: "not-shared" }
  /** Deliveries only. */
  | { readonly kind: "duplicate" }
  | { readonly kind: "lost" }
  | { readonly kind: "held-back"; readonly delayMs: number }
  | { readonly kind: "clock-skew"; readonly skewS: number };

export interface Faults {
  add(fault: Fault): void;
  /** The fault that strikes this call, if any; it is used up. */
  take(on: string): FaultEffect | undefined;
  clear(): void;
}

export function createFaults(): Faults {
  let planned: { fault: Fault; skip: number; left: number }[] = [];
  return {
    add(fault) {
      planned.push({ fault, skip: fault.skip ?? 0, left: fault.times ?? 1 });
    },
    take(on) {
      const entry = planned.find((candidate) => candidate.fault.on === on);
      if (entry === undefined) return undefined;
      if (entry.skip > 0) {
        entry.skip -= 1;
        return undefined;
      }
      entry.left -= 1;
      if (entry.left <= 0) planned = planned.filter((other) => other !== entry);
      return entry.fault;
    },
    clear() {
      planned = [];
    },
  };
}
