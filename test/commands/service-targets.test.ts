import { describe, expect, test } from "vitest";
import {
  chosenTarget,
  type ServiceTargets,
  serviceTargets,
} from "../../src/commands/access/service-targets.ts";
import type { GofireConfig } from "../../src/config/gofire-config.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { PortError } from "../../src/domain/errors.ts";
import type { Host } from "../../src/ports/host.ts";
import type { FoundTarget } from "../../src/ports/target-source.ts";
import type { WebAccess } from "../../src/ports/web-access.ts";
import { fakeClock } from "../fakes/clock.ts";
import { type FakeTargetSources, fakeTargetSources } from "../fakes/target-sources.ts";

const yaml = `
services:
  order:
    eachTarget:
      pprofPath: /internal/pprof
      profileRatesPath: /internal/rates
      auth: { bearer: { tokenEnv: ORDER_TOKEN } }
    targets:
      - { url: http://10.0.0.5:6060, instance: order-1 }
    discover:
      dns: { name: order.shop.test, port: 6060 }
  cart:
    discover:
      dns: { srv: _pprof._tcp.cart.test, scheme: https }
`;

const never = new AbortController().signal;
const host = { environment: () => "s3cret" } as unknown as Host;

function at(address: string): FoundTarget {
  const authority = `${address}:6060`;
  return {
    name: authority,
    aliases: [address],
    origin: `http://${authority}`,
    prefix: "",
    tlsName: "order.shop.test",
  };
}

interface World {
  readonly config: GofireConfig;
  readonly targets: ServiceTargets;
  readonly sources: FakeTargetSources;
  readonly clock: ReturnType<typeof fakeClock>;
  answer: readonly FoundTarget[] | PortError | "silence";
}

function world(passage?: WebAccess): World {
  const config = parseConfig(yaml, "gofire.yaml", "/", []);
  const clock = fakeClock(0);
  const sources = fakeTargetSources(
    () => (made.answer === "silence" ? new Promise(() => {}) : made.answer),
    passage,
  );
  const made: World = {
    config,
    clock,
    sources,
    answer: [at("10.0.0.7"), at("10.0.0.6"), at("10.0.0.5")],
    targets: serviceTargets(config, { host, sources, clock }),
  };
  return made;
}

function serviceOf({ config }: World, name: string) {
  const service = config.services[name];
  if (service === undefined) throw new Error(name);
  return service;
}

