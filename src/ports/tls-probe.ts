import type { TlsProbe, TlsTarget } from "../domain/tls/probe.ts";
import type { WebAccess } from "./web-access.ts";

export interface TlsProbeRequest extends TlsTarget {
  /** PEM texts and the name to expect; nothing of it is in the answer. */
  readonly tls?: NonNullable<WebAccess["tls"]>;
}

export interface TlsProbes {
  /**
   * One bounded look: name lookup, connections, a handful of handshakes one after the other, within 15 s; nothing is sent
   * after a handshake. A server that does not answer is an outcome. `tell`: a line on what goes on.
   *
   * Throws PortError `not-found` for a name without addresses, `forbidden` for a cloud's metadata service, `timeout` and
   * `unavailable` when the name could not be looked up; UsageError for PEM texts that cannot be used; and the signal's
   * reason.
   */
  probe(request: TlsProbeRequest, tell: (line: string) => void, signal: AbortSignal): Promise<TlsProbe>;
}
