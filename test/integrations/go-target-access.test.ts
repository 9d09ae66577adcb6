import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseTarget } from "../../src/capture/address.ts";
import { UsageError } from "../../src/domain/errors.ts";
import { goTargets } from "../../src/integrations/go-target/client.ts";
import type { GoTarget, GoTargetAccess, GoTargetAddress } from "../../src/ports/go-target.ts";
import { closed, httpServer, listening, portOf } from "./pprof-server.ts";

const limits = { deadlineMs: 5_000, maxBytes: 1 << 20 };
const never = new AbortController().signal;

interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** Answers everything with 200 and remembers what it was asked. */
function noting(seen: Seen[]): RequestListener {
  return (request, response) => {
    seen.push({ url: request.url ?? "", headers: request.headers });
    response.end("fine");
  };
}

async function serve(listener: RequestListener): Promise<Server> {
  const server = await httpServer(listener);
  onTestFinished(() => closed(server));
  return server;
}

function open(address: Partial<GoTargetAddress> & { origin: string }, access: GoTargetAccess = {}): GoTarget {
  const target = goTargets({ userAgent: "gofire/test" }).open(
    { pprofPath: "/debug/pprof/", metrics: "/metrics", expvarPath: "/debug/vars", ...address },
    access,
  );
  onTestFinished(() => target.close());
  return target;
}

/** Plays a forward proxy: notes what it is asked, forwards nothing but tunnels. */
async function proxy(seen: Seen[], status = 200): Promise<string> {
  const server = await serve((request, response) => {
    seen.push({ url: request.url ?? "", headers: request.headers });
    response.writeHead(status).end("from the proxy");
  });
  server.on("connect", (request, socket) => {
    seen.push({ url: `CONNECT ${request.url}`, headers: request.headers });
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      return;
    }
    const [host = "", port = ""] = (request.url ?? "").split(":");
    const onward = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    socket.on("error", () => onward.destroy());
    onward.on("error", () => socket.destroy());
  });
  return `http://127.0.0.1:${portOf(server)}`;
}

async function originOf(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${portOf(await serve(listener))}`;
}

async function bodyOf(answer: Promise<{ body: AsyncIterable<Uint8Array> }>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await answer).body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("what is sent", () => {
  test("a GET that asks for no encoding, says who asks and never forces a collection", async () => {
    const seen: Seen[] = [];
    const target = open({ origin: await originOf(noting(seen)) });
    await bodyOf(target.profile({ profile: "heap", debug: 1 }, limits, never));
    expect(seen[0]?.url).toBe("/debug/pprof/heap?debug=1");
    expect(seen[0]?.headers).toMatchObject({ "user-agent": "gofire/test", "accept-encoding": "identity" });
    expect(seen[0]?.headers.authorization).toBeUndefined();
  });

  test("the CPU profile is asked at /profile, and whole seconds only", async () => {
    const seen: Seen[] = [];
    const target = open({ origin: await originOf(noting(seen)) });
    await bodyOf(target.profile({ profile: "cpu", seconds: 7 }, limits, never));
    expect(seen[0]?.url).toBe("/debug/pprof/profile?seconds=7");
  });

  test("a prefix, custom paths and custom headers", async () => {
    const seen: Seen[] = [];
    const target = open(
      { origin: await originOf(noting(seen)), pprofPath: "/orders/debug/pprof/", metrics: "/orders/m?x=1" },
      { headers: { "X-Api-Key": "k" }, credentials: { kind: "bearer", token: "t0ken" } },
    );
    await bodyOf(target.index(limits, never));
    await bodyOf(target.metrics(limits, never));
    expect(seen.map(({ url }) => url)).toEqual(["/orders/debug/pprof/", "/orders/m?x=1"]);
    for (const { headers } of seen) {
      expect(headers).toMatchObject({ "x-api-key": "k", authorization: "Bearer t0ken" });
    }
  });

  test("basic credentials", async () => {
    const seen: Seen[] = [];
    const target = open(
      { origin: await originOf(noting(seen)) },
      { credentials: { kind: "basic", username: "ana", password: "p:ä" } },
    );
    await bodyOf(target.index(limits, never));
    expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from("ana:p:ä").toString("base64")}`);
  });

  test("credentials and headers stay at home: not to metrics elsewhere, not along a redirect", async () => {
    const atHome: Seen[] = [];
    const elsewhere: Seen[] = [];
    const other = await originOf(noting(elsewhere));
    const home = await originOf((request, response) => {
      atHome.push({ url: request.url ?? "", headers: request.headers });
      response.writeHead(307, { location: `${other}/debug/pprof/` }).end();
    });
    const target = open(
      { origin: home, metrics: `${other}/metrics`, profileRatesPath: "/rates" },
      { headers: { "X-Api-Key": "k" }, credentials: { kind: "bearer", token: "t0ken" } },
    );
    expect((await target.index(limits, never)).location).toBe(`${other}/debug/pprof/`);
    await bodyOf(target.metrics(limits, never));
    const wish = { blockRateNs: 10_000, seconds: 25 };
    expect((await target.rates?.take(wish, limits, never))?.status).toBe(307);
    expect((await target.rates?.giveBack("id", limits, never))?.status).toBe(307);
    expect(atHome.map(({ url }) => url)).toEqual(["/debug/pprof/", "/rates", "/rates?id=id"]);
    for (const { headers } of atHome) expect(headers.authorization).toBe("Bearer t0ken");
    expect(elsewhere.map(({ url }) => url)).toEqual(["/metrics"]);
    expect(elsewhere[0]?.headers).not.toHaveProperty("authorization");
    expect(elsewhere[0]?.headers).not.toHaveProperty("x-api-key");
  });

  test.each([
    [{ headers: { Host: "x", "Transfer-Encoding": "chunked" } }, "Transfer-Encoding"],
    [{ headers: { "X-Key": "a\r\nEvil: 1" } }, "X-Key"],
    [{ headers: { "bad name": "x" } }, "bad name"],
    [{ credentials: { kind: "bearer" as const, token: "secret\n" } }, "bearer token"],
    [{ credentials: { kind: "bearer" as const, token: "a" }, headers: { authorization: "b" } }, "not both"],
  ])("refuses %j, without repeating a secret", (access, words) => {
    let message = "";
    try {
      open({ origin: "http://127.0.0.1:1" }, access);
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      message = String(error);
    }
    expect(message).toContain(words);
    expect(message).not.toMatch(/secret|Evil/);
  });
});

