import { describe, expect, test, vi } from "vitest";
import { goTargets } from "../../src/integrations/go-target/client.ts";
import { closed, httpServer, portOf } from "./pprof-server.ts";

/** What a name server says that somebody else looks after. */
const answers: Readonly<Record<string, readonly string[]>> = {
  "rebound.test": ["169.254.169.254"],
  "mixed.test": ["169.254.169.254", "127.0.0.1"],
};

vi.mock("node:dns", async (original) => ({
  ...(await original<object>()),
  lookup(name: string, _options: object, callback: (error: null, found: object[]) => void) {
    queueMicrotask(() =>
      callback(
        null,
        (answers[name] ?? []).map((address) => ({ address, family: 4 })),
      ),
    );
  },
}));

const limits = { deadlineMs: 5_000, maxBytes: 1_000 };
const never = new AbortController().signal;

function open(origin: string) {
  const address = { origin, pprofPath: "/debug/pprof/", metrics: "/metrics", expvarPath: "/debug/vars" };
  return goTargets().open(address, { credentials: { kind: "bearer", token: "t" } });
}

describe("a cloud's metadata service", () => {
  test.each(["http://169.254.169.254", "https://[::ffff:169.254.169.254]:6060", "http://0xa9fea9fe"])(
    "is not asked at %s, whoever says so",
    (origin) => {
      expect(() => open(new URL(origin).origin)).toThrow(/metadata service.*never asked/);
    },
  );

  test.each(["http", "https"])("is not asked when a name leads there (%s)", async (scheme) => {
    const target = open(`${scheme}://rebound.test`);
    await expect(target.index(limits, never)).rejects.toMatchObject({
      name: "PortError",
      code: "forbidden",
      message: expect.stringMatching(/metadata service.*never asked/),
    });
    await target.close();
  });

  test("among a name's addresses leaves the others", async () => {
    const hosts: (string | undefined)[] = [];
    const server = await httpServer((request, response) => {
      hosts.push(request.headers.host);
      response.end("here");
    });
    const target = open(`http://mixed.test:${portOf(server)}`);
    const { status, body } = await target.index(limits, never);
    for await (const chunk of body) expect(Buffer.from(chunk).toString()).toBe("here");
    expect([status, hosts]).toEqual([200, [`mixed.test:${portOf(server)}`]]);
    await target.close();
    await closed(server);
  });
});