describe("the processes of a service", () => {
  test("are those that gofire.yaml lists, then those that are found and not among them", async () => {
    const { targets, sources } = world();
    const known = await targets.of("order", never);
    expect(known.targets.map(({ name }) => name)).toEqual(["order-1", "10.0.0.6:6060", "10.0.0.7:6060"]);
    expect(known.knownFrom).toBe("gofire.yaml and DNS");
    expect(known.trouble).toBeUndefined();
    expect(sources.opened.map(({ place }) => place)).toEqual([
      { kind: "dns", name: "order.shop.test", port: 6060, scheme: "http" },
    ]);
    expect((await targets.of("cart", never)).knownFrom).toBe("DNS");
  });

  test("are reached as the service says of each", async () => {
    const made = world();
    const known = await made.targets.of("order", never);
    const target = chosenTarget("order", serviceOf(made, "order"), known, "10.0.0.6");
    expect(await target.named({ access: {} }, never)).toEqual({
      service: "order",
      instance: "10.0.0.6:6060",
      address: {
        origin: "http://10.0.0.6:6060",
        pprofPath: "/internal/pprof/",
        metrics: "/metrics",
        expvarPath: "/debug/vars",
        profileRatesPath: "/internal/rates",
      },
      access: {
        credentials: { kind: "bearer", token: "s3cret" },
        tls: { serverName: "order.shop.test" },
      },
    });
  });

  test("behind their source are reached with its credentials, and the service's stay at home", async () => {
    const passage = { credentials: { kind: "bearer", token: "of-the-cluster" } } as const;
    const made = world(passage);
    const prefix = "/api/v1/namespaces/shop/pods/order-9:6060/proxy";
    made.answer = [
      { name: "order-9", aliases: ["10.0.0.9"], pod: "order-9", origin: "https://10.1.0.1:6443", prefix },
    ];
    const known = await made.targets.of("order", never);
    const target = chosenTarget("order", serviceOf(made, "order"), known, "order-9");
    const { address, access } = await target.named({ access: {} }, never);
    expect(access).toEqual(passage);
    expect(address).toEqual({
      origin: "https://10.1.0.1:6443",
      pprofPath: `${prefix}/internal/pprof/`,
      metrics: `${prefix}/metrics`,
      expvarPath: `${prefix}/debug/vars`,
      profileRatesPath: `${prefix}/internal/rates`,
    });
    await expect(
      target.named({ access: { credentials: { kind: "bearer", token: "typed" } } }, never),
    ).rejects.toThrow("would go to the wrong host");
  });

  test("are not where only this machine can reach, whoever says so, and that is told", async () => {
    const made = world();
    made.answer = [
      at("169.254.169.254"),
      at("169.254.7.7"),
      at("0.0.0.0"),
      { ...at("10.0.0.8"), metrics: "http://169.254.169.254/latest/meta-data/iam" },
      at("10.0.0.7"),
    ];
    const { targets, leftOut } = await made.targets.of("cart", never);
    expect(targets.map(({ name }) => name)).toEqual(["10.0.0.7:6060"]);
    expect(leftOut).toBe("4 addresses that no process of a service has (link-local, multicast)");
  });

  test("are asked for once in fifteen seconds, however many want to know", async () => {
    const { targets, sources, clock } = world();
    await Promise.all([targets.of("order", never), targets.of("order", never)]);
    clock.advance(14_000);
    await targets.of("order", never);
    expect(sources.opened).toHaveLength(1);
    clock.advance(2_000);
    await targets.of("order", never);
    expect(sources.opened).toHaveLength(2);
  });

  test("are the last known ones for an hour while nobody answers, and that is said", async () => {
    const made = world();
    await made.targets.of("order", never);
    made.answer = new PortError("forbidden", "DNS", "DNS answered REFUSED");
    made.clock.advance(240_000);
    const old = await made.targets.of("order", never);
    expect(old.targets).toHaveLength(3);
    expect(old.trouble).toBe("DNS answered REFUSED; the last list, 4 min old, was used");
    made.clock.advance(3_600_000);
    const listed = await made.targets.of("order", never);
    expect(listed.targets.map(({ name }) => name)).toEqual(["order-1"]);
    expect(listed.trouble).toBe("DNS answered REFUSED; only the processes that gofire.yaml lists are known");
    await expect(made.targets.of("cart", never)).rejects.toBe(made.answer);
  });

  test("are waited for no longer than whoever asks wants to, and five seconds at most", async () => {
    const made = world();
    made.answer = "silence";
    const reason = new Error("enough");
    const leaving = new AbortController();
    const waiting = made.targets.of("cart", leaving.signal);
    leaving.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  test("are named by their addresses, too; who names none of them is told which there are", async () => {
    const made = world();
    const known = await made.targets.of("order", never);
    const service = serviceOf(made, "order");
    expect(chosenTarget("order", service, known, "10.0.0.7").name).toBe("10.0.0.7:6060");
    expect(chosenTarget("order", service, known, "http://10.0.0.5:6060").name).toBe("order-1");
    expect(() => chosenTarget("order", service, known, "order-7")).toThrow(
      'Service "order" has no instance "order-7" now. It has: order-1, 10.0.0.6:6060, 10.0.0.7:6060.',
    );
    made.answer = [];
    made.clock.advance(20_000);
    const none = await made.targets.of("cart", never);
    expect(() => chosenTarget("cart", serviceOf(made, "cart"), none, undefined)).toThrow(
      'Service "cart" has no process now: DNS knows no SRV records of _pprof._tcp.cart.test.',
    );
  });

  test("that nobody was asked for are those of the file, and what is remembered", async () => {
    const { targets, sources } = world();
    expect(targets.known("order").map(({ name }) => name)).toEqual(["order-1"]);
    expect(targets.known("nothing")).toEqual([]);
    expect(sources.opened).toEqual([]);
    await targets.of("order", never);
    expect(targets.known("order")).toHaveLength(3);
  });
});
