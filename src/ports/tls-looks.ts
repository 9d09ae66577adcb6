import type { TlsLook } from "../domain/tls/look.ts";

/** Looks at TLS ports that people ask for, done by whichever worker is free. */
export interface TlsLooks {
  /**
   * Asked for twice, it is done once. Throws PortError `rate-limited` with `retryAfterMs` and words for the person when so
   * many wait that this one is refused, `unavailable` when the queue cannot be reached, and the signal's reason.
   */
  ask(look: TlsLook, signal: AbortSignal): Promise<void>;
}
