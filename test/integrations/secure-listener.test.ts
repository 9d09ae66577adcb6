import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request as plainRequest } from "node:http";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { SecureVersion } from "node:tls";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import { alertWebhook } from "../../src/integrations/http/alert-webhook.ts";
import { alternativeNames, forNamedClients } from "../../src/integrations/http/client-names.ts";
import { type Listener, openListener } from "../../src/integrations/http/listener.ts";
import type { AlertSecrets } from "../../src/ports/server.ts";
import type { ServerTls } from "../../src/ports/server-tls.ts";
import { until } from "../jobs/bot.ts";

const made = new URL("certificates/", import.meta.url);
const pem = (name: string) => readFile(new URL(`${name}.pem`, made), "utf8");

let folder: string;
let lines: string[];
let taken: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gofire-tls-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const name of ["server", "server.key", "ca"]) await put(name);
  lines = [];
  taken = 0;
});

/** Makes the listener's file `as` the one called `name`. */
async function put(name: string, as = name): Promise<void> {
  await copyFile(new URL(`${name}.pem`, made), join(folder, `${as}.pem`));
}

interface Asked {
  readonly secrets?: AlertSecrets;
  readonly clientNames?: readonly string[];
  readonly files?: Partial<ServerTls>;
}

async function listener({
  secrets = { byCertificate: true },
  clientNames,
  files = {},
}: Asked = {}): Promise<Listener> {
  const webhook = alertWebhook(
    secrets,
    async () => await Promise.resolve({ kind: "taken", is: ++taken }),
    Date.now,
  );
  const answer = clientNames === undefined ? webhook : forNamedClients(clientNames, webhook);
  const opened = await openListener(
    { host: "127.0.0.1", port: 0 },
    { "/webhooks/alertmanager": answer },
    {
      files: {
        certFile: join(folder, "server.pem"),
        keyFile: join(folder, "server.key.pem"),
        clientCaFile: join(folder, "ca.pem"),
        ...files,
      },
      host: thisHost,
      nowMs: Date.now,
      tell: (line) => void lines.push(line),
      lookEveryMs: 50,
    },
  );
  onTestFinished(() => opened.close());
  return opened;
}

interface Sent {
  readonly as?: string;
  readonly token?: string;
  readonly version?: SecureVersion;
  readonly agent?: Agent;
}

