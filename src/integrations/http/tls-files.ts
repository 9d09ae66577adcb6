import { createPrivateKey, X509Certificate } from "node:crypto";
import type { SecureContextOptions } from "node:tls";
import { reasonOf, UsageError } from "../../domain/errors.ts";
import type { Host } from "../../ports/host.ts";
import type { ServerTls, ServerTlsLook } from "../../ports/server-tls.ts";

/** Long enough to have a certificate issued by people. */
const soonMs = 14 * 86_400_000;

export interface TlsFiles extends ServerTlsLook {
  readonly context: Pick<SecureContextOptions, "cert" | "key" | "passphrase" | "ca">;
}

/**
 * Reads a listener's PEM files. Throws UsageError, with file and reason, for what cannot be read, is no PEM or does not
 * belong together; a certificate that has expired is only a warning, because the rest goes on without it.
 */
export async function readTlsFiles(
  tls: ServerTls,
  host: Pick<Host, "readText">,
  nowMs: number,
): Promise<TlsFiles> {
  const { certFile, keyFile, passphrase, clientCaFile } = tls;
  // One after the other: of several files that are missing, the first is named, at each start the same.
  const cert = await host.readText(certFile);
  const key = await host.readText(keyFile);
  const ca = clientCaFile === undefined ? undefined : await host.readText(clientCaFile);
  const own = certificatesIn(cert, certFile);
  const authorities = ca === undefined || clientCaFile === undefined ? [] : certificatesIn(ca, clientCaFile);
  checkKey(own[0], { key, passphrase }, tls);
  const dated = [
    ...own.map((certificate) => ({ file: certFile, certificate })),
    ...authorities.map((certificate) => ({ file: clientCaFile ?? "", certificate })),
  ];
  return {
    context: {
      cert,
      key,
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(ca === undefined ? {} : { ca }),
    },
    validUntilMs: Math.min(...dated.map(({ certificate }) => Date.parse(certificate.validTo))),
    warnings: dated.flatMap(({ file, certificate }) => {
      const trouble = dateTrouble(certificate, nowMs);
      return trouble === undefined ? [] : [`${file}: the certificate of ${nameOf(certificate)} ${trouble}.`];
    }),
  };
}

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function certificatesIn(pem: string, file: string): readonly X509Certificate[] {
  const blocks = pem.match(pemCertificate) ?? [];
  if (blocks.length === 0) throw new UsageError(`${file} holds no certificate in PEM.`);
  return blocks.map((block, at) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw new UsageError(
        `${file}: certificate ${at + 1} of ${blocks.length} cannot be read: ${reasonOf(error)}`,
      );
    }
  });
}

function checkKey(
  own: X509Certificate | undefined,
  { key, passphrase }: { readonly key: string; readonly passphrase: string | undefined },
  { certFile, keyFile }: ServerTls,
): void {
  let fits: boolean | undefined;
  try {
    const options = passphrase === undefined ? { key } : { key, passphrase };
    fits = own?.checkPrivateKey(createPrivateKey({ ...options, format: "pem" }));
  } catch (error) {
    // OpenSSL's own words hold no secret.
    throw new UsageError(`${keyFile} holds no private key that can be used: ${reasonOf(error)}`);
  }
  if (fits !== true)
    throw new UsageError(`${keyFile} is not the key of the first certificate in ${certFile}.`);
}

function dateTrouble({ validFrom, validTo }: X509Certificate, nowMs: number): string | undefined {
  const [fromMs, toMs] = [Date.parse(validFrom), Date.parse(validTo)];
  if (nowMs > toMs) return `expired on ${day(toMs)}`;
  if (nowMs < fromMs) return `is valid only from ${day(fromMs)} on`;
  return toMs - nowMs < soonMs ? `expires on ${day(toMs)}` : undefined;
}

function nameOf({ subject, subjectAltName, serialNumber }: X509Certificate): string {
  return (subject ?? subjectAltName ?? serialNumber).replace(/\s+/g, " ");
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ").concat(" UTC");
}
