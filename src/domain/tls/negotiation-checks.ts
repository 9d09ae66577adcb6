import {
  certificateName,
  inconclusive,
  judgement,
  nothingSeen,
  type TlsFindingDraft,
  type TlsJudgement,
} from "./finding.ts";
import { type TlsOutcome, type TlsProbe, type TlsQuestion, usualHandshake } from "./probe.ts";
import { goAlert, outcomeText, versionText } from "./words.ts";

function answerTo(question: TlsQuestion, { handshakes }: TlsProbe): TlsOutcome | undefined {
  return handshakes.find((one) => one.question === question)?.outcome;
}

/** What the server does without the name that clients send (SNI). */
export function serverNameCheck(probe: TlsProbe): TlsJudgement {
  const rule = "tls/sni";
  const usual = usualHandshake(probe)?.outcome;
  const without = answerTo("no-name", probe);
  if (without === undefined || without.kind === "not-asked") {
    const why = without?.kind === "not-asked" ? without.why : nothingSeen;
    const isNeedless = without?.kind === "not-asked" && without.isNeedless;
    return usual?.kind === "done" && isNeedless ? judgement(rule, why) : inconclusive(rule, why);
  }
  if (usual?.kind !== "done") return judgement(rule, `without a name: ${outcomeText(without)}`);
  if (without.kind !== "done") {
    const needed: TlsFindingDraft = {
      severity: "info",
      confidence: "proven",
      title: "The server needs the name (SNI)",
      summary: `Without it: ${outcomeText(without)}. Go's clients send it whenever they are given a name; one that connects to an address does not, nor does a health check by address.`,
      ...(without.kind === "alert" ? { goSays: goAlert(without.alert) } : {}),
      next: ["For clients and health checks by address: tls.Config.ServerName"],
    };
    return judgement(rule, `needed: without it ${outcomeText(without)}`, [needed]);
  }
  const [named, unnamed] = [usual.chain.sent[0], without.chain.sent[0]];
  if (named === undefined || unnamed === undefined || named.fingerprint === unnamed.fingerprint) {
    return judgement(rule, "the same certificate with the name and without");
  }
  return judgement(rule, `without a name another certificate: ${certificateName(unnamed)}`, [
    {
      severity: "info",
      confidence: "proven",
      title: `Without the name (SNI) the server shows another certificate: ${certificateName(unnamed)}`,
      summary: `With it: ${certificateName(named)}. Go's clients send it whenever they are given a name; one that connects to an address does not.`,
      next: ["For clients and health checks by address: tls.Config.ServerName"],
    },
  ]);
}

const alpnOffers = [
  ["both", "usual"],
  ["h2", "h2"],
  ["http/1.1", "http/1.1"],
  ["none", "no-alpn"],
] as const;

/** What is negotiated for h2, http/1.1, both and none (RFC 7301). */
export function alpnCheck(probe: TlsProbe): TlsJudgement {
  const rule = "tls/alpn";
  const answers = alpnOffers.map(([offer, question]) => {
    const outcome = question === "usual" ? usualHandshake(probe)?.outcome : answerTo(question, probe);
    return { offer, outcome };
  });
  const says = answers.map(({ offer, outcome }) => `${offer}: ${chosenText(outcome)}`).join(" · ");
  const isOpen = answers.some(({ outcome }) => outcome?.kind !== "done" && outcome?.kind !== "alert");
  if (usualHandshake(probe)?.outcome.kind !== "done" && isOpen) return inconclusive(rule, nothingSeen);
  if (isOpen) return inconclusive(rule, `offered ${says}`);
  const findings: TlsFindingDraft[] = [];
  const h2 = answers[1]?.outcome;
  const http1 = answers[2]?.outcome;
  if (h2?.kind !== "done" || h2.alpn !== "h2") {
    findings.push({
      severity: "info",
      confidence: "proven",
      title: "The server does not choose HTTP/2 (h2)",
      summary: `Offered h2 alone: ${chosenText(h2)}. HTTP clients use HTTP/1.1 instead; gRPC needs h2, and grpc-go refuses a server that does not choose it since 1.67.`,
      ...(h2?.kind === "alert"
        ? { goSays: goAlert(h2.alert) }
        : { goSays: "credentials: cannot check peer: missing selected ALPN property" }),
      next: [
        "For gRPC: a Go server needs NextProtos: []string{\"h2\"} in its tls.Config where it does not use grpc's own credentials or net/http's; nginx needs http2 on",
      ],
    });
  }
  if (http1?.kind !== "done") {
    findings.push({
      severity: "info",
      confidence: "proven",
      title: "The server does not take clients that speak HTTP/1.1 alone",
      summary: `Offered http/1.1 alone: ${chosenText(http1)}. A gRPC server is like that; health checks and probes that speak HTTP/1.1 fail there.`,
      ...(http1?.kind === "alert" ? { goSays: goAlert(http1.alert) } : {}),
      next: ["Have such checks speak HTTP/2 or gRPC, or give them a port of their own"],
    });
  }
  return judgement(rule, `offered ${says}`, findings);
}

function chosenText(outcome: TlsOutcome | undefined): string {
  if (outcome?.kind === "done") return outcome.alpn ?? "none chosen";
  return outcome === undefined ? "not asked" : outcomeText(outcome);
}

/** Which versions of TLS the server takes. */
export function versionsCheck(probe: TlsProbe): TlsJudgement {
  const rule = "tls/versions";
  const usual = usualHandshake(probe)?.outcome;
  const [twelve, old] = [answerTo("tls1.2", probe), answerTo("old", probe)];
  if (usual?.kind !== "done") return inconclusive(rule, nothingSeen);
  const newest = versionText(usual.protocol);
  const also = [
    twelve?.kind === "done" ? versionText(twelve.protocol) : undefined,
    old?.kind === "done" ? versionText(old.protocol) : undefined,
  ].filter((version) => version !== undefined && version !== newest);
  const refused = [
    usual.protocol === "TLSv1.3" && twelve?.kind === "alert" ? "TLS 1.2" : undefined,
    old?.kind === "alert" || old?.kind === "closed" ? "TLS 1.0 and 1.1" : undefined,
  ].filter((version) => version !== undefined);
  const says = `${[newest, ...also].join(", ")}${refused.length === 0 ? "" : `; refused: ${refused.join(", ")}`}`;
  const findings: TlsFindingDraft[] = [];
  if (old?.kind === "done" && usual.protocol > "TLSv1.1") {
    findings.push({
      severity: "info",
      confidence: "proven",
      title: `The server still takes ${versionText(old.protocol)}`,
      summary:
        "TLS 1.0 and 1.1 must not be used any more (RFC 8996). Go's servers begin at TLS 1.2 since Go 1.22.",
      next: ["Set the least version to TLS 1.2: tls.Config.MinVersion, ssl_protocols in nginx"],
    });
  }
  const open = [twelve, old].find((outcome) => outcome?.kind === "failed" || outcome?.kind === "silent");
  const unasked = [twelve, old].find((outcome) => outcome?.kind === "not-asked" && !outcome.isNeedless);
  if (open !== undefined) return inconclusive(rule, `${says}; older ones: ${outcomeText(open)}`, findings);
  if (unasked !== undefined)
    return inconclusive(rule, `${says}; older ones: ${outcomeText(unasked)}`, findings);
  return judgement(rule, says, findings);
}
