import { describe, expect, test } from "vitest";
import type { TlsCertificate } from "../../../src/domain/tls/probe.ts";
import { judgeTls } from "../../../src/domain/tls/report.ts";
import { readTlsTarget } from "../../../src/domain/tls/target.ts";
import { doneWith, goodCertificate, probedAtMs, probeOf } from "../../fakes/tls-probe.ts";

const dayMs = 86_400_000;

function findingsOf(certificate: Partial<TlsCertificate>, host = "order.test") {
  const probe = probeOf({ host, port: 443 }, doneWith({ ...goodCertificate, ...certificate }));
  return judgeTls(probe).findings;
}

describe("expiry", () => {
  test("one that has expired is critical, with Go's words", () => {
    const validToMs = probedAtMs - 3 * dayMs;
    expect(findingsOf({ validToMs })).toMatchObject([
      {
        rule: "tls/expiry",
        severity: "critical",
        measured: { value: -3, limit: 0, unit: "days" },
        goSays: "tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
      },
    ]);
  });

  test.each([
    [13, ["warning"]],
    [15, []],
  ])("with %d days left", (days, severities) => {
    const found = findingsOf({ validToMs: probedAtMs + days * dayMs, validFromMs: probedAtMs - 80 * dayMs });
    expect(found.map(({ severity }) => severity)).toEqual(severities);
  });

  test("one that lives six days is late only in its last third", () => {
    const from = { validFromMs: probedAtMs - 3 * dayMs, validToMs: probedAtMs + 3 * dayMs };
    expect(findingsOf(from)).toEqual([]);
    const late = { validFromMs: probedAtMs - 5 * dayMs, validToMs: probedAtMs + dayMs };
    expect(findingsOf(late).map(({ severity }) => severity)).toEqual(["warning"]);
  });
});

describe("names, as Go matches them", () => {
  test.each([
    ["order.test", { dnsNames: ["*.test"] }, undefined],
    ["a.order.test", { dnsNames: ["*.test"] }, "certificate is valid for *.test, not a.order.test"],
    ["order.test", { dnsNames: ["o*.test"] }, "certificate is valid for o*.test, not order.test"],
    ["ORDER.test", {}, undefined],
    ["10.0.0.5", { ipAddresses: ["10.0.0.6"] }, "certificate is valid for 10.0.0.6, not 10.0.0.5"],
    [
      "10.0.0.5",
      { ipAddresses: [] },
      "cannot validate certificate for 10.0.0.5 because it doesn't contain any IP SANs",
    ],
    ["x.test", { dnsNames: [] }, "certificate is not valid for any names, but wanted to match x.test"],
    [
      "order.test",
      { dnsNames: [], hasNames: false },
      "certificate relies on legacy Common Name field, use SANs instead",
    ],
  ])("%s against %j", (host, certificate, refusal) => {
    const found = findingsOf(certificate, host).find(({ rule }) => rule === "tls/name");
    expect(found?.goSays).toBe(
      refusal === undefined ? undefined : `tls: failed to verify certificate: x509: ${refusal}`,
    );
  });
});

describe("keys", () => {
  test.each([
    [512, "critical"],
    [1_024, "warning"],
    [2_048, undefined],
    [16_384, "critical"],
  ])("RSA with %d bits", (bits, severity) => {
    expect(findingsOf({ key: { type: "RSA", bits } })[0]?.severity).toBe(severity);
  });
});

describe("what people type", () => {
  test.each([
    ["order.example", "order.example", 443],
    ["Order.Example.:8443", "order.example", 8443],
    ["https://order.example/healthz?x=1", "order.example", 443],
    ["https://order.example:8443", "order.example", 8443],
    ["[::1]:8443", "::1", 8443],
    ["::1", "::1", 443],
    ["10.0.0.5", "10.0.0.5", 443],
    ["2852039166", "169.254.169.254", 443],
    ["0x7f.1:6060", "127.0.0.1", 6060],
    ["bücher.example", "xn--bcher-kva.example", 443],
  ])("%s", (word, host, port) => {
    expect(readTlsTarget(word)).toEqual({ host, port });
  });

  test.each([
    "",
    "http://order.example",
    "ftp://order.example",
    "a b",
    "order.example:99999",
    "order.example:0",
    "me:secret@order.example",
    "<x>",
  ])("%j is refused, without a password in the words", (word) => {
    expect(() => readTlsTarget(word)).toThrow(/Write HOST/);
    expect(() => readTlsTarget(word)).not.toThrow(/secret/);
  });
});
