import { countText, durationText } from "../units.ts";
import {
  certificateName,
  inconclusive,
  judgement,
  nothingSeen,
  type TlsFindingDraft,
  type TlsJudgement,
} from "./finding.ts";
import { isReached, type TlsHandshake, type TlsOutcome, type TlsProbe, usualHandshake } from "./probe.ts";
import { alertText, goAlert, outcomeText, versionText } from "./words.ts";

const aboutClient: ReadonlySet<number> = new Set([42, 43, 44, 45, 46, 48, 49, 116]);

/** Whether a client as Go's comes through the handshake at all. */
export function handshakeCheck(probe: TlsProbe): TlsJudgement {
  const rule = "tls/handshake";
  const usual = usualHandshake(probe);
  if (usual === undefined || !isReached(usual)) {
    const why = usual?.outcome.kind === "unreachable" ? usual.outcome.why : "nothing was asked";
    return inconclusive(rule, `no connection: ${why}`);
  }
  const { outcome, connectMs = 0, handshakeMs = 0 } = usual;
  const says = `${outcomeText(outcome)}; connection in ${durationText(connectMs)}, handshake in ${durationText(handshakeMs)}`;
  if (outcome.kind === "failed") return inconclusive(rule, says);
  if (isAboutClient(outcome, probe))
    return inconclusive(rule, "refused for the client's certificate: see there");
  const finding = handshakeFinding(outcome, probe);
  return judgement(rule, says, finding === undefined ? [] : [finding]);
}

function isAboutClient(outcome: TlsOutcome, { showedCertificate }: TlsProbe): boolean {
  if (outcome.kind !== "alert") return false;
  return outcome.alert === 40 ? !showedCertificate : aboutClient.has(outcome.alert);
}

/** crypto/tls offers nothing older than TLS 1.2 (clients since Go 1.18). */
const oldVersions: ReadonlySet<string> = new Set(["TLSv1", "TLSv1.1"]);

function handshakeFinding(outcome: TlsOutcome, probe: TlsProbe): TlsFindingDraft | undefined {
  const base = { severity: "critical", confidence: "proven" } as const;
  switch (outcome.kind) {
    case "done": {
      if (!oldVersions.has(outcome.protocol)) return undefined;
      const version = versionText(outcome.protocol);
      return {
        ...base,
        title: `The server speaks no newer version than ${version}, which Go clients refuse`,
        summary: "Versions up to TLS 1.3 were offered. Go's clients begin at TLS 1.2 since Go 1.18.",
        goSays: goAlert(70),
        next: ["Have the server, or what stands before it, speak TLS 1.2 or 1.3"],
      };
    }
    case "alert":
      return {
        ...base,
        title: `The server refuses the handshake: ${alertText(outcome.alert)} (alert ${outcome.alert})`,
        summary: alertReadings[outcome.alert] ?? "The alert is the server's own word; its log says why.",
        goSays: goAlert(outcome.alert),
        next: [
          ...(outcome.alert === 112
            ? [`Does the server know ${probe.serverName}? Another name can be asked for: --server-name NAME`]
            : []),
          "Read the server's log at this time: a Go server writes http: TLS handshake error from …",
        ],
      };
    case "not-tls":
      return notTlsFinding(outcome.firstBytes);
    case "closed":
      return {
        ...base,
        title: `The server takes the connection and ${outcome.how === "end" ? "closes" : "resets"} it without a word of TLS`,
        summary:
          "What stands there may be a balancer without a backend, a port of another protocol, or a proxy that knows no such name.",
        goSays: outcome.how === "end" ? "EOF" : "read: connection reset by peer",
        next: ["See what listens there and whether it has a backend", "Read its log at this time"],
      };
    case "silent":
      return {
        ...base,
        title: `The port takes connections and does not answer: no ServerHello within ${durationText(outcome.afterMs)}`,
        summary:
          "The kernel takes connections for a process until its accept queue is full, so this says only that something listens. That the process is blocked, overloaded or stopped, or a balancer has no backend, is inferred; so is a server that waits for something else than TLS.",
        measured: { value: outcome.afterMs, limit: outcome.afterMs, unit: "ms" },
        goSays: "net/http: TLS handshake timeout",
        next: [
          "Look at the process itself: gofire snapshot SERVICE",
          "On its machine: ss -ltn shows a Recv-Q that grows when nobody accepts",
        ],
      };
    case "unreachable":
    case "failed":
    case "not-asked":
      return undefined;
  }
}

