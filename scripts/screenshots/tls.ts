import type { MessageBody } from "../../src/domain/chat/message.ts";
import {
  type TlsCertificate,
  type TlsChain,
  type TlsOutcome,
  type TlsProbe,
  type TlsQuestion,
  tlsQuestions,
} from "../../src/domain/tls/probe.ts";
import { judgeTls } from "../../src/domain/tls/report.ts";
import { lookingBody, tlsBody } from "../../src/render/slack/tls.ts";

const dayMs = 86_400_000;
const target = { host: "order.example", port: 443 };
const authority = "CN=Example Root R1, O=Example Trust";

/** What /gofire tls answers: while it looks, what is wrong, what is well, and where there was no way there. */
export function tlsLooks(nowMs: number): readonly MessageBody[] {
  const alone = { sent: [certificate(nowMs, 3)], path: [0] };
  const leaf = { sent: [certificate(nowMs, 30)], path: [0], authority };
  return [
    lookingBody(target, false),
    report(nowMs, { usual: done(alone, "h2"), ...others(alone), "no-name": done(alone, "h2") }),
    report(nowMs, { usual: done(leaf, "h2"), ...others(leaf), "no-name": { kind: "alert", alert: 112 } }),
    report(nowMs, { usual: { kind: "not-tls", firstBytes: "HTTP/1.1 400 Bad Request" } }),
    tlsBody({ target, problem: "order.example has no address: the name server does not know it." }),
  ];
}

/** What a server of today answers when it is asked in other ways. */
function others(chain: TlsChain): Partial<Record<TlsQuestion, TlsOutcome>> {
  return {
    h2: done(chain, "h2"),
    "http/1.1": done(chain, "http/1.1"),
    "no-alpn": done(chain),
    "tls1.2": { ...done(chain, "h2"), protocol: "TLSv1.2" },
    old: { kind: "alert", alert: 70 },
  };
}

function certificate(nowMs: number, daysLeft: number): TlsCertificate {
  const validFromMs = nowMs - 60 * dayMs;
  const validToMs = nowMs + daysLeft * dayMs;
  return {
    subject: "CN=order.example",
    commonName: "order.example",
    issuer: "CN=Example Issuing CA 3, O=Example Trust",
    fingerprint: Array.from({ length: 32 }, (_, at) =>
      (at * 7 + 16).toString(16).slice(0, 2).toUpperCase(),
    ).join(":"),
    validFrom: new Date(validFromMs).toISOString(),
    validTo: new Date(validToMs).toISOString(),
    validFromMs,
    validToMs,
    hasNames: true,
    dnsNames: ["order.example", "www.order.example"],
    ipAddresses: [],
    key: { type: "rsa", bits: 2_048 },
    signature: "SHA256-RSA",
    isAuthority: false,
    isSelfSigned: false,
    issuerUrls: ["http://ca.example/issuing-3.cer"],
  };
}

function done(chain: TlsChain, alpn?: string): Extract<TlsOutcome, { kind: "done" }> {
  return {
    kind: "done",
    protocol: "TLSv1.3",
    cipher: "TLS_AES_128_GCM_SHA256",
    chain,
    ...(alpn === undefined ? {} : { alpn }),
  };
}

function report(
  atMs: number,
  outcomes: { readonly usual: TlsOutcome } & Partial<Record<TlsQuestion, TlsOutcome>>,
): MessageBody {
  const address = "192.0.2.10";
  const probe: TlsProbe = {
    ...target,
    serverName: target.host,
    atMs,
    tookMs: 412,
    trust: { source: "the authorities of this machine", authorities: 142 },
    showedCertificate: false,
    lookupMs: 8,
    addresses: [address],
    handshakes: tlsQuestions.flatMap((question) => {
      const outcome = outcomes[question];
      return outcome === undefined ? [] : [{ question, address, connectMs: 21, handshakeMs: 38, outcome }];
    }),
  };
  return tlsBody({ report: judgeTls(probe) });
}
