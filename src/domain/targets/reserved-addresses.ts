/**
 * What clouds answer their machines' own credentials and settings at; no Go process is ever there:
 * AWS (docs.aws.amazon.com: EC2 instance metadata; ECS task metadata and credentials; EKS Pod Identity), Google Cloud,
 * Azure and Oracle at 169.254.169.254, Azure's WireServer (learn.microsoft.com: "What is IP address 168.63.129.16?"), and
 * Alibaba Cloud (alibabacloud.com: "View instance metadata").
 */
const metadataAddresses: ReadonlySet<string> = new Set([
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "fd00:ec2:0:0:0:0:0:254",
  "fd00:ec2:0:0:0:0:0:23",
  "168.63.129.16",
  "100.100.100.200",
]);

/** Whether the address is of a cloud's metadata service. False for names. */
export function isMetadataAddress(host: string): boolean {
  return metadataAddresses.has(plainAddress(host) ?? "");
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
  if (metadataAddresses.has(address)) return true;
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
  const [high = 0, low = 0] = groups.slice(6);
  const prefix = groups
    .slice(0, 6)
    .map((group) => group.toString(16))
    .join(":");
  return prefix === "0:0:0:0:0:ffff" || prefix === "64:ff9b:0:0:0:0"
    ? [high >> 8, high & 255, low >> 8, low & 255].join(".")
    : `${prefix}:${high.toString(16)}:${low.toString(16)}`;
}

function asGroups(ipv4: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.split(".").map(Number);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}