describe("ways to the target", () => {
  test("a unix socket", async () => {
    const folder = await mkdtemp(join(tmpdir(), "gofire-socket-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const socketPath = join(folder, "app.sock");
    const seen: Seen[] = [];
    const server = await listening(createServer(noting(seen)), socketPath);
    onTestFinished(() => closed(server));
    const target = open({ origin: "http://localhost", socketPath });
    expect(await bodyOf(target.index(limits, never))).toBe("fine");
    expect(seen[0]?.headers.host).toBe("localhost");
    expect(target.instance).toBe(socketPath);
    expect(target.url).toBe(`unix:${socketPath}:/debug/pprof/`);
  });

  test("an encoding that a proxy added is undone, and bounded after that", async () => {
    const target = open({
      origin: await originOf((_request, response) => {
        response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("x".repeat(100_000)));
      }),
    });
    expect((await bodyOf(target.index(limits, never))).length).toBe(100_000);
    const bounded = target.index({ ...limits, maxBytes: 1_000 }, never);
    await expect(bodyOf(bounded)).rejects.toMatchObject({ code: "bad-response" });
  });

  test("an encoding that is none is told in words", async () => {
    const target = open({
      origin: await originOf((_request, response) => {
        response.writeHead(200, { "content-encoding": "gzip" }).end("<html>");
      }),
    });
    await expect(bodyOf(target.index(limits, never))).rejects.toMatchObject({
      code: "bad-response",
      message: "its header says that the answer is gzip, and it is not",
    });
  });

  test("the other place that an address may mean is asked by the same connection", async () => {
    const seen: Seen[] = [];
    const server = await serve(noting(seen));
    let connections = 0;
    server.on("connection", () => connections++);
    const { address } = parseTarget(`http://127.0.0.1:${portOf(server)}/svc`);
    const { elsewhere, ...target } = open(address, { credentials: { kind: "bearer", token: "t" } });
    await bodyOf(target.index(limits, never));
    await bodyOf(target.metrics(limits, never));
    if (elsewhere === undefined) throw new Error("there is no other place");
    await bodyOf(elsewhere.index(limits, never));
    await bodyOf(elsewhere.metrics(limits, never));
    expect(seen.map(({ url }) => url)).toEqual(["/svc/", "/metrics", "/svc/debug/pprof/", "/svc/metrics"]);
    expect(new Set(seen.map(({ headers }) => headers.authorization))).toEqual(new Set(["Bearer t"]));
    expect(connections).toBe(1);
    expect(elsewhere).toMatchObject({ instance: target.instance, name: target.name });
  });

  test("an encoding that cannot be undone is named", async () => {
    const target = open({
      origin: await originOf((_request, response) => {
        response.writeHead(200, { "content-encoding": "br" }).end("?");
      }),
    });
    await expect(bodyOf(target.index(limits, never))).rejects.toThrow("content encoding br");
  });

  describe("a proxy", () => {
    test("is asked for the whole URL, with its own credentials", async () => {
      const seen: Seen[] = [];
      const target = open(
        { origin: "http://order.test:6060" },
        { proxy: { url: await proxy(seen), credentials: { username: "p", password: "q" } } },
      );
      expect(await bodyOf(target.index(limits, never))).toBe("from the proxy");
      expect(seen[0]?.url).toBe("http://order.test:6060/debug/pprof/");
      expect(seen[0]?.headers["proxy-authorization"]).toBe(`Basic ${Buffer.from("p:q").toString("base64")}`);
    });

    test("gets no question that carries the target's credentials, only a tunnel", async () => {
      const atProxy: Seen[] = [];
      const atTarget: Seen[] = [];
      const target = open(
        { origin: await originOf(noting(atTarget)) },
        {
          proxy: { url: await proxy(atProxy), credentials: { username: "p", password: "q" } },
          credentials: { kind: "bearer", token: "t0ken" },
        },
      );
      expect(await bodyOf(target.index(limits, never))).toBe("fine");
      expect(atProxy.map(({ url }) => url)).toEqual([expect.stringMatching(/^CONNECT 127\.0\.0\.1:\d+$/)]);
      expect(atProxy[0]?.headers).not.toHaveProperty("authorization");
      expect(atTarget[0]?.headers.authorization).toBe("Bearer t0ken");
      expect(atTarget[0]?.headers).not.toHaveProperty("proxy-authorization");
    });

    test("that is not there is told to be the one that is not", async () => {
      const server = await serve(() => {});
      const gone = `http://127.0.0.1:${portOf(server)}`;
      await closed(server);
      const target = open(
        { origin: "http://127.0.0.1:9" },
        { proxy: { url: `${gone}/`, credentials: { username: "p", password: "q" } } },
      );
      await expect(target.index(limits, never)).rejects.toMatchObject({
        code: "unavailable",
        message: `not asked, because of the proxy ${gone}: connection refused: nothing listens there`,
      });
    });

    test.each([
      [407, "the proxy wants credentials of its own (407)"],
      [403, "the proxy refused to connect (403)"],
    ])("that answers %i to a tunnel is explained", async (status, words) => {
      const target = open(
        { origin: "http://127.0.0.1:9" },
        { proxy: { url: await proxy([], status) }, credentials: { kind: "bearer", token: "t" } },
      );
      await expect(target.index(limits, never)).rejects.toMatchObject({
        code: "unavailable",
        message: words,
      });
    });
  });
});

describe("why nothing answers", () => {
  test("nobody listens", async () => {
    const server = await serve(() => {});
    const port = portOf(server);
    await closed(server);
    const target = open({ origin: `http://127.0.0.1:${port}` });
    await expect(target.index(limits, never)).rejects.toMatchObject({
      code: "unavailable",
      message: "connection refused: nothing listens there",
      target: `http://127.0.0.1:${port}/debug/pprof/`,
    });
  });

  test("nobody listens at any address of a name", async () => {
    const server = await serve(() => {});
    const port = portOf(server);
    await closed(server);
    const target = open({ origin: `http://localhost:${port}` });
    await expect(target.index(limits, never)).rejects.toThrow("connection refused: nothing listens there");
  });

  test("the socket is not there", async () => {
    const target = open({ origin: "http://localhost", socketPath: "/nowhere/app.sock" });
    await expect(target.index(limits, never)).rejects.toThrow("there is no such socket");
  });

  test("it accepts, but does not answer", async () => {
    const target = open({ origin: await originOf(() => {}) });
    const question = target.index({ ...limits, deadlineMs: 80 }, never);
    await expect(question).rejects.toMatchObject({ code: "timeout", message: "no answer within 80 ms" });
  });

  test.each([
    ["garbage instead of HTTP", "SSH-2.0-OpenSSH_9.6\r\n", "bad-response", "does not speak HTTP/1.1"],
    ["it hangs up", "", "unavailable", "the other side closed the connection"],
  ])("%s", async (_name, reply, code, words) => {
    const server = await listening(createTcpServer((socket) => socket.end(reply).resume()));
    onTestFinished(() => void server.close());
    const target = open({ origin: `http://127.0.0.1:${portOf(server)}` });
    const error: unknown = await target.index(limits, never).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: "PortError", code });
    expect(String(error)).toContain(words);
  });
});
