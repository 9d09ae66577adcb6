import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import type { TlsOutcome } from "../../src/domain/tls/probe.ts";
import { judgeTls } from "../../src/domain/tls/report.ts";
import { tlsReportJsonSchema } from "../../src/render/tls-schema.ts";
import { doneWith, goodCertificate, probeOf } from "../fakes/tls-probe.ts";

const validate = new Ajv2020({ strict: true, allErrors: true }).compile(tlsReportJsonSchema());
const certificate = { ...goodCertificate, fingerprint: Array.from({ length: 32 }, () => "A0").join(":") };

/** What test/cli/tls.test.ts, which holds printed documents against the schema, does not come to. */
test.each<TlsOutcome>([
  { ...doneWith(certificate), alertAfterwards: 116 },
  { kind: "alert", alert: 40 },
  { kind: "not-tls", firstBytes: "HTTP/1.1 400 Bad Request" },
  { kind: "closed", how: "reset" },
  { kind: "silent", afterMs: 3_000 },
  { kind: "unreachable", why: "connection refused", isOurs: false },
  { kind: "failed", why: "wrong version number" },
  { kind: "not-asked", why: "no time left", isNeedless: false },
])("a report of $kind is of the published schema", (outcome) => {
  const report = judgeTls(probeOf({ host: "order.test", port: 443 }, outcome));
  expect(validate(JSON.parse(JSON.stringify(report))), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ ...report, more: true })).toBe(false);
});
