import { PortError } from "../../src/domain/errors.ts";
import { isMetadataAddress } from "../../src/domain/targets/reserved-addresses.ts";
import type { TlsCertificate, TlsHandshake, TlsOutcome, TlsProbe } from "../../src/domain/tls/probe.ts";
import type { TlsProbeRequest, TlsProbes } from "../../src/ports/tls-probe.ts";

/** 2026-01-01, at which `goodCertificate` has 59 days left. */
export const probedAtMs = 1_767_225_600_000;

export const goodCertificate: TlsCertificate = {
  subject: "CN=order.test",
  commonName: "order.test",
  issuer: "CN=authority",
  fingerprint: "AA:BB",
  validFrom: "2025-12-01T00:00:00.000Z",
  validTo: "2026-03-01T00:00:00.000Z",
  validFromMs: 1_764_547_200_000,
  validToMs: 1_772_323_200_000,
  hasNames: true,
  dnsNames: ["order.test"],
  ipAddresses: ["127.0.0.1"],
  key: { type: "PRIME256V1" },
  signature: "ECDSA-SHA256",
  isAuthority: false,
  isSelfSigned: false,
  issuerUrls: [],
};

/** A handshake that came to its end with these certificates. */
export function doneWith(...sent: readonly TlsCertificate[]): TlsOutcome & { kind: "done" } {
  return {
    kind: "done",
    protocol: "TLSv1.3",
    cipher: "TLS_AES_128_GCM_SHA256",
    alpn: "h2",
    chain: { sent, path: sent.map((_, at) => at), authority: "CN=authority" },
  };
}

/** What a look at `request` would bring if the usual handshake came to this, and no other were made. */
export function probeOf(
  request: TlsProbeRequest,
  outcome: TlsOutcome,
  more: readonly TlsHandshake[] = [],
): TlsProbe {
  const { host, port, tls } = request;
  return {
    host,
    port,
    serverName: tls?.serverName ?? host,
    atMs: probedAtMs,
    tookMs: 12,
    trust: { source: "test", authorities: 1 },
    showedCertificate: tls?.cert !== undefined,
    addresses: ["127.0.0.1"],
    handshakes: [{ question: "usual", address: "127.0.0.1", connectMs: 1, handshakeMs: 5, outcome }, ...more],
  };
}

export interface ScriptedTlsProbes extends TlsProbes {
  readonly asked: readonly TlsProbeRequest[];
}

/** Every port comes to this. */
export function fakeTlsProbes(
  outcome: TlsOutcome = { kind: "unreachable", why: "connection refused", isOurs: false },
): ScriptedTlsProbes {
  const asked: TlsProbeRequest[] = [];
  return {
    asked,
    probe(request, tell, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (isMetadataAddress(request.host))
        return Promise.reject(new PortError("forbidden", request.host, "never asked"));
      tell("Handshake 1…");
      asked.push(request);
      return Promise.resolve(probeOf(request, outcome));
    },
  };
}