/** Status and body of the answer, or the code of what went wrong before there was one. */
async function post(
  { url }: Listener,
  { as, token, version, agent }: Sent = {},
): Promise<{ readonly status?: number; readonly body?: string; readonly code?: string }> {
  const own = as === undefined ? {} : { cert: await pem(as), key: await pem(`${as}.key`) };
  const ca = await pem("ca");
  return await new Promise((resolve) => {
    const sent = request(
      `${url}/webhooks/alertmanager`,
      {
        method: "POST",
        ca,
        ...own,
        ...(version === undefined ? {} : { maxVersion: version }),
        agent: agent ?? false,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      },
      (response) => {
        void text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    sent.on("error", (error: Error & { code?: string }) => resolve({ code: error.code ?? error.message }));
    sent.end("{}");
  });
}

describe("a webhook over TLS with client certificates", () => {
  test.each(["TLSv1.3", "TLSv1.2"] as const)(
    "takes the right one and refuses all others at the handshake, over %s, and says why once",
    async (version) => {
      const webhook = await listener();
      expect(webhook.url).toMatch(/^https:/);
      expect(await post(webhook, { as: "pager", version })).toMatchObject({ status: 200 });
      expect(taken).toBe(1);
      for (const as of [undefined, "stranger", "expired-client", undefined, "stranger"]) {
        const { status, code } = await post(webhook, { ...(as === undefined ? {} : { as }), version });
        expect(status).toBeUndefined();
        expect(code).toMatch(/^(?:ECONNRESET|ERR_SSL_|EPIPE|EPROTO)/);
      }
      expect(taken).toBe(1);
      expect(lines).toEqual([
        "A client of the webhook was refused: it showed no certificate.",
        `A client of the webhook was refused: its certificate is of no authority in ${join(folder, "ca.pem")}.`,
        "A client of the webhook was refused: its certificate has expired.",
      ]);
    },
  );

  test("asks for the token, too, where there is one: neither is enough without the other", async () => {
    const webhook = await listener({ secrets: { byCertificate: true, bearer: "s3cret" } });
    expect(await post(webhook, { as: "pager" })).toMatchObject({ status: 401 });
    expect(await post(webhook, { as: "pager", token: "wrong" })).toMatchObject({ status: 401 });
    expect(await post(webhook, { token: "s3cret" })).toHaveProperty("code");
    expect(await post(webhook, { as: "stranger", token: "s3cret" })).toHaveProperty("code");
    expect(taken).toBe(0);
    expect(await post(webhook, { as: "pager", token: "s3cret" })).toMatchObject({ status: 200 });
  });

  test("a signature is asked for as well where Grafana has one", async () => {
    const hmac = { secret: "key", header: "x-signature" };
    const webhook = await listener({ secrets: { byCertificate: true, hmac } });
    expect(await post(webhook, { as: "pager" })).toMatchObject({ status: 401 });
  });

  test("lets in only the clients that are named, by common name, DNS name or URI", async () => {
    for (const name of ["alertmanager", "alertmanager.test", "spiffe://gofire.test/alertmanager"]) {
      const webhook = await listener({ clientNames: [name] });
      expect(await post(webhook, { as: "pager" }), name).toMatchObject({ status: 200 });
      const { status, body } = await post(webhook, { as: "client" });
      expect(status, name).toBe(403);
      expect(body).toContain(
        "The client certificate is of gofire, gofire.test, which alerts.tls.clientNames",
      );
    }
    expect(
      await post(await listener({ clientNames: ["test", "*.test", ""] }), { as: "pager" }),
    ).toMatchObject({
      status: 403,
    });
    expect(alternativeNames('DNS:a.example, URI:"spiffe://x, DNS:evil", IP Address:127.0.0.1')).toEqual([
      "a.example",
      "spiffe://x, DNS:evil",
    ]);
  });

  test("without an authority for clients nobody is asked for a certificate, and the token is all", async () => {
    const files = { certFile: join(folder, "server.pem"), keyFile: join(folder, "server.key.pem") };
    const opened = await openListener(
      { host: "127.0.0.1", port: 0 },
      {
        "/webhooks/alertmanager": alertWebhook(
          { bearer: "s3cret" },
          async () => await Promise.resolve({ kind: "taken" }),
          Date.now,
        ),
      },
      { files, host: thisHost, nowMs: Date.now, tell: (line) => void lines.push(line) },
    );
    onTestFinished(() => opened.close());
    expect(await post(opened)).toMatchObject({ status: 401 });
    expect(await post(opened, { token: "s3cret" })).toMatchObject({ status: 200 });
  });

  test("who speaks plain http is told nothing, and the operator what to write", async () => {
    const webhook = await listener();
    const code = await new Promise((resolve) => {
      const sent = plainRequest(webhook.url.replace("https:", "http:"), (response) =>
        resolve(response.statusCode),
      );
      sent.on("error", (error: Error & { code?: string }) => resolve(error.code));
      sent.end();
    });
    expect(code).not.toBe(200);
    expect(lines).toEqual([
      "A client of the webhook was refused: it speaks plain http; the address begins with https://.",
    ]);
  });
});

describe("its files", () => {
  test("are read anew when they change: another authority counts for new connections, kept ones are closed", async () => {
    const webhook = await listener();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    expect(await post(webhook, { as: "pager", agent })).toMatchObject({ status: 200 });
    await put("other-ca", "ca");
    await until(() => lines.find((line) => line.includes("changed and are in use")), "the new files", 5_000);
    expect(await post(webhook, { as: "pager" })).toHaveProperty("code");
    expect(await post(webhook, { as: "pager", agent })).toHaveProperty("code");
    expect(await post(webhook, { as: "stranger" })).toMatchObject({ status: 200 });
  });

  test("that can no longer be used leave it with what it has, are told once, and are taken when they are mended", async () => {
    const webhook = await listener();
    // A renewed certificate whose key is not there yet.
    await put("other-name", "server");
    const trouble = await until(
      () => lines.find((line) => line.includes("is not the key")),
      "the trouble",
      5_000,
    );
    expect(trouble).toContain(`${join(folder, "server.key.pem")} is not the key of the first certificate`);
    expect(trouble).toContain("gofire goes on with what it read before.");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(lines).toHaveLength(1);
    expect(await post(webhook, { as: "pager" })).toMatchObject({ status: 200 });
    await put("server");
    await writeFile(join(folder, "ca.pem"), "no certificate\n");
    await until(
      () => lines.find((line) => line.includes("ca.pem holds no certificate")),
      "the second",
      5_000,
    );
    expect(await post(webhook, { as: "pager" })).toMatchObject({ status: 200 });
    await put("expired", "server");
    await put("expired.key", "server.key");
    await put("ca");
    await until(() => lines.find((line) => /server\.pem: .* expired on/.test(line)), "what expired", 5_000);
    expect(await post(webhook, { as: "pager" })).toEqual({ code: "CERT_HAS_EXPIRED" });
  });

  test("that cannot be used from the start keep it from starting, with file and reason", async () => {
    await expect(listener({ files: { keyFile: join(folder, "none.pem") } })).rejects.toThrow(
      /Cannot read .*none\.pem: no such file or folder/,
    );
    await put("client.key", "server.key");
    await expect(listener()).rejects.toThrow(/server\.key\.pem is not the key of/);
  });
});
