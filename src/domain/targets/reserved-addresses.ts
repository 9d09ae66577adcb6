/**
 * What clouds answer their machines' own credentials and settings at; no Go process is ever there:
 * AWS (docs.aws.amazon.com: EC2 instance metadata; ECS task metadata and credentials; EKS Pod Identity), Google Cloud,
 * Azure and Oracle at 169.254.169.254, Azure's WireServer (learn.microsoft.com: "What is IP address 168.63.129.16?"), and
 * Alibaba Cloud (alibabacloud.com: "View instance metadata"); to machines without IPv4, Google Cloud at fd20:ce::254 and Oracle at
 * fd00:c1::a9fe:a9fe (oracle/oci-python-sdk: instance_principals_security_token_signer.py). Those of Scaleway, of Akamai, of Oracle's
 * classic cloud and Alibaba's IPv6 one are from lists of others, not from their makers' pages.
 */
const metadataAddresses: ReadonlySet<string> = new Set([
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "fd00:ec2:0:0:0:0:0:254",
  "fd00:ec2:0:0:0:0:0:23",
  "168.63.129.16",
  "100.100.100.200",
  "fd20:ce:0:0:0:0:0:254",
  "fd00:c1:0:0:0:0:a9fe:a9fe",
  "192.0.0.192",
  "169.254.42.42",
  "fd00:42:0:0:0:0:0:42",
  "fd00:a9fe:a9fe:0:0:0:0:1",
  "fd00:100:0:0:0:0:100:200",
]);

/** Whether the address is of a cloud's metadata service. False for names. */
export function isMetadataAddress(host: string): boolean {
  const address = plainAddress(host);
  if (address === undefined) return false;
  return [address, ...behindGateway(address)].some((one) => metadataAddresses.has(one));
}

/**
 * Where a gateway may send what is for an IPv6 address: the last 32 bits under ::/96 (RFC 4291), ::ffff:0:0:0/96 (RFC 7915) and
 * 64:ff9b:1::/48 (RFC 8215), and what follows 2002::/16 (RFC 3056).
 */
function behindGateway(address: string): readonly string[] {
  const groups = address.split(":");
  const [first, second = "", third = ""] = groups;
  if (first === "2002") return [asIpv4(second, third)];
  return /^(?:0:0:0:0:(?:0|ffff):0|64:ff9b:1):/.test(address) ? [asIpv4(...lastTwo(groups))] : [];
}

/** Whether `host` is this very machine: 127.0.0.0/8, ::1 (RFC 6890) or localhost (RFC 6761). */
export function isLoopback(host: string): boolean {
  if (/^(?:.+\.)?localhost\.?$/i.test(host)) return true;
  const address = plainAddress(host);
  return address === "0:0:0:0:0:0:0:1" || address?.startsWith("127.") === true;
}

/**
 * Whether the address is none that a process of a service has: unspecified, link-local, multicast or broadcast
 * (RFC 6890), or a cloud's metadata service. False for names.
 */
export function isNoProcess(host: string): boolean {
  const address = plainAddress(host);
  if (address === undefined) return false;
  if (isMetadataAddress(address)) return true;
  const first = /^\d+(?=\.)/.exec(address)?.[0];
  if (first !== undefined) return first === "0" || Number(first) >= 224 || address.startsWith("169.254.");
  return address === "0:0:0:0:0:0:0:0" || /^(?:fe[89ab][0-9a-f]|ff[0-9a-f]{2}):/.test(address);
}

/**
 * An IP address in one spelling: IPv4 with dots, also where IPv6 only wraps it (::ffff:0:0/96, 64:ff9b::/96: RFC 4291,
 * RFC 6052); IPv6 as eight groups. Undefined for names.
 */
export function plainAddress(host: string): string | undefined {
  const bare = host
    .replace(/^\[|\]$/g, "")
    .replace(/%.*$/, "")
    .toLowerCase();
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(bare)) return bare;
  if (!bare.includes(":")) return undefined;
  const [head = [], tail = []] = bare
    .replace(/\d{1,3}(?:\.\d{1,3}){3}$/, asGroups)
    .split("::")
    .map((part) => (part === "" ? [] : part.split(":")));
  const zeros: string[] = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0");
  const groups = [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
  const plain = groups.map((group) => group.toString(16));
  const prefix = plain.slice(0, 6).join(":");
  return prefix === "0:0:0:0:0:ffff" || prefix === "64:ff9b:0:0:0:0"
    ? asIpv4(...lastTwo(plain))
    : plain.join(":");
}

function lastTwo(groups: readonly string[]): [string, string] {
  const [high = "", low = ""] = groups.slice(6);
  return [high, low];
}

/** Of two groups in hexadecimal. */
function asIpv4(...groups: readonly [string, string]): string {
  return groups
    .map((group) => Number.parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 255])
    .join(".");
}

function asGroups(ipv4: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.split(".").map(Number);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}
