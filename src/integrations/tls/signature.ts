/** Object identifiers by the names that Go's crypto/x509 has for them (x509.go, signatureAlgorithmDetails). */
const names: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.4": "MD5-RSA",
  "1.2.840.113549.1.1.5": "SHA1-RSA",
  "1.3.14.3.2.29": "SHA1-RSA",
  "1.2.840.113549.1.1.10": "RSA-PSS",
  "1.2.840.113549.1.1.11": "SHA256-RSA",
  "1.2.840.113549.1.1.12": "SHA384-RSA",
  "1.2.840.113549.1.1.13": "SHA512-RSA",
  "1.2.840.10040.4.3": "DSA-SHA1",
  "2.16.840.1.101.3.4.3.2": "DSA-SHA256",
  "1.2.840.10045.4.1": "ECDSA-SHA1",
  "1.2.840.10045.4.3.2": "ECDSA-SHA256",
  "1.2.840.10045.4.3.3": "ECDSA-SHA384",
  "1.2.840.10045.4.3.4": "ECDSA-SHA512",
  "1.3.101.112": "Ed25519",
};

/**
 * How a certificate is signed, which Node 20 does not tell: of `SEQUENCE { tbsCertificate, SEQUENCE { OID … }, … }`
 * (RFC 5280 §4.1) the second element's first. OpenSSL has read these bytes before, so they are well formed.
 */
export function signatureOf(der: Uint8Array): string {
  const [, algorithm] = elements(contentOf(der));
  const [oid] = elements(contentOf(algorithm ?? new Uint8Array()));
  const text = identifier(contentOf(oid ?? new Uint8Array()));
  return names[text] ?? text;
}

/** The first two elements that stand one after the other. */
function elements(bytes: Uint8Array): readonly Uint8Array[] {
  const first = lengthOf(bytes);
  const rest = bytes.subarray(first);
  return [bytes.subarray(0, first), rest.subarray(0, lengthOf(rest))];
}

function contentOf(element: Uint8Array): Uint8Array {
  return element.subarray(headerOf(element), lengthOf(element));
}

/** Bytes of tag and length (X.690 §8.1.3). */
function headerOf(element: Uint8Array): number {
  const length = element[1] ?? 0;
  return length < 0x80 ? 2 : 2 + (length & 0x7f);
}

function lengthOf(element: Uint8Array): number {
  const header = headerOf(element);
  const short = element[1] ?? 0;
  if (short < 0x80) return header + short;
  return header + element.subarray(2, header).reduce((sum, byte) => sum * 256 + byte, 0);
}

/** X.690 §8.19 */
function identifier(bytes: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of bytes) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (arcs.length === 0) {
      const root = Math.min(2, Math.floor(arc / 40));
      arcs.push(root, arc - root * 40);
    } else arcs.push(arc);
    arc = 0;
  }
  return arcs.join(".");
}