const alertReadings: Readonly<Record<number, string>> = {
  40: "Server and client have no cipher, curve or signature in common, or the server refuses for another reason.",
  70: "TLS 1.0 to 1.3 were offered, and the server takes none of them.",
  80: "The server failed by itself.",
  112: "The server has no certificate for the name that was sent (SNI).",
  120: "HTTP/2 and HTTP/1.1 were offered (ALPN), and the server speaks neither.",
};

/** What a server that speaks first says by its first bytes (RFC 9112, RFC 4253, RFC 5321 and 959). */
function protocolOf(firstBytes: string): string {
  if (firstBytes.startsWith("HTTP/")) return "plain HTTP";
  if (firstBytes.startsWith("SSH-")) return "SSH";
  return /^220[ -]/.test(firstBytes) ? "SMTP or FTP, which begin without TLS" : "no TLS";
}

function notTlsFinding(firstBytes: string): TlsFindingDraft {
  const isHttp = firstBytes.startsWith("HTTP/");
  return {
    severity: "critical",
    confidence: "proven",
    title: `The port speaks ${protocolOf(firstBytes)}`,
    summary: `Its first bytes are ${JSON.stringify(firstBytes.slice(0, 40))}.`,
    goSays: isHttp
      ? "http: server gave HTTP response to HTTPS client"
      : "tls: first record does not look like a TLS handshake",
    next: isHttp
      ? [
          "Ask with http://, or at the port that speaks TLS",
          "Behind a proxy: is TLS ended there, and is this the port behind it?",
        ]
      : ["Is it the right port?"],
  };
}

/** Whether the server wants a certificate of the client, and takes ours. */
export function clientCertificateCheck(probe: TlsProbe): TlsJudgement {
  const rule = "tls/client-certificate";
  const outcome = usualHandshake(probe)?.outcome;
  const alert = outcome === undefined ? undefined : clientAlert(outcome, probe);
  if (alert !== undefined) return probe.showedCertificate ? ourRefusal(rule, alert) : wanted(rule, alert);
  if (outcome?.kind !== "done") return inconclusive(rule, nothingSeen);
  return judgement(
    rule,
    probe.showedCertificate
      ? "the server did not refuse the client certificate"
      : "none is demanded in the handshake; a proxy may still want one with the first request",
  );
}

/** The alert by which the server wants another certificate of the client, or one at all. */
function clientAlert(outcome: TlsOutcome, probe: TlsProbe): number | undefined {
  if (outcome.kind === "done") return outcome.alertAfterwards;
  return outcome.kind === "alert" && isAboutClient(outcome, probe) ? outcome.alert : undefined;
}

function wanted(rule: string, alert: number): TlsJudgement {
  const isSure = alert === 116;
  return inconclusive(
    rule,
    "the server wants a client certificate: give it one to see whether it is let in",
    [
      {
        severity: "info",
        confidence: isSure ? "proven" : "likely",
        title: `The server ${isSure ? "wants" : "seems to want"} a client certificate (mTLS): alert ${alert}, ${alertText(alert)}`,
        summary: isSure
          ? "With TLS 1.3 it says so only after the handshake, so a Go client learns of it from its first read."
          : "Without one it refuses the handshake, as servers of TLS 1.2 do; a cipher that is not in common looks the same, so it is inferred.",
        goSays: goAlert(alert),
        next: [
          "Ask with one (of a target of gofire.yaml: tls.certFile, tls.keyFile): gofire tls HOST --cert FILE --key FILE",
        ],
      },
    ],
  );
}

/** Which alert stands for what: crypto/tls/handshake_server.go (processCertsFromClient). */
const ourReadings: Readonly<Record<number, string>> = {
  40: "The server refuses the handshake as a whole.",
  42: "The server cannot read it or does not accept it.",
  43: "The server does not know this kind of certificate.",
  44: "It is revoked.",
  45: "It has expired.",
  46: "The server does not accept it.",
  48: "The server does not know the authority that issued it: its ClientCAs lack it, or ours lacks an intermediate.",
  49: "The certificate is valid, and who it is of may not come in.",
  116: "None reached the server, though one was named: none of ours is of an authority that it asks for.",
};

