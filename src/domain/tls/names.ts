import { plainAddress } from "../targets/reserved-addresses.ts";
import type { TlsCertificate } from "./probe.ts";

type Names = Pick<TlsCertificate, "hasNames" | "dnsNames" | "ipAddresses" | "commonName">;

/** More names than this are counted (crypto/x509/verify.go, maxNamesIncluded; Go 1.25.2 and later). */
const mostNames = 100;

/**
 * Why Go does not take the certificate for one of `host`, in the words of its x509.HostnameError; undefined when it does.
 * The rules are those of crypto/x509/verify.go (VerifyHostname): an address needs an address among the names, "*" stands
 * for the whole first label, the common name counts for nothing.
 */
export function nameRefusal(certificate: Names, host: string): string | undefined {
  const { hasNames, dnsNames, ipAddresses, commonName } = certificate;
  const address = plainAddress(host);
  if (address !== undefined) {
    if (ipAddresses.includes(address)) return undefined;
    if (ipAddresses.length === 0) {
      return `cannot validate certificate for ${host} because it doesn't contain any IP SANs`;
    }
    return refusal(ipAddresses, host, "IP SANs");
  }
  if (dnsNames.some((name) => isNameOf(name, host))) return undefined;
  if (!hasNames && commonName !== undefined && isNameOf(commonName, host)) {
    return "certificate relies on legacy Common Name field, use SANs instead";
  }
  return refusal(dnsNames, host, "names");
}

function refusal(names: readonly string[], host: string, what: string): string {
  if (names.length === 0) return `certificate is not valid for any names, but wanted to match ${host}`;
  if (names.length >= mostNames)
    return `certificate is valid for ${names.length} ${what}, but none matched ${host}`;
  return `certificate is valid for ${names.join(", ")}, not ${host}`;
}

function isNameOf(pattern: string, host: string): boolean {
  const wanted = host.toLowerCase().replace(/\.$/, "").split(".");
  const labels = pattern.toLowerCase().split(".");
  return (
    labels.length === wanted.length &&
    pattern !== "*" &&
    labels.every((label, at) => (at === 0 && label === "*") || label === wanted[at])
  );
}
