import { countText } from "../units.ts";
import { chainSeen } from "./certificate-checks.ts";
import {
  certificateName,
  inconclusive,
  judgement,
  nothingSeen,
  type TlsFindingDraft,
  type TlsJudgement,
} from "./finding.ts";
import type { TlsCertificate, TlsProbe } from "./probe.ts";
import { goRefusal } from "./words.ts";

/** crypto/tls/handshake_client.go, defaultMaxRSAKeySize (CVE-2023-29409). */
const largestRsaBits = 8_192;
/** crypto/rsa since Go 1.24 ("Minimum key size"). */
const leastGoRsaBits = 1_024;
/** CA/Browser Forum Baseline Requirements §6.1.5. */
const leastRsaBits = 2_048;

/** Keys and signatures that Go refuses, or that are too weak by today's rules. */
export function keysCheck(probe: TlsProbe): TlsJudgement {
  const rule = "tls/keys";
  const chain = chainSeen(probe);
  const leaf = chain?.sent[0];
  if (chain === undefined || leaf === undefined) return inconclusive(rule, nothingSeen);
  const findings = chain.path.flatMap((at) => {
    const certificate = chain.sent[at];
    return certificate === undefined ? [] : [...keyFindings(certificate), ...signatureFindings(certificate)];
  });
  return judgement(rule, `${keyText(leaf)}, signed with ${leaf.signature}`, findings);
}

function keyText({ key: { type, bits } }: TlsCertificate): string {
  return bits === undefined ? type : `${type} ${bits}`;
}

function keyFindings(certificate: TlsCertificate): TlsFindingDraft[] {
  const { type, bits } = certificate.key;
  const name = certificateName(certificate);
  const next = ["Issue it again with an ECDSA P-256 key, or RSA with 2,048 bits"];
  if (bits === undefined || !type.startsWith("RSA")) return [];
  const measured = { value: bits, unit: "bits" };
  if (bits < leastGoRsaBits) {
    return [
      {
        severity: "critical",
        confidence: "proven",
        title: `The RSA key of ${name} has ${countText(bits)} bits; Go refuses less than 1,024`,
        summary:
          "Since Go 1.24 (crypto/rsa, Minimum key size); earlier versions take it, and anybody can break it.",
        measured: { ...measured, limit: leastGoRsaBits },
        goSays: `crypto/rsa: ${bits}-bit keys are insecure`,
        next,
      },
    ];
  }
  if (bits > largestRsaBits) {
    return [
      {
        severity: "critical",
        confidence: "proven",
        title: `The RSA key of ${name} has ${countText(bits)} bits; Go refuses more than 8,192`,
        summary: "Since Go 1.19.12, 1.20.7 and 1.21 (CVE-2023-29409).",
        measured: { ...measured, limit: largestRsaBits },
        goSays: `tls: server sent certificate containing RSA key larger than ${largestRsaBits} bits`,
        next,
      },
    ];
  }
  if (bits >= leastRsaBits) return [];
  return [
    {
      severity: "warning",
      confidence: "proven",
      title: `The RSA key of ${name} has ${countText(bits)} bits, less than 2,048`,
      summary:
        "Go takes it; public authorities may not issue it (CA/Browser Forum Baseline Requirements §6.1.5).",
      measured: { ...measured, limit: leastRsaBits },
      next,
    },
  ];
}

/** Of one that signs itself the signature proves nothing and is not checked. */
function signatureFindings(certificate: TlsCertificate): TlsFindingDraft[] {
  const { signature, isSelfSigned } = certificate;
  if (isSelfSigned || !/^(?:MD5|SHA1)-|-SHA1$|^DSA-/.test(signature)) return [];
  return [
    {
      severity: "critical",
      confidence: "proven",
      title: `The certificate of ${certificateName(certificate)} is signed with ${signature}, which Go refuses`,
      summary: signature.includes("SHA1")
        ? "Since Go 1.18; GODEBUG=x509sha1=1 allowed it until Go 1.23."
        : "crypto/x509 does not check such signatures at all.",
      goSays: goRefusal("certificate signed by unknown authority"),
      next: ["Have it issued again with SHA-256"],
    },
  ];
}