function ourRefusal(rule: string, alert: number): TlsJudgement {
  return judgement(rule, `refused: ${alertText(alert)} (alert ${alert})`, [
    {
      severity: "critical",
      confidence: alert === 40 ? "likely" : "proven",
      title: `The server refuses our client certificate: ${alertText(alert)} (alert ${alert})`,
      summary: ourReadings[alert] ?? "The alert is the server's own word; its log says why.",
      goSays: goAlert(alert),
      next: [
        "Compare the certificate's issuer with the authorities that the server takes (tls.Config.ClientCAs)",
        "See when it expires: openssl x509 -in FILE -noout -issuer -dates",
      ],
    },
  ]);
}

/** Whether all addresses of the name answer alike: one sick backend is every third connection. */
export function addressesCheck(probe: TlsProbe): TlsJudgement {
  const rule = "tls/addresses";
  const asked = probe.handshakes.filter(
    ({ question, outcome }) => question === "usual" && outcome.kind !== "not-asked",
  );
  const unasked = probe.addresses.filter((address) => !asked.some((one) => one.address === address));
  const of = `${countText(asked.length)} of ${countText(probe.addresses.length)} asked`;
  if (probe.addresses.length < 2) return judgement(rule, `one: ${probe.addresses[0] ?? ""}`);
  const findings = [...sickFindings(asked), ...differingFindings(asked)];
  const ways = asked.filter(({ outcome }) => outcome.kind === "unreachable" && outcome.isOurs);
  const missing = [...unasked, ...ways.map(({ address }) => address)];
  if (missing.length > 0 && findings.length === 0) {
    return inconclusive(rule, `${of}; nothing is known of ${missing.slice(0, 6).join(", ")}`);
  }
  return judgement(rule, findings.length === 0 ? `${of}: all answer alike` : `${of}: they differ`, findings);
}

function isWell({ outcome }: TlsHandshake): boolean {
  return outcome.kind === "done";
}

function sickFindings(asked: readonly TlsHandshake[]): TlsFindingDraft[] {
  const sick = asked.filter(
    (one) => !isWell(one) && !(one.outcome.kind === "unreachable" && one.outcome.isOurs),
  );
  if (sick.length === 0 || !asked.some(isWell)) return [];
  const each = sick.map(({ address, outcome }) => `${address}: ${outcomeText(outcome)}`).join("; ");
  return [
    {
      severity: "critical",
      confidence: "likely",
      title: `${countText(sick.length)} of ${countText(asked.length)} addresses ${sick.length === 1 ? "does" : "do"} not come through a handshake`,
      summary: `${each}. Who is sent there fails, and the others do not notice. It was asked once, from here.`,
      measured: { value: sick.length, limit: 0, unit: "addresses" },
      next: ["Take it out of the name's addresses or the balancer, then look at what runs there"],
    },
  ];
}

function differingFindings(asked: readonly TlsHandshake[]): TlsFindingDraft[] {
  const byCertificate = new Map<string, { readonly words: string; readonly addresses: string[] }>();
  for (const { address, outcome } of asked) {
    const leaf = outcome.kind === "done" ? outcome.chain.sent[0] : undefined;
    if (leaf === undefined) continue;
    const words = `${certificateName(leaf)}, until ${leaf.validTo.slice(0, 10)}, SHA-256 ${leaf.fingerprint.slice(0, 11)}…`;
    const known = byCertificate.get(leaf.fingerprint) ?? { words, addresses: [] };
    known.addresses.push(address);
    byCertificate.set(leaf.fingerprint, known);
  }
  if (byCertificate.size < 2) return [];
  const each = [...byCertificate.values()].map(({ words, addresses }) => `${addresses.join(", ")}: ${words}`);
  return [
    {
      severity: "warning",
      confidence: "likely",
      title: `The addresses show ${countText(byCertificate.size)} different certificates`,
      summary: `${each.join("; ")}. Where one was renewed and another was not, the old one fails when it expires; behind some balancers it is meant to be so.`,
      measured: { value: byCertificate.size, limit: 1, unit: "certificates" },
      next: ["See whether each of them is meant to be there, and the oldest first"],
    },
  ];
}
