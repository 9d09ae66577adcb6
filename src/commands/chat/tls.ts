import { readTlsTarget } from "../../domain/tls/target.ts";
import { defineChatCommand } from "./chat-command.ts";

export const tls = defineChatCommand({
  name: "tls",
  summary: "Say why TLS handshakes with a host fail: chain, expiry, name, SNI, mTLS, ALPN",
  usage: "HOST[:PORT]",
  examples: [
    {
      line: "tls order.example",
      does: "port 443: a handful of handshakes, 15 s at most; the answer comes here",
    },
    { line: "tls 10.20.0.5:8443", does: "an address that gofire.yaml lets in (allow.tls)" },
  ],
  whoMayUse: "tls",
  operands: { placeholder: "a host, such as order.example or order.example:8443", min: 1, max: 1 },
  options: {},
  async run({ place, intent }, { operands: [word = ""] }, { tlsPlaces, tlsLooks, clock }, signal) {
    const target = readTlsTarget(word);
    tlsPlaces.permit(target);
    await tlsLooks.ask({ target, place, intent, askedAtMs: clock.nowMs() }, signal);
    return { kind: "looking", target, place };
  },
});
