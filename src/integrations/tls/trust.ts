import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import type { TlsChain, TlsProbe } from "../../domain/tls/probe.ts";
import { certificateFacts, isIssuedBy } from "./certificate.ts";

/** Where Go looks for authorities on Linux; the first that is there counts (crypto/x509/root_linux.go). */
const systemFiles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** Authorities that certificates are held against. */
export interface Trust {
  readonly source: TlsProbe["trust"]["source"];
  readonly authorities: readonly X509Certificate[];
}

/** Those that were named, else those that a Go program on this machine would trust, else Mozilla's of Node.js. */
export async function readTrust(
  named: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Trust> {
  if (named !== undefined) return { source: "the authorities that were named", authorities: read(named) };
  const file = environment["SSL_CERT_FILE"];
  for (const path of file === undefined || file === "" ? systemFiles : [file]) {
    const pem = await readFile(path, "utf8").catch(() => "");
    const authorities = read(pem);
    if (authorities.length > 0) return { source: path, authorities };
  }
  return {
    source: `Mozilla's list in Node.js ${process.versions.node}`,
    authorities: read(rootCertificates.join("\n")),
  };
}

function read(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return []; // As Go does (CertPool.AppendCertsFromPEM).
    }
  });
}

/** The way from the server's own certificate to an authority, in whatever order the others were sent. */
export function chainOf(sent: readonly X509Certificate[], { authorities }: Trust): TlsChain {
  const path: number[] = [];
  let at: number | undefined = sent.length === 0 ? undefined : 0;
  let authority: X509Certificate | undefined;
  while (at !== undefined) {
    const current: X509Certificate | undefined = sent[at];
    if (current === undefined) break;
    path.push(at);
    authority = authorities.find(
      (one) => one.fingerprint256 === current.fingerprint256 || isIssuedBy(current, one),
    );
    if (authority !== undefined) break;
    const next = sent.findIndex((one, position) => !path.includes(position) && isIssuedBy(current, one));
    at = next < 0 ? undefined : next;
  }
  return {
    sent: sent.map(certificateFacts),
    path,
    ...(authority === undefined ? {} : { authority: certificateFacts(authority).subject }),
  };
}
