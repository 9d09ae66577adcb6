import { counted, countText } from "../units.ts";
import {
  certificateName,
  inconclusive,
  judgement,
  nothingSeen,
  type TlsFindingDraft,
  type TlsJudgement,
} from "./finding.ts";
import { nameRefusal } from "./names.ts";
import { type TlsCertificate, type TlsChain, type TlsProbe, usualHandshake } from "./probe.ts";
import { goRefusal } from "./words.ts";

/** The chain of the usual handshake; undefined where none was seen. */
export function chainSeen(probe: TlsProbe): TlsChain | undefined {
  const outcome = usualHandshake(probe)?.outcome;
  return outcome?.kind === "done" && outcome.chain.sent.length > 0 ? outcome.chain : undefined;
}

/** Whether what was sent leads to an authority that is trusted. */
export function chainCheck(probe: TlsProbe): TlsJudgement {
  const rule = "tls/chain";
  const chain = chainSeen(probe);
  if (chain === undefined) return inconclusive(rule, nothingSeen);
  const { sent, path, authority } = chain;
  const names = path.flatMap((at) => (sent[at] === undefined ? [] : [certificateName(sent[at])]));
  const order = orderFinding(chain);
  const more = order === undefined ? [] : [order];
  if (authority !== undefined) {
    return judgement(rule, `${names.join(" < ")} < ${authority} (trusted)`, more);
  }
  return judgement(rule, `${names.join(" < ")}; no trusted authority is reached`, [
    unknownAuthority(chain, probe),
    ...more,
  ]);
}

function unknownAuthority({ sent, path }: TlsChain, { trust }: TlsProbe): TlsFindingDraft {
  const last = sent[path.at(-1) ?? 0];
  const held = `Held against ${trust.source} (${counted(trust.authorities, "authority", "authorities")}); a client with other authorities may see it differently.`;
  const base = {
    severity: "critical",
    confidence: "likely",
    goSays: goRefusal("certificate signed by unknown authority"),
  } as const;
  if (last === undefined) return { ...base, title: "No certificate was sent", summary: held, next: [] };
  const name = certificateName(last);
  if (last.isSelfSigned) {
    const isAlone = path.length === 1;
    return {
      ...base,
      title: isAlone
        ? `The certificate of ${name} is signed by itself`
        : `The chain ends at ${name}, an authority that is not trusted here`,
      summary: `${isAlone ? "No authority vouches for it." : `${name} signs itself: a private authority.`} ${held}`,
      next: [
        `If it is meant to be so, judge it by its authority (of a target of gofire.yaml: tls.caFile): gofire tls HOST --ca FILE`,
        `Give clients the authority: tls.Config.RootCAs, or SSL_CERT_FILE on Linux`,
      ],
    };
  }
  const [url] = last.issuerUrls;
  const only = path.length === 1 ? "only its own certificate" : counted(path.length, "certificate");
  if (url !== undefined) {
    return {
      ...base,
      title: `An intermediate certificate is missing: ${last.issuer}`,
      summary: `The server sends ${only}, and ${last.issuer}, which issued that of ${name}, is neither sent nor trusted. The certificate says where its issuer's is, as those of public authorities do; that it is an intermediate is inferred. Browsers fetch it or have kept it, so they show nothing wrong; Go never fetches it. ${held}`,
      next: [
        `Give the server the whole chain in one PEM file, its own certificate first (fullchain.pem)`,
        `The missing one is at ${url} (gofire did not fetch it)`,
      ],
    };
  }
  return {
    ...base,
    title: `${last.issuer} is neither sent nor trusted here`,
    summary: `The server sends ${only}. ${last.issuer}, which issued that of ${name}, is either an intermediate that is missing or a private authority: the certificate does not say where its issuer's is, so it cannot be told apart from here. ${held}`,
    next: [
      `If it is a private authority, judge it by that (of a target of gofire.yaml: tls.caFile): gofire tls HOST --ca FILE`,
      `If it is an intermediate, give the server the whole chain in one PEM file, its own certificate first`,
    ],
  };
}

/** TLS 1.3 lets clients cope with any order (RFC 8446 §4.4.2), and Go does; TLS 1.2 does not (RFC 5246 §7.4.2). */
function orderFinding({ sent, path }: TlsChain): TlsFindingDraft | undefined {
  const inOrder = path.every((at, position) => at === position);
  const left = sent.filter((_, at) => !path.includes(at));
  if (inOrder && left.length === 0) return undefined;
  const roots = left.filter(({ isSelfSigned }) => isSelfSigned);
  const what = [
    inOrder ? "" : "they are not in order, each followed by its issuer",
    left.length === 0
      ? ""
      : `${countText(left.length)} of ${countText(sent.length)} ${left.length === 1 ? "is" : "are"} of no use (${left.map(certificateName).join(", ")})`,
  ].filter((words) => words !== "");
  return {
    severity: "info",
    confidence: "proven",
    title: `Certificates sent: ${what.join("; ")}`,
    summary: `Go and OpenSSL sort it out. Older clients of TLS 1.2 may not (RFC 5246 §7.4.2 wants each followed by its issuer).${roots.length > 0 ? " An authority that signs itself need not be sent: who does not have it does not trust it." : ""}`,
    next: ["Put the server's own certificate first, then each issuer, without the authority itself"],
  };
}

/** Ours; as for gofire's own listeners. Those that live shorter are renewed in their last third. */
const soonDays = 14;
const dayMs = 86_400_000;

