import { readFileSync } from "node:fs";
import { createSecureServer as createHttp2Server } from "node:http2";
import { createServer, type ServerOptions } from "node:https";
import type { TLSSocket } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { goTargets } from "../../src/integrations/go-target/client.ts";
import type { GoTarget, GoTargetAccess } from "../../src/ports/go-target.ts";
import { closed, httpServer, listening, portOf } from "./pprof-server.ts";

const limits = { deadlineMs: 5_000, maxBytes: 1 << 20 };
const never = new AbortController().signal;

function pem(name: string): string {
  return readFileSync(new URL(`certificates/${name}.pem`, import.meta.url), "utf8");
}
const ca = pem("ca");

/** A TLS server that answers with the name in the client's certificate, or "nobody". */
async function secureOrigin(certificate: string, options: ServerOptions = {}): Promise<string> {
  const server = createServer(
    { cert: pem(certificate), key: pem(`${certificate}.key`), ...options },
    ({ socket }, response) => {
      const who = peerName(socket as TLSSocket);
      response.end(who);
    },
  );
  await listening(server);
  onTestFinished(() => closed(server));
  return `https://127.0.0.1:${portOf(server)}`;
}

function peerName(socket: TLSSocket): string {
  const { subject } = socket.getPeerCertificate();
  return String(subject?.CN ?? "nobody");
}

function open(origin: string, tls?: GoTargetAccess["tls"], metrics = "/metrics"): GoTarget {
  const target = goTargets().open(
    { origin, pprofPath: "/debug/pprof/", metrics, expvarPath: "/debug/vars" },
    tls === undefined ? {} : { tls },
  );
  onTestFinished(() => target.close());
  return target;
}

async function answerOf(target: GoTarget): Promise<string> {
  let text = "";
  for await (const chunk of (await target.index(limits, never)).body) text += Buffer.from(chunk).toString();
  return text;
}

describe("TLS", () => {
  test("an authority that was named", async () => {
    expect(await answerOf(open(await secureOrigin("server"), { ca }))).toBe("nobody");
  });

  test("another name in the certificate, when that name was given", async () => {
    expect(await answerOf(open(await secureOrigin("other-name"), { ca, serverName: "other.test" }))).toBe(
      "nobody",
    );
  });

  test("a client certificate (mTLS)", async () => {
    const origin = await secureOrigin("server", { ca, requestCert: true, rejectUnauthorized: true });
    const target = open(origin, { ca, cert: pem("client"), key: pem("client.key") });
    expect(await answerOf(target)).toBe("gofire");
  });

  test("the client certificate is not shown to metrics elsewhere", async () => {
    const home = await secureOrigin("server", { ca, requestCert: true });
    const elsewhere = await secureOrigin("server", { ca, requestCert: true, rejectUnauthorized: false });
    const target = open(home, { ca, cert: pem("client"), key: pem("client.key") }, `${elsewhere}/metrics`);
    expect(await answerOf(target)).toBe("gofire");
    // Neither is the authority: a stranger is judged by the system's.
    await expect(target.metrics(limits, never)).rejects.toThrow("name that authority");
  });

  test.each([
    ["an unknown authority", "server", undefined, "TLS: ", /authority/],
    ["an expired certificate", "expired", { ca }, "TLS: ", /its certificate has expired/],
    ["a certificate for another name", "other-name", { ca }, "TLS: ", /for another name .*127\.0\.0\.1/],
  ] as const)("%s is explained", async (_name, certificate, tls, start, words) => {
    const target = open(await secureOrigin(certificate), tls);
    const error: unknown = await target.index(limits, never).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: "PortError", code: "unavailable" });
    const { message } = error as Error;
    expect(message.startsWith(start)).toBe(true);
    expect(message).toMatch(words);
  });

  test("a missing client certificate is explained", async () => {
    const origin = await secureOrigin("server", { ca, requestCert: true, rejectUnauthorized: true });
    await expect(answerOf(open(origin, { ca }))).rejects.toThrow("it may want a client certificate (mTLS)");
  });

  test("one that speaks HTTP/2 only is explained", async () => {
    const server = createHttp2Server({ cert: pem("server"), key: pem("server.key"), allowHTTP1: false });
    await listening(server);
    onTestFinished(() => void server.close());
    const origin = `https://127.0.0.1:${portOf(server)}`;
    await expect(open(origin, { ca }).index(limits, never)).rejects.toThrow(
      "TLS: it speaks HTTP/2 only; gofire speaks HTTP/1.1",
    );
  });

  test("files that are not what they were named for are told before anything is asked", () => {
    const cert = pem("server");
    expect(() => open("https://127.0.0.1:1", { cert, key: "no key" })).toThrow(
      /^cannot connect to https:\/\/127\.0\.0\.1:1\/debug\/pprof\/: the private key cannot be used: no PEM file/,
    );
    expect(() => open("https://127.0.0.1:1", { cert, key: pem("client.key") })).toThrow(
      /the private key does not belong to the client certificate/,
    );
  });

  test("plain HTTP behind https:// is explained", async () => {
    const server = await httpServer((_request, response) => response.end());
    onTestFinished(() => closed(server));
    const target = open(`https://127.0.0.1:${portOf(server)}`);
    await expect(target.index(limits, never)).rejects.toThrow("speaks plain HTTP; ask with http://");
  });

  test("TLS behind http:// is explained", async () => {
    const target = open((await secureOrigin("server")).replace("https:", "http:"));
    await expect(target.index(limits, never)).rejects.toThrow("it may speak TLS only (ask with https://)");
  });
});
