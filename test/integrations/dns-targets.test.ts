import { describe, expect, onTestFinished, test } from "vitest";
import { PortError } from "../../src/domain/errors.ts";
import { mostFound } from "../../src/domain/targets/target-place.ts";
import { dnsTargets } from "../../src/integrations/dns/target-source.ts";
import type { FoundTargets } from "../../src/ports/target-source.ts";
import { targetSourceContract } from "../contracts/target-source.ts";
import { fakeTargetSource } from "../fakes/target-sources.ts";
import { a, aaaa, type DnsAnswer, type DnsServer, dnsServer, srv } from "./dns-server.ts";

const never = new AbortController().signal;
const name = "order.shop.test";

targetSourceContract("the fake", (kept) =>
  Promise.resolve({
    source: fakeTargetSource(() =>
      kept === "is silent"
        ? new Promise((resolve) => setTimeout(resolve, 100, []))
        : kept === "refuses"
          ? new PortError("forbidden", "DNS", "DNS refused")
          : kept.map(({ host, port }) => ({
              name: `${host}:${port}`,
              aliases: [host],
              origin: `http://${host}:${port}`,
              prefix: "",
            })),
    ),
    close: () => Promise.resolve(),
  }),
);

targetSourceContract("DNS", async (kept) => {
  const server = await dnsServer((type) =>
    kept === "refuses"
      ? "REFUSED"
      : kept === "is silent"
        ? "silence"
        : type === "A"
          ? a(name, ...kept.map(({ host }) => host))
          : [],
  );
  const place = { kind: "dns", name, port: 6060, scheme: "http" } as const;
  return { source: dnsTargets(place, { servers: [server.address] }), close: () => server.close() };
});

async function find(
  answer: (type: string, name: string) => DnsAnswer,
  place: Parameters<typeof dnsTargets>[0] = { kind: "dns", name, port: 6060, scheme: "http" },
): Promise<FoundTargets & Pick<DnsServer, "asked">> {
  const server = await dnsServer(answer);
  onTestFinished(() => server.close());
  const found = await dnsTargets(place, { servers: [server.address] }).find(never);
  return { ...found, asked: server.asked };
}

describe("processes that DNS knows", () => {
  test("are the addresses of a name at one port, in the order of their numbers", async () => {
    const { targets, asked } = await find((type) =>
      type === "A" ? a(name, "10.0.0.10", "10.0.0.9", "10.0.0.9") : [],
    );
    expect(targets).toEqual([
      {
        name: "10.0.0.9:6060",
        aliases: ["10.0.0.9"],
        origin: "http://10.0.0.9:6060",
        prefix: "",
        tlsName: name,
      },
      expect.objectContaining({ origin: "http://10.0.0.10:6060" }),
    ]);
    expect(asked).toEqual([`A ${name}`]);
  });

  test("are its IPv6 addresses where it has no others", async () => {
    const { targets } = await find((type) => (type === "AAAA" ? aaaa(name, "fd00::2", "fd00::1") : []));
    expect(targets.map(({ origin }) => origin)).toEqual(["http://[fd00::1]:6060", "http://[fd00::2]:6060"]);
    expect(targets[0]).toMatchObject({ name: "[fd00::1]:6060", aliases: ["fd00::1"] });
  });

  test("are the names of SRV records, each at its own port and reached at its address", async () => {
    const answers: Readonly<Record<string, DnsAnswer>> = {
      "SRV _pprof._tcp.order.shop.test": srv(
        "_pprof._tcp.order.shop.test",
        ["order-1.order.shop.test", 6061],
        ["order-0.order.shop.test", 6060],
        ["gone.order.shop.test", 6060],
      ),
      "A order-0.order.shop.test": a("order-0.order.shop.test", "10.0.0.5"),
      "A order-1.order.shop.test": [],
      "AAAA order-1.order.shop.test": aaaa("order-1.order.shop.test", "fd00::6"),
    };
    const found = await find((type, asked) => answers[`${type} ${asked}`] ?? "NXDOMAIN", {
      kind: "dns-srv",
      name: "_pprof._tcp.order.shop.test.",
      scheme: "https",
    });
    expect(found.targets).toEqual([
      {
        name: "order-0.order.shop.test:6060",
        aliases: ["10.0.0.5:6060", "10.0.0.5"],
        origin: "https://10.0.0.5:6060",
        prefix: "",
        tlsName: "order-0.order.shop.test",
      },
      expect.objectContaining({ name: "order-1.order.shop.test:6061", origin: "https://[fd00::6]:6061" }),
    ]);
    expect(found.leftOut).toBe(
      "1 name of the SRV records of _pprof._tcp.order.shop.test. without an address: gone.order.shop.test",
    );
  });

  test.each([
    [
      "NXDOMAIN",
      "not-found",
      /^Asked for the addresses of order\.shop\.test, DNS answered NXDOMAIN: there is no/,
    ],
    ["SERVFAIL", "unavailable", /DNS answered SERVFAIL/],
    ["REFUSED", "forbidden", /DNS answered REFUSED/],
    ["noise", "bad-response", /DNS answered with something that is no answer/],
  ] as const)("%s is told as %s", async (says, code, message) => {
    const failure = find(() => says);
    await expect(failure).rejects.toMatchObject({ name: "PortError", code });
    await expect(failure).rejects.toThrow(message);
  });

  test("a name server that is away, or silent, is told, too", async () => {
    const gone = await dnsServer(() => "silence");
    await gone.close();
    const place = { kind: "dns", name, port: 6060, scheme: "http" } as const;
    await expect(dnsTargets(place, { servers: [gone.address] }).find(never)).rejects.toMatchObject({
      name: "PortError",
      code: expect.stringMatching(/^(?:unavailable|timeout)$/),
    });
    await expect(find(() => "silence")).rejects.toMatchObject({
      code: "timeout",
      message: "Asked for the addresses of order.shop.test, DNS did not answer in time",
    });
  });

  test("an answer too long for a datagram is asked for again; more than a thousand are cut, and that is said", async () => {
    const many = Array.from({ length: 1_200 }, (_, at) => `10.1.${Math.floor(at / 250)}.${at % 250}`);
    const found = await find((type) => (type === "A" ? a(name, ...many) : []));
    expect(found.targets).toHaveLength(mostFound);
    expect(found.leftOut).toBe("only the first 1000 of 1200 are known");
    expect(found.asked).toEqual([`A ${name}`, `A ${name}`]);
  });
});
