import type { TlsOutcome } from "./probe.ts";

/** The texts of Go's crypto/tls/alert.go, which its errors show after "tls: ". */
const alertTexts: Readonly<Record<number, string>> = {
  0: "close notify",
  10: "unexpected message",
  20: "bad record MAC",
  21: "decryption failed",
  22: "record overflow",
  30: "decompression failure",
  40: "handshake failure",
  42: "bad certificate",
  43: "unsupported certificate",
  44: "revoked certificate",
  45: "expired certificate",
  46: "unknown certificate",
  47: "illegal parameter",
  48: "unknown certificate authority",
  49: "access denied",
  50: "error decoding message",
  51: "error decrypting message",
  60: "export restriction",
  70: "protocol version not supported",
  71: "insufficient security level",
  80: "internal error",
  86: "inappropriate fallback",
  90: "user canceled",
  100: "no renegotiation",
  109: "missing extension",
  110: "unsupported extension",
  112: "unrecognized name",
  115: "unknown PSK identity",
  116: "certificate required",
  120: "no application protocol",
};

export function alertText(alert: number): string {
  return alertTexts[alert] ?? `alert(${alert})`;
}

/** What a Go client returns for an alert that the server sent. */
export function goAlert(alert: number): string {
  return `remote error: tls: ${alertText(alert)}`;
}

/** What a Go client returns when it does not accept the certificate (Go 1.20 and later; before without the prefix). */
export function goRefusal(reason: string): string {
  return `tls: failed to verify certificate: x509: ${reason}`;
}

/** `TLSv1.3` -> `TLS 1.3`, `TLSv1` -> `TLS 1.0` */
export function versionText(protocol: string): string {
  return protocol === "TLSv1" ? "TLS 1.0" : protocol.replace(/^TLSv/, "TLS ");
}

/** In a few words, for a table. */
export function outcomeText(outcome: TlsOutcome): string {
  switch (outcome.kind) {
    case "done":
      return `${versionText(outcome.protocol)}, ${outcome.alpn ?? "no protocol chosen"}${
        outcome.alertAfterwards === undefined
          ? ""
          : `; then refused: ${alertText(outcome.alertAfterwards)} (alert ${outcome.alertAfterwards})`
      }`;
    case "alert":
      return `refused: ${alertText(outcome.alert)} (alert ${outcome.alert})`;
    case "not-tls":
      return "answers in another protocol than TLS";
    case "closed":
      return outcome.how === "end" ? "closed without an answer" : "reset without an answer";
    case "silent":
      return "takes the connection and does not answer";
    case "unreachable":
      return `no connection: ${outcome.why}`;
    case "failed":
      return `failed: ${outcome.why}`;
    case "not-asked":
      return `not asked: ${outcome.why}`;
  }
}
