import { tlsQuestions } from "../domain/tls/probe.ts";
import { count, list, number, object, text } from "./schema-words.ts";

const yesNo = { type: "boolean" };
const rule = { type: "string", pattern: "^tls/[a-z0-9-]+$" };
const duration = { type: "number", minimum: 0 };
/** RFC 8446 §6: one byte. */
const alert = { type: "integer", minimum: 0, maximum: 255 };

/**
 * JSON Schema (draft 2020-12) of `TlsReport` in src/domain/tls/report.ts. Written out rather than derived, because it is a
 * promise to other programs; a test checks documents against it.
 */
export function tlsReportJsonSchema(): object {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "urn:gofire:tls-report:1",
    title: "gofire TLS report",
    description: "What `gofire tls --format json` prints.",
    ...object(
      {
        schemaVersion: { const: 1 },
        verdict: { enum: ["pass", "fail", "inconclusive"] },
        findings: list(
          object(
            {
              rule,
              severity: { enum: ["critical", "warning", "info"] },
              confidence: { enum: ["proven", "likely", "possible"] },
              title: text,
              summary: text,
              measured: object({ value: number, limit: number, unit: text }),
              goSays: text,
              next: list(text),
            },
            ["measured", "goSays"],
          ),
        ),
        checks: list(
          object(
            { rule, state: { enum: ["pass", "fail", "inconclusive", "skipped"] }, says: text, reason: text },
            ["reason"],
          ),
        ),
        probe: probeSchema(),
        using: text,
      },
      ["using"],
    ),
  };
}

/** `TlsProbe` in src/domain/tls/probe.ts, which says what each of these is. */
function probeSchema(): object {
  return object(
    {
      host: text,
      port: { type: "integer", minimum: 1, maximum: 65_535 },
      serverName: text,
      atMs: number,
      tookMs: duration,
      trust: object({ source: text, authorities: count }),
      showedCertificate: yesNo,
      lookupMs: duration,
      addresses: list(text),
      handshakes: list(
        object(
          {
            question: { enum: [...tlsQuestions] },
            address: text,
            connectMs: duration,
            handshakeMs: duration,
            outcome: { oneOf: outcomes() },
          },
          ["connectMs", "handshakeMs"],
        ),
      ),
    },
    ["lookupMs"],
  );
}

function outcomes(): readonly object[] {
  return [
    outcome(
      "done",
      { protocol: text, cipher: text, alpn: text, chain: chainSchema(), alertAfterwards: alert },
      ["alpn", "alertAfterwards"],
    ),
    outcome("alert", { alert }),
    outcome("not-tls", { firstBytes: text }),
    outcome("closed", { how: { enum: ["end", "reset"] } }),
    outcome("silent", { afterMs: duration }),
    outcome("unreachable", { why: text, isOurs: yesNo }),
    outcome("failed", { why: text }),
    outcome("not-asked", { why: text, isNeedless: yesNo }),
  ];
}

function outcome(
  kind: string,
  properties: Readonly<Record<string, object>>,
  optional?: readonly string[],
): object {
  return object({ kind: { const: kind }, ...properties }, optional);
}

function chainSchema(): object {
  const certificate = object(
    {
      subject: text,
      commonName: text,
      issuer: text,
      fingerprint: { type: "string", pattern: "^[0-9A-F]{2}(:[0-9A-F]{2}){31}$" },
      validFrom: text,
      validTo: text,
      validFromMs: number,
      validToMs: number,
      hasNames: yesNo,
      dnsNames: list(text),
      ipAddresses: list(text),
      key: object({ type: text, bits: count }, ["bits"]),
      signature: text,
      isAuthority: yesNo,
      isSelfSigned: yesNo,
      issuerUrls: list(text),
    },
    ["commonName"],
  );
  return object({ sent: list(certificate), path: list(count), authority: text }, ["authority"]);
}
