import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createSecureContext } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TlsProbe } from "../../src/domain/tls/probe.ts";
import { judgeTls, type TlsReport } from "../../src/domain/tls/report.ts";
import { type ProbeLimits, probeLimits } from "../../src/integrations/tls/limits.ts";
import { tlsProbes } from "../../src/integrations/tls/probe.ts";
import type { TlsProbeRequest } from "../../src/ports/tls-probe.ts";
import { tlsProbeContract } from "../contracts/tls-probe.ts";
import { fakeTlsProbes } from "../fakes/tls-probe.ts";
import { hasGo } from "../live/lab.ts";
import { freePorts } from "../loopback.ts";
import { chainFile, chainPem, tcpServer, tlsServer } from "./tls-servers.ts";

/** A silent port is waited for less long; what answers has all the time there is. */
const silenceMs = 400;
const never = new AbortController().signal;
const root = chainPem("root");

function probe(
  port: number,
  tls: TlsProbeRequest["tls"] = { ca: root },
  addresses: readonly string[] = ["127.0.0.1"],
  limits: ProbeLimits = probeLimits,
): Promise<TlsProbe> {
  const probes = tlsProbes({ find: () => Promise.resolve(addresses), limits });
  return probes.probe({ host: "order.test", port, tls }, () => {}, never);
}

async function report(...args: Parameters<typeof probe>): Promise<TlsReport> {
  return judgeTls(await probe(...args));
}

function rulesOf({ findings }: TlsReport): readonly string[] {
  return findings.map(({ rule, severity }) => `${severity} ${rule}`);
}

function says(rule: string, { checks }: TlsReport): string | undefined {
  return checks.find((check) => check.rule === rule)?.says;
}

test("a healthy server passes, and what it negotiates is told", async () => {
  const judged = await report(
    await tlsServer(["order", "intermediate"], { ALPNProtocols: ["h2", "http/1.1"] }),
  );
  expect(rulesOf(judged)).toEqual([]);
  expect(judged.verdict).toBe("pass");
  expect(says("tls/alpn", judged)).toBe("offered both: h2 · h2: h2 · http/1.1: http/1.1 · none: none chosen");
  expect(says("tls/versions", judged)).toBe("TLS 1.3, TLS 1.2; refused: TLS 1.0 and 1.1");
  expect(says("tls/sni", judged)).toBe("the same certificate with the name and without");
  expect(says("tls/chain", judged)).toBe(
    "order.test < gofire test intermediate < CN=gofire test root (trusted)",
  );
});

test("what was sent is told in its order, with what is of no use", async () => {
  const judged = await report(await tlsServer(["order", "root", "intermediate"]));
  expect(judged.probe.handshakes[0]?.outcome).toMatchObject({
    chain: {
      path: [0, 2],
      sent: [{ commonName: "order.test" }, { isSelfSigned: true }, { isAuthority: true }],
    },
  });
  expect(judged.verdict).toBe("pass");
  expect(judged.findings[0]?.title).toBe(
    "Certificates sent: they are not in order, each followed by its issuer; 1 of 3 is of no use (gofire test root)",
  );
});

test("a missing intermediate is told apart from a private authority and from a certificate that signs itself", async () => {
  const missing = await report(await tlsServer(["order"]));
  expect(missing.findings[0]?.title).toBe(
    "An intermediate certificate is missing: CN=gofire test intermediate",
  );
  expect(missing.findings[0]?.next.join()).toContain(
    "http://pki.test/intermediate.der (gofire did not fetch it)",
  );
  const whole = await tlsServer(["order", "intermediate", "root"]);
  const elsewhere = await report(whole, { ca: chainPem("alone") });
  expect(elsewhere.findings[0]?.title).toBe(
    "The chain ends at gofire test root, an authority that is not trusted here",
  );
  const alone = await report(await tlsServer(["alone"]));
  expect(alone.findings[0]?.title).toBe("The certificate of order.test is signed by itself");
});

