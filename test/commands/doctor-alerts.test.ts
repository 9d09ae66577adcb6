import { describe, expect, test } from "vitest";
import { pagesOf } from "../../src/commands/access/paging.ts";
import { alertChecks } from "../../src/commands/doctor/alerts.ts";
import { secretChecks } from "../../src/commands/doctor/secrets.ts";
import type { DoctorCheck } from "../../src/commands/reply.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import { readTlsFiles } from "../../src/integrations/http/tls-files.ts";

const certificates = new URL("../integrations/certificates/", import.meta.url).pathname;

function configOf(tls: string, rest = "") {
  const source = `alerts: { channel: C0EAQDV4Z, listen: "127.0.0.1:8443", tls: { ${tls} }${rest} }`;
  return parseConfig(source, "gofire.yaml", certificates, []);
}

function plain(rest: string) {
  return parseConfig(`alerts: { channel: C0EAQDV4Z${rest} }`, "gofire.yaml", "/", []);
}

async function checks(tls: string, nowMs = Date.UTC(2026, 10, 24)): Promise<readonly DoctorCheck[]> {
  const told = await alertChecks(configOf(tls), {
    host: () => Promise.resolve(thisHost),
    serverTls: (files) => readTlsFiles(files, thisHost, nowMs),
  });
  return told.filter(({ name }) => name === "alerts tls");
}

const good = "certFile: server.pem, keyFile: server.key.pem, clientCaFile: ca.pem";

describe("doctor and the TLS of alert senders", () => {
  test("nothing is said where there is none", async () => {
    const ports = {
      host: () => Promise.resolve(thisHost),
      serverTls: () => Promise.reject(new Error("asked")),
    };
    expect(await alertChecks(undefined, ports)).toEqual([]);
    const told = await alertChecks(plain(", bearerEnv: PATH"), ports);
    expect(told).toEqual([{ name: "alerts", state: "ok", detail: "senders show a token" }]);
  });

  test.each([
    ["", /needs bearerEnv, bearerFile, grafana or tls\.clientCaFile: nobody could post a page/],
    [", bearerEnv: GOFIRE_NO_SUCH", /alerts: the environment variable GOFIRE_NO_SUCH is not set/],
    [", bearerFile: none", /Cannot read \/none: no such file or folder/],
  ])("says that gofire serve would not start with alerts%s", async (rest, detail) => {
    const ports = {
      host: () => Promise.resolve(thisHost),
      serverTls: () => Promise.reject(new Error("asked")),
    };
    expect(await alertChecks(plain(rest), ports)).toMatchObject([
      { name: "alerts", state: "failed", detail: expect.stringMatching(detail) },
    ]);
  });

  test("names the secrets of other pages that nobody has set", async () => {
    const ports = { host: () => Promise.resolve(thisHost) };
    const config = parseConfig(
      "queueBoard: { listen: '127.0.0.1:8081', user: operator, passwordEnv: GOFIRE_NO_SUCH }\nweb: { url: 'https://g.example', linkSecretEnv: PATH }",
      "gofire.yaml",
      "/",
      [],
    );
    expect(await secretChecks(config, ports)).toMatchObject([
      { name: "queueBoard", detail: expect.stringMatching(/queueBoard: .* GOFIRE_NO_SUCH is not set/) },
    ]);
  });

  test("names the token that is missing beside files that are", async () => {
    const missing = "certFile: none.pem, keyFile: none.key.pem";
    const told = await alertChecks(configOf(missing, ", bearerEnv: GOFIRE_NO_SUCH"), {
      host: () => Promise.resolve(thisHost),
      serverTls: (files) => readTlsFiles(files, thisHost, 0),
    });
    expect(told).toMatchObject([
      { name: "alerts", detail: expect.stringContaining("GOFIRE_NO_SUCH is not set") },
      { name: "alerts tls", detail: expect.stringContaining("none.pem") },
    ]);
  });

  test("says until when it holds and whose clients are let in", async () => {
    expect(await checks(good)).toEqual([
      {
        name: "alerts tls",
        state: "ok",
        detail: `${certificates}server.pem, valid until 2124-01-01; clients need a certificate of ${certificates}ca.pem`,
      },
    ]);
  });

  test.each([
    [
      "certFile: expired.pem, keyFile: expired.key.pem",
      /expired\.pem: the certificate of CN=localhost expired on 2024-01-01 00:00 UTC/,
    ],
    [`${good}, clientNames: [a]`, /valid until/],
  ])("warns of %s", async (tls, detail) => {
    expect(await checks(tls)).toMatchObject([{ detail: expect.stringMatching(detail) }]);
  });

  test("warns two weeks before a certificate expires, and of one from the future", async () => {
    expect(await checks(good, Date.UTC(2123, 11, 25))).toMatchObject([
      {
        state: "warning",
        detail: expect.stringMatching(/server\.pem: .* expires on 2124-01-01[^]*ca\.pem: .*expires/),
      },
    ]);
    expect(await checks(good, Date.UTC(2023, 0, 1))).toMatchObject([
      { state: "warning", detail: expect.stringMatching(/is valid only from 2024-01-01 00:00 UTC on/) },
    ]);
  });

  test.each([
    ["certFile: none.pem, keyFile: server.key.pem", /Cannot read .*none\.pem: no such file or folder/],
    ["certFile: server.key.pem, keyFile: server.key.pem", /server\.key\.pem holds no certificate in PEM/],
    [
      "certFile: server.pem, keyFile: client.key.pem",
      /client\.key\.pem is not the key of the first certificate in .*server\.pem/,
    ],
    ["certFile: server.pem, keyFile: server.pem", /server\.pem holds no private key that can be used/],
    [
      "certFile: server.pem, keyFile: server.key.pem, clientCaFile: make.sh",
      /make\.sh holds no certificate in PEM/,
    ],
    [
      "certFile: server.pem, keyFile: server.key.pem, passphraseEnv: GOFIRE_NO_SUCH",
      /alerts\.tls: the environment variable GOFIRE_NO_SUCH is not set/,
    ],
  ])("tells file and reason: %s", async (tls, detail) => {
    expect(await checks(tls)).toMatchObject([{ state: "failed", detail: expect.stringMatching(detail) }]);
  });
});

describe("who may page", () => {
  test("a client certificate is enough; without any proof gofire does not start", async () => {
    const pages = await pagesOf(configOf(`${good}, clientNames: [gofire]`), thisHost);
    expect(pages).toMatchObject({
      listen: { host: "127.0.0.1", port: 8443 },
      tls: { certFile: `${certificates}server.pem`, clientNames: ["gofire"] },
      secrets: { byCertificate: true },
    });
    await expect(
      pagesOf(configOf("certFile: server.pem, keyFile: server.key.pem"), thisHost),
    ).rejects.toThrow(/needs bearerEnv, bearerFile, grafana or tls\.clientCaFile/);
  });
});
