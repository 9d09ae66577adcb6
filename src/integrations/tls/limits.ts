/** Bounds of one look at a TLS port; they are ours. */
export const probeLimits = {
  lookupMs: 3_000,
  connectMs: 3_000,
  /** Half of what a Go client waits (net/http's DefaultTransport.TLSHandshakeTimeout: 10 s), so that all fits in. */
  handshakeMs: 5_000,
  /** How long an alert is waited for that a server sends after the handshake, as one does that wants a certificate. */
  afterwardsMs: 1_000,
  /** For everything. */
  totalMs: 15_000,
  addresses: 4,
};
export type ProbeLimits = typeof probeLimits;
