/** A listener over TLS. Absolute paths of PEM files, which may change while it listens. */
export interface ServerTls {
  /** Its own certificate, with those between it and the authority behind it. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly passphrase?: string;
  /** Authorities of the clients: who shows no certificate of theirs is refused. Absent: nobody is asked for one. */
  readonly clientCaFile?: string;
  /**
   * Common names, DNS names and URIs (spiffe://…) of the clients that are let in; every client of those authorities
   * when absent.
   */
  readonly clientNames?: readonly string[];
}

/** What the files hold, checked. */
export interface ServerTlsLook {
  /** Milliseconds since the epoch at which the first of them expires. */
  readonly validUntilMs: number;
  /** What does not work, or soon will not: file and reason, a line each. */
  readonly warnings: readonly string[];
}
