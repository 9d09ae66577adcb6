import type { TlsTarget } from "../domain/tls/probe.ts";
import type { TlsReport } from "../domain/tls/report.ts";

/** The TLS ports that may be looked at from the chat. */
export interface TlsPlaces {
  /** Asks nobody. Throws UsageError, in words for the person who asked, where the configuration does not let it in. */
  permit(target: TlsTarget): void;
  /**
   * One look, judged. Throws UsageError as `permit` and for files that cannot be used, PortError as `TlsProbes.probe`, and
   * the signal's reason.
   */
  look(target: TlsTarget, signal: AbortSignal): Promise<TlsReport>;
}
