/** A rate of the block profile that a process lent for a while. Times are milliseconds since the epoch by gofire's clock. */
export interface BlockLease {
  /** Nanoseconds of waiting for each of which a wait was recorded. */
  readonly rateNs: number;
  /** The same without the lease; 0: the process records no waits by itself. */
  readonly ownRateNs: number;
  /** When the process had said that it lends the rate. */
  readonly fromMs: number;
  /** When the process lowers the rate by itself, at the latest. */
  readonly expiresAtMs: number;
  /** Absent while it runs, and for ever when whoever captured was killed: the process has lowered the rate by itself. */
  readonly end?: {
    readonly atMs: number;
    /**
     * - `released`: the process said that it has lowered the rate.
     * - `expired`: it had lowered it by itself before.
     * - `left-to-expire`: it could not be told; `reason` says why.
     */
    readonly how: (typeof leaseEndings)[number];
    /** Plain words; present unless `released`. */
    readonly reason?: string;
  };
}

export const leaseEndings = ["released", "expired", "left-to-expire"] as const;
