import { mkdtemp, rm, symlink } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { parseTarget } from "../../src/capture/address.ts";
import { goTargets } from "../../src/integrations/go-target/client.ts";
import { reachedName } from "../../src/integrations/go-target/process-name.ts";
import type { GoTarget, GoTargetAccess } from "../../src/ports/go-target.ts";
import { closed, httpServer, listening, portOf } from "./pprof-server.ts";

/** What a name server says; a test may change its mind. */
const answers: Record<string, string> = {};

vi.mock("node:dns", async (original) => ({
  ...(await original<object>()),
  lookup(name: string, _options: object, callback: (error: Error | null, found: object[]) => void) {
    const address = answers[name];
    queueMicrotask(() =>
      address === undefined
        ? callback(Object.assign(new Error("unknown"), { code: "ENOTFOUND" }), [])
        : callback(null, [{ address, family: 4 }]),
    );
  },
}));

const limits = { deadlineMs: 5_000, maxBytes: 1_000 };
const never = new AbortController().signal;

function open(typed: string, access: GoTargetAccess = {}): GoTarget {
  const target = goTargets().open(parseTarget(typed).address, access);
  onTestFinished(() => target.close());
  return target;
}

interface Door {
  readonly port: number;
  readonly asked: readonly string[];
  readonly connections: () => number;
  /** Hangs up on everybody. */
  readonly hangUp: () => void;
}

async function door(): Promise<Door> {
  const asked: string[] = [];
  let connections = 0;
  const server: Server = await httpServer((request, response) => {
    asked.push(request.url ?? "");
    response.end("fine");
  });
  server.on("connection", () => connections++);
  onTestFinished(() => closed(server));
  return {
    port: portOf(server),
    asked,
    connections: () => connections,
    hangUp: () => server.closeAllConnections(),
  };
}

async function text(target: GoTarget): Promise<string> {
  let body = "";
  for await (const chunk of (await target.index(limits, never)).body) body += Buffer.from(chunk).toString();
  return body;
}

describe("a process has one name", () => {
  test("however this machine is written", () => {
    const spellings = [
      "http://localhost:6060",
      "localhost:6060",
      ":6060",
      "http://127.0.0.1:6060",
      "http://LOCALHOST:6060/",
      "http://localhost.:6060",
      "HTTP://localhost:6060/debug/pprof",
      "https://localhost:6060/debug/pprof/",
      "http://localhost:6060/debug/pprof/goroutine?debug=2",
      "http://user:secret@localhost:6060/metrics",
      "http://[::1]:6060",
      "http://[0:0:0:0:0:0:0:1]:6060/#top",
      "http://[::ffff:127.0.0.1]:6060",
      "http://127.1:6060",
      "http://0.0.0.0:6060",
      "http://order.localhost:6060",
    ];
    expect([...new Set(spellings.map((typed) => open(typed).name))]).toHaveLength(1);
    expect(open("http://user:secret@localhost:6060/").name).not.toContain("secret");
  });

  test("however another one is written, and others have others", () => {
    const same = [
      "http://10.0.0.5:6060",
      "http://[::ffff:a00:5]:6060/debug/pprof/",
      "10.0.0.5:6060/debug/vars",
    ];
    expect([...new Set(same.map((typed) => open(typed).name))]).toEqual(["10.0.0.5:6060"]);
    expect(open("https://Gateway.test/orders/debug/pprof/heap").name).toBe("gateway.test:443/orders");
    expect(open("https://gateway.test:443/orders/debug/pprof").name).toBe("gateway.test:443/orders");
    expect(open("https://gateway.test/users/debug/pprof/").name).toBe("gateway.test:443/users");
    expect(open("http://gateway.test").name).toBe("gateway.test:80");
  });

  test("by a link to its socket", async () => {
    const folder = await mkdtemp(join(tmpdir(), "gofire-name-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const server = await listening(createServer(), join(folder, "app.sock"));
    onTestFinished(() => closed(server));
    await symlink("app.sock", join(folder, "link.sock"));
    const { name } = open(`unix:${folder}/link.sock`);
    expect(name).toBe(open(`unix://${folder}/app.sock`).name);
    expect(await open(`unix:${folder}/app.sock`).reachedName(1_000, never)).toBeUndefined();
    expect(open("unix:/not/there").name).toContain("/not/there");
  });
});

describe("where a connection leads", () => {
  test("is known before anything is asked, and the question goes there by the same connection", async () => {
    const { port, asked, connections } = await door();
    answers["order.test"] = "127.0.0.1";
    const target = open(`http://order.test:${port}`);
    expect(target.name).toBe(`order.test:${port}`);
    const [once, twice] = await Promise.all([
      target.reachedName(5_000, never),
      target.reachedName(5_000, never),
    ]);
    expect(once).toBe(open(`localhost:${port}`).name);
    expect(twice).toBe(once);
    expect(asked).toEqual([]);
    expect(await text(target)).toBe("fine");
    expect(connections()).toBe(1);
  });

  test("stays there when the name leads elsewhere later", async () => {
    const { port, connections, hangUp } = await door();
    answers["moving.test"] = "127.0.0.1";
    const target = open(`http://moving.test:${port}`);
    await target.reachedName(5_000, never);
    answers["moving.test"] = "127.0.0.77";
    expect(await text(target)).toBe("fine");
    hangUp();
    await setTimeout(20);
    expect(await text(target)).toBe("fine");
    expect(connections()).toBe(2);
  });

  test("is nobody's to tell behind a proxy and at a port that many services share", async () => {
    const { port } = await door();
    const proxied = open(`http://order.test:${port}`, { proxy: { url: "http://127.0.0.1:9" } });
    expect(await proxied.reachedName(1_000, never)).toBeUndefined();
    const balancer = { address: "10.0.0.9", own: false };
    const shop = { origin: "https://shop.test", pprofPath: "/debug/pprof/" };
    expect(reachedName(shop, balancer)).toBeUndefined();
    expect(reachedName({ ...shop, origin: "https://shop.test:6060" }, balancer)).toBe("10.0.0.9:6060");
    expect(reachedName({ ...shop, origin: "http://10.0.0.9" }, balancer)).toBe("10.0.0.9:80");
  });

  test("is unknown where nothing listens: the first question says why, after one attempt", async () => {
    const server = await httpServer(() => {});
    const port = portOf(server);
    await closed(server);
    const target = open(`127.0.0.1:${port}`);
    expect(await target.reachedName(5_000, never)).toBeUndefined();
    await expect(target.index(limits, never)).rejects.toThrow("connection refused: nothing listens there");
    const unknown = open("http://nobody.test:6060");
    expect(await unknown.reachedName(5_000, never)).toBeUndefined();
    await expect(unknown.index(limits, never)).rejects.toThrow("this host name is unknown");
  });

  test("is not waited for longer than allowed, nor by somebody who gave up", async () => {
    const stop = new AbortController();
    stop.abort(new Error("enough"));
    const target = open("http://192.0.2.1:6060");
    expect(await target.reachedName(50, never)).toBeUndefined();
    await expect(target.reachedName(5_000, stop.signal)).rejects.toThrow("enough");
  });

  test("connects anew when the connection died before the first question", async () => {
    const { port, connections, hangUp } = await door();
    const target = open(`127.0.0.1:${port}`);
    await target.reachedName(5_000, never);
    hangUp();
    await setTimeout(20);
    expect(await text(target)).toBe("fine");
    expect(connections()).toBe(2);
  });
});