/** Whether each certificate is valid now and a while longer. */
export function expiryCheck(probe: TlsProbe): TlsJudgement {
  const rule = "tls/expiry";
  const chain = chainSeen(probe);
  if (chain === undefined) return inconclusive(rule, nothingSeen);
  const { sent, path } = chain;
  const findings = sent.flatMap((certificate, at) => {
    const finding = expiryFinding(certificate, path.includes(at), probe.atMs);
    return finding === undefined ? [] : [finding];
  });
  const [first] = path.flatMap((at) => sent[at] ?? []).toSorted((a, b) => a.validToMs - b.validToMs);
  if (first === undefined) return inconclusive(rule, nothingSeen);
  const days = (first.validToMs - probe.atMs) / dayMs;
  const until = days < 0 ? `expired ${spanText(-days)} ago` : `valid for ${spanText(days)} more`;
  return judgement(rule, `${certificateName(first)}: ${until}, until ${dayOf(first.validTo)}`, findings);
}

function expiryFinding(
  certificate: TlsCertificate,
  isUsed: boolean,
  nowMs: number,
): TlsFindingDraft | undefined {
  const { validFromMs, validToMs, validFrom, validTo } = certificate;
  const name = certificateName(certificate);
  const days = (validToMs - nowMs) / dayMs;
  const limit = Math.min(soonDays, (validToMs - validFromMs) / dayMs / 3);
  const measured = { value: Math.floor(days), limit: Math.floor(limit), unit: "days" };
  // Go takes the day itself for valid (crypto/x509: now.After(NotAfter)).
  if (nowMs > validToMs) {
    return {
      severity: isUsed ? "critical" : "info",
      confidence: "proven",
      title: `The certificate of ${name} expired on ${dayOf(validTo)}, ${spanText(-days)} ago`,
      summary: isUsed
        ? "It is part of the chain that clients check, so each of them refuses it."
        : "It is sent, but not part of the chain that Go checks; older clients may stumble over it.",
      measured: { ...measured, limit: 0 },
      ...(isUsed ? { goSays: goRefusal("certificate has expired or is not yet valid") } : {}),
      next: [
        "Renew it, and see that what listens loads the new one: many servers read it only when they start",
        "Renewed already? Then look at which process or address still has the old one",
      ],
    };
  }
  if (nowMs < validFromMs) {
    return {
      severity: isUsed ? "critical" : "info",
      confidence: "likely",
      title: `The certificate of ${name} is valid only from ${dayOf(validFrom)} on`,
      summary:
        "Clients whose clocks are right refuse it until then. The clock of this machine may be wrong, too.",
      ...(isUsed ? { goSays: goRefusal("certificate has expired or is not yet valid") } : {}),
      next: ["Compare this machine's clock (date -u) and that of the machine that issued it"],
    };
  }
  if (days >= limit || !isUsed) return undefined;
  return {
    severity: "warning",
    confidence: "proven",
    title: `The certificate of ${name} expires in ${spanText(days)}, on ${dayOf(validTo)}`,
    summary: `Less than ${Math.floor(limit)} days are left (a limit of gofire's own: ${soonDays} days, or a third of a shorter life), so its renewal may be stuck.`,
    measured,
    next: ["Renew it by hand, then find out why it was not renewed by itself"],
  };
}

function spanText(days: number): string {
  return days < 2 ? counted(Math.round(days * 24), "hour") : counted(Math.floor(days), "day");
}

function dayOf(iso = ""): string {
  return iso.slice(0, "2026-11-30".length);
}

/** Whether the certificate is of the name that was asked for. */
export function nameCheck(probe: TlsProbe): TlsJudgement {
  const rule = "tls/name";
  const leaf = chainSeen(probe)?.sent[0];
  if (leaf === undefined) return inconclusive(rule, nothingSeen);
  const { serverName } = probe;
  const refusal = nameRefusal(leaf, serverName);
  if (refusal === undefined) return judgement(rule, `the certificate is valid for ${serverName}`);
  const without = probe.handshakes.find(({ question }) => question === "no-name")?.outcome;
  const isDefault = without?.kind === "done" && without.chain.sent[0]?.fingerprint === leaf.fingerprint;
  const isLegacy = refusal.includes("Common Name");
  return judgement(rule, `the certificate is not valid for ${serverName}`, [
    {
      severity: "critical",
      confidence: "proven",
      title: isLegacy
        ? `The certificate names ${serverName} only in its Common Name, which Go does not look at`
        : `The certificate is not for ${serverName}`,
      summary: isLegacy
        ? "Go looks at subject alternative names alone, since Go 1.15 by default."
        : `It is for ${namesText(leaf)}.${isDefault ? " Without a name the server sends the same, so it seems to have none for this one: that this is its default is inferred." : ""}`,
      goSays: goRefusal(refusal),
      next: isLegacy
        ? ["Issue it with the name among its subject alternative names (subjectAltName)"]
        : [
            "Right server, other name? Clients can expect that one: tls.Config.ServerName, here --server-name NAME",
            `Else have the name added to the certificate, or give the server one for ${serverName}`,
          ],
    },
  ]);
}

function namesText({ dnsNames, ipAddresses }: TlsCertificate): string {
  const names = [...dnsNames, ...ipAddresses];
  if (names.length === 0) return "no name at all";
  const more = names.length - 6;
  return `${names.slice(0, 6).join(", ")}${more > 0 ? ` and ${countText(more)} more` : ""}`;
}
