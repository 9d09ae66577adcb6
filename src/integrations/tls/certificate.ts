import type { X509Certificate } from "node:crypto";
import { plainAddress } from "../../domain/targets/reserved-addresses.ts";
import type { TlsCertificate } from "../../domain/tls/probe.ts";
import { signatureOf } from "./signature.ts";

/** The certificate as gofire tells of it. */
export function certificateFacts(certificate: X509Certificate): TlsCertificate {
  const { subject, issuer, subjectAltName, infoAccess, publicKey, fingerprint256 } = certificate;
  const names = alternativeNames(subjectAltName ?? "");
  const commonName = /^CN=(.*)$/m.exec(subject ?? "")?.[1];
  const { modulusLength: bits, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  const [validFrom, validTo] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  const type = namedCurve ?? publicKey.asymmetricKeyType ?? "unknown";
  return {
    subject: oneLine(subject ?? ""),
    ...(commonName === undefined ? {} : { commonName }),
    issuer: oneLine(issuer ?? ""),
    fingerprint: fingerprint256,
    validFrom: validFrom.toISOString(),
    validTo: validTo.toISOString(),
    validFromMs: validFrom.getTime(),
    validToMs: validTo.getTime(),
    hasNames: subjectAltName !== undefined,
    dnsNames: names.flatMap(({ kind, value }) => (kind === "DNS" ? [value] : [])),
    ipAddresses: names.flatMap(({ kind, value }) =>
      kind === "IP Address" ? [plainAddress(value) ?? value] : [],
    ),
    key: { type: type.toUpperCase(), ...(bits === undefined ? {} : { bits }) },
    signature: signatureOf(certificate.raw),
    isAuthority: certificate.ca,
    isSelfSigned: isIssuedBy(certificate, certificate),
    issuerUrls: [...(infoAccess ?? "").matchAll(/^CA Issuers - URI:(.+)$/gm)].map(([, url = ""]) =>
      url.startsWith('"') ? String(JSON.parse(url)) : url,
    ),
  };
}

/** Whether the one names the other as its issuer and the signature is by the other's key. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.issuer === issuer.subject && certificate.verify(issuer.publicKey);
  } catch {
    // A key that OpenSSL cannot use has signed nothing that it could check.
    return false;
  }
}

/** Names with commas or quotes in them are written as JSON strings (Node.js: X509Certificate.subjectAltName). */
function alternativeNames(text: string): { readonly kind: string; readonly value: string }[] {
  return [...text.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)].map(
    ([, kind = "", value = ""]) => ({
      kind,
      value: value.startsWith('"') ? String(JSON.parse(value)) : value,
    }),
  );
}

function oneLine(name: string): string {
  return name === "" ? "(no subject)" : name.split("\n").join(", ");
}
