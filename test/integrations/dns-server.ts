import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import {
  type Answer,
  decode,
  encode,
  type Packet,
  RECURSION_DESIRED,
  streamDecode,
  streamEncode,
  TRUNCATED_RESPONSE,
} from "dns-packet";

/** Response codes (RFC 1035, section 4.1.1). */
const codes = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;

export type DnsAnswer =
  | readonly Answer[]
  | Exclude<keyof typeof codes, "NOERROR">
  /** Nothing comes back. */
  | "silence"
  /** Bytes that are no packet. */
  | "noise";

export interface DnsServer {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** `A order.test`, in the order asked. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** What fits into one datagram without EDNS (RFC 1035, section 4.2.1). */
const mostBytes = 512;

/**
 * A name server on loopback that answers as `answer` says, by type and name: over UDP, and over TCP what is too long
 * for that.
 */
export async function dnsServer(answer: (type: string, name: string) => DnsAnswer): Promise<DnsServer> {
  const asked: string[] = [];

  function reply(query: Packet): Packet | "silence" | "noise" {
    const [question] = query.questions ?? [];
    if (question === undefined) return "silence";
    asked.push(`${question.type} ${question.name}`);
    const says = answer(question.type, question.name.toLowerCase());
    if (says === "silence" || says === "noise") return says;
    return {
      type: "response",
      id: query.id ?? 0,
      flags: RECURSION_DESIRED | (typeof says === "string" ? codes[says] : codes.NOERROR),
      questions: [question],
      answers: typeof says === "string" ? [] : [...says],
    };
  }

  const stream = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (message) => {
      const says = reply(streamDecode(message));
      if (typeof says !== "string") socket.end(streamEncode(says));
    });
  });
  stream.listen(0, "127.0.0.1");
  await once(stream, "listening");
  const address = stream.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const datagrams = createSocket("udp4");
  datagrams.on("message", (message, { port, address: from }) => {
    const says = reply(decode(message));
    if (says === "silence") return;
    if (says === "noise") {
      datagrams.send(Buffer.from([...message.subarray(0, 2), 0x81, 0x80, 0xff]), port, from);
      return;
    }
    const whole = encode(says);
    const cut = { ...says, flags: (says.flags ?? 0) | TRUNCATED_RESPONSE, answers: [] };
    datagrams.send(whole.length > mostBytes ? encode(cut) : whole, port, from);
  });
  datagrams.bind(address.port, "127.0.0.1");
  await once(datagrams, "listening");
  return {
    address: `127.0.0.1:${address.port}`,
    asked,
    async close() {
      await Promise.all([
        new Promise<void>((resolve) => datagrams.close(() => resolve())),
        new Promise((resolve) => stream.close(resolve)),
      ]);
    },
  };
}

export function a(name: string, ...addresses: readonly string[]): readonly Answer[] {
  return addresses.map((data) => ({ type: "A", name, ttl: 5, data }));
}

export function aaaa(name: string, ...addresses: readonly string[]): readonly Answer[] {
  return addresses.map((data) => ({ type: "AAAA", name, ttl: 5, data }));
}

export function srv(
  name: string,
  ...records: readonly (readonly [target: string, port: number])[]
): readonly Answer[] {
  return records.map(([target, port]) => ({
    type: "SRV",
    name,
    ttl: 5,
    data: { target, port, priority: 0, weight: 10 },
  }));
}
