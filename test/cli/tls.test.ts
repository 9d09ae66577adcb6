import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { tlsReportJsonSchema } from "../../src/render/tls-schema.ts";
import { chainFile, tlsServer } from "../integrations/tls-servers.ts";
import { gofire } from "./gofire.ts";

const validate = new Ajv2020({ strict: true, allErrors: true }).compile(tlsReportJsonSchema());

/** Its document, which has to be of the published schema. */
async function documentOf(words: readonly string[]): Promise<{ code: number | null; report: unknown }> {
  const { code, stdout } = await gofire(["tls", ...words, "--format", "json"]);
  const report: unknown = JSON.parse(stdout);
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  return { code, report };
}

test("gofire tls: text, JSON and Markdown, with the exit code of the verdict", async () => {
  const port = await tlsServer(["order", "intermediate"], { ALPNProtocols: ["h2", "http/1.1"] });
  const healthy = await gofire(["tls", `127.0.0.1:${port}`, "--ca", chainFile("root")]);
  expect(healthy.stdout).toMatch(/^PASS {2}127\.0\.0\.1:\d+\n/);
  expect(healthy.code).toBe(0);
  for (const line of healthy.stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);

  const unknown = await documentOf([`127.0.0.1:${port}`]);
  expect(unknown.report).toMatchObject({
    schemaVersion: 1,
    verdict: "fail",
    findings: [{ rule: "tls/chain" }],
  });
  expect(unknown.code).toBe(1);

  const markdown = await gofire([
    "tls",
    `127.0.0.1:${port}`,
    "--format",
    "markdown",
    "--server-name",
    "other.test",
  ]);
  expect(markdown.stdout).toContain(
    "A Go client says: `tls: failed to verify certificate: x509: certificate is valid for",
  );
});

test("what gofire.yaml says of a target is used and said", async () => {
  const port = await tlsServer(["order", "intermediate"]);
  const folder = mkdtempSync(join(tmpdir(), "gofire-tls-"));
  const file = join(folder, "gofire.yaml");
  writeFileSync(
    file,
    `services:\n  order:\n    targets:\n      - url: https://127.0.0.1:${port}\n        tls: { caFile: ${chainFile("root")}, serverName: a.order.test }\n`,
  );
  const run = await gofire(["tls", `127.0.0.1:${port}`, "--config", file]);
  expect(run.stdout).toContain("as a.order.test");
  expect(run.stdout).toContain("With tls of order");
  expect(run.code).toBe(0);
});

test("mistakes say what to write", async () => {
  const plain = await gofire(["tls", "http://order.test"]);
  expect(plain.stderr).toContain("is plain HTTP");
  expect(plain.code).toBe(2);
  const half = await gofire(["tls", "127.0.0.1:1", "--cert", "x.pem"]);
  expect(half.stderr).toContain("--cert and --key go together");
  const closed = await documentOf(["127.0.0.1:1"]);
  expect(JSON.stringify(closed.report)).toContain("connection refused");
  expect(closed.code).toBe(3);
});
