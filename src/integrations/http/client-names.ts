import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import type { Answer } from "./listener.ts";

/** Answers only clients whose certificate, checked at the handshake, has one of the names; others get a 403. */
export function forNamedClients(names: readonly string[], answer: Answer): Answer {
  const allowed = new Set(names);
  return (request, response) => {
    const shown = namesOf(request);
    if (shown.some((name) => allowed.has(name))) return answer(request, response);
    const whose = shown.length === 0 ? "no name" : shown.slice(0, 5).join(", ");
    const problem = `The client certificate is of ${whose}, which alerts.tls.clientNames does not let in.`;
    const text = JSON.stringify({ ok: false, problem });
    response.writeHead(403, { "content-type": "application/json", connection: "close" }).end(text);
  };
}

function namesOf({ socket }: IncomingMessage): readonly string[] {
  if (!(socket instanceof TLSSocket)) return [];
  const { subject } = socket.getPeerCertificate();
  const common: readonly string[] = subject?.CN === undefined ? [] : [subject.CN].flat();
  return [...common, ...alternativeNames(socket.getPeerX509Certificate()?.subjectAltName ?? "")];
}

/**
 * The DNS names and URIs of `DNS:a.example, URI:spiffe://shop/a`. A name that could be taken for several ones stands in
 * quotes there, as JSON (https://nodejs.org/api/crypto.html#x509subjectaltname).
 */
export function alternativeNames(text: string): readonly string[] {
  const names: string[] = [];
  for (const [, kind, name = ""] of text.matchAll(/(?:^|, )([^:,"]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)) {
    if (kind !== "DNS" && kind !== "URI") continue;
    names.push(name.startsWith('"') ? (JSON.parse(name) as string) : name);
  }
  return names;
}