const certificateOf = (
  name: string,
  done: (error: Error | null, context?: ReturnType<typeof createSecureContext>) => void,
) =>
  done(
    null,
    createSecureContext({
      cert: chainPem(name === "order.test" ? "order" : "alone", "intermediate"),
      key: chainPem(name === "order.test" ? "order.key" : "alone.key"),
    }),
  );

test("SNI: a server that has a certificate for the name alone", async () => {
  const judged = await report(await tlsServer(["nameless"], { SNICallback: certificateOf }));
  expect(judged.verdict).toBe("pass");
  expect(judged.findings.map(({ title }) => title)).toContain(
    "Without the name (SNI) the server shows another certificate: localhost",
  );
});

test("ALPN: HTTP/2 alone, as gRPC servers have it, and neither", async () => {
  const grpc = await report(await tlsServer(["order", "intermediate"], { ALPNProtocols: ["h2"] }));
  expect(says("tls/alpn", grpc)).toContain("http/1.1: refused: no application protocol (alert 120)");
  expect(grpc.verdict).toBe("pass");
  const neither = await report(await tlsServer(["order", "intermediate"]));
  expect(neither.findings[0]?.goSays).toBe("credentials: cannot check peer: missing selected ALPN property");
});

test("old versions that are still taken", async () => {
  const old = { minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
  const judged = await report(await tlsServer(["order", "intermediate"], old));
  expect(judged.findings.map(({ title }) => title)).toContain("The server still takes TLS 1.1");
});

test("a name that is looked up to several addresses: one is ill, one has another certificate", async () => {
  if (process.platform !== "linux") return; // others have one loopback address
  const [port = 0] = await freePorts(1);
  await tlsServer(["order", "intermediate"], {}, { port });
  await tlsServer(["renewed", "intermediate"], {}, { port, host: "127.0.0.2" });
  await tcpServer((socket) => socket.destroy(), { port, host: "127.0.0.3" });
  const judged = await report(port, { ca: root }, ["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
  expect(judged.findings.filter(({ rule }) => rule === "tls/addresses").map(({ title }) => title)).toEqual([
    "1 of 3 addresses does not come through a handshake",
    "The addresses show 2 different certificates",
  ]);
});

test("nothing that answers is inconclusive; a silent port is told after the wait, and the rest is not asked", async () => {
  const [port = 0] = await freePorts(1);
  expect((await report(port)).verdict).toBe("inconclusive");
  const limits = { ...probeLimits, handshakeMs: silenceMs };
  const silent = await report(await tcpServer(() => {}), {}, ["127.0.0.1"], limits);
  expect(rulesOf(silent)).toEqual(["critical tls/handshake"]);
  expect(silent.findings[0]?.goSays).toBe("net/http: TLS handshake timeout");
  expect(silent.probe.handshakes.filter(({ outcome }) => outcome.kind !== "not-asked")).toHaveLength(1);
});

test("a cloud's metadata service is never asked, whatever name leads there", async () => {
  await expect(probe(443, {}, ["169.254.169.254"])).rejects.toMatchObject({ code: "forbidden" });
  await expect(
    tlsProbes().probe({ host: "169.254.169.254", port: 443 }, () => {}, never),
  ).rejects.toMatchObject({ code: "forbidden" });
});

test("whoever gives up is let go at once", async () => {
  const port = await tcpServer(() => {});
  const stop = new AbortController();
  const probes = tlsProbes({ find: () => Promise.resolve(["127.0.0.1"]) });
  const asked = probes.probe(
    { host: "order.test", port },
    (line) => line.includes("Handshake") && setTimeout(() => stop.abort(new Error("enough")), 50),
    stop.signal,
  );
  await expect(asked).rejects.toThrow("enough");
});

test("a client certificate that is taken", async () => {
  const port = await tlsServer(["order", "intermediate"], { requestCert: true, ca: root });
  const ours = { ca: root, cert: chainPem("renewed", "intermediate"), key: chainPem("renewed.key") };
  const taken = await report(port, ours);
  expect(says("tls/client-certificate", taken)).toBe("the server did not refuse the client certificate");
  expect(taken.verdict).toBe("pass");
});

describe.skipIf(!hasGo)("in Go's own words (needs Go)", () => {
  const folder = mkdtempSync(join(tmpdir(), "gofire-tls-"));
  const peer = join(folder, "tls-peer");
  const running: ChildProcess[] = [];
  beforeAll(() => {
    const built = spawnSync("go", ["build", "-o", peer, "./test/integrations/tls-peer/main.go"], {
      encoding: "utf8",
    });
    if (built.status !== 0) throw new Error(built.stderr);
  });
  afterAll(() => {
    for (const child of running) child.kill();
    rmSync(folder, { recursive: true });
  });

  async function goSays(port: number, roots = "root"): Promise<string> {
    const child = spawn(peer, ["dial", chainFile(roots), "order.test", `127.0.0.1:${port}`]);
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await once(child, "close");
    return text.trim();
  }

  test.each([
    ["a missing intermediate", "tls/chain", () => tlsServer(["order"])],
    ["one that signs itself", "tls/chain", () => tlsServer(["alone"])],
    ["no subject alternative names", "tls/name", () => tlsServer(["nameless", "intermediate"])],
    ["SHA-1", "tls/keys", () => tlsServer(["sha1", "intermediate"], { ciphers: "DEFAULT@SECLEVEL=0" })],
    [
      "plain text of another protocol",
      "tls/handshake",
      () => tcpServer((socket) => socket.end("SSH-2.0-x\r\n")),
    ],
    ["an end", "tls/handshake", () => tcpServer((socket) => socket.once("data", () => socket.end()))],
    [
      "an old version",
      "tls/handshake",
      () =>
        tlsServer(["order", "intermediate"], {
          minVersion: "TLSv1",
          maxVersion: "TLSv1.1",
          ciphers: "DEFAULT@SECLEVEL=0",
        }),
    ],
    [
      "another application protocol",
      "tls/handshake",
      () => tlsServer(["order", "intermediate"], { ALPNProtocols: ["smtp"] }),
    ],
    [
      "a client certificate, TLS 1.3",
      "tls/client-certificate",
      () => tlsServer(["order", "intermediate"], { requestCert: true, ca: root }),
    ],
    [
      "a client certificate, TLS 1.2",
      "tls/client-certificate",
      () => tlsServer(["order", "intermediate"], { requestCert: true, ca: root, maxVersion: "TLSv1.2" }),
    ],
  ] as const)("%s", async (_name, rule, open) => {
    const port = await open();
    const finding = (await report(port)).findings.find((one) => one.rule === rule);
    expect(finding?.goSays).toBeDefined();
    expect(await goSays(port)).toContain(finding?.goSays);
  });

  test("a Go server that requires a client certificate, without one and with one", async () => {
    const child = spawn(peer, ["listen", chainFile("alone"), chainFile("alone.key"), chainFile("root")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    running.push(child);
    const [address] = (await once(createInterface(child.stdout), "line")) as [string];
    const port = Number(address.split(":").at(-1));
    const ca = chainPem("alone");
    const without = await report(port, { ca });
    expect(without.verdict).toBe("inconclusive");
    expect(without.findings.map(({ goSays }) => goSays)).toContain("remote error: tls: certificate required");
    const ours = { cert: chainPem("renewed", "intermediate"), key: chainPem("renewed.key") };
    expect((await report(port, { ca, ...ours })).verdict).toBe("pass");
    const others = { cert: chainPem("alone"), key: chainPem("alone.key") };
    expect((await report(port, { ca, ...others })).findings[0]).toMatchObject({
      severity: "critical",
      goSays: "remote error: tls: unknown certificate authority",
    });
  });
});

tlsProbeContract("node:tls", async () => {
  const [closedPort = 0] = await freePorts(1);
  return { probes: tlsProbes(), closedPort };
});
tlsProbeContract("the fake", () => Promise.resolve({ probes: fakeTlsProbes(), closedPort: 1 }));
