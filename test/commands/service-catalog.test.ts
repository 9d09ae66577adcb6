import { describe, expect, test } from "vitest";
import { serviceCatalog } from "../../src/commands/access/service-catalog.ts";
import { serviceTargets } from "../../src/commands/access/service-targets.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { GoTarget, GoTargetAccess, GoTargetAddress } from "../../src/ports/go-target.ts";
import type { Host } from "../../src/ports/host.ts";
import { fakeClock } from "../fakes/clock.ts";
import { fakeTargetSources } from "../fakes/target-sources.ts";

const yaml = `
services:
  order:
    eachTarget:
      pprofPath: /internal/pprof/
      metricsPath: /internal/metrics
      profileRatesPath: /internal/rates
      headers: { X-Team: shop }
      auth: { bearer: { tokenEnv: ORDER_TOKEN } }
    targets:
      - { url: http://10.0.0.5:6060, instance: order-1 }
      - url: http://10.0.0.6:6060
  empty: {}
allow:
  targets: ["10.20.0.0/16:6060", "unix:/run/order/*.sock"]
`;

interface Opened {
  readonly address: GoTargetAddress;
  readonly access: GoTargetAccess;
}

async function opened(service: string, instance?: string, source = yaml): Promise<Opened> {
  let what: Opened | undefined;
  const host = { environment: () => "s3cret" } as unknown as Host;
  const targets = {
    open(address: GoTargetAddress, access: GoTargetAccess) {
      what = { address, access };
      return {} as GoTarget;
    },
  };
  const config = parseConfig(source, "gofire.yaml", "/", []);
  const known = serviceTargets(config, { host, sources: fakeTargetSources(), clock: fakeClock(0) });
  await serviceCatalog(config, known, targets).open(service, instance, new AbortController().signal);
  if (what === undefined) throw new Error("nothing was opened");
  return what;
}

describe("targets of a service", () => {
  test("are the first, or the named one, with its secrets", async () => {
    const first = await opened("order");
    expect(first.address).toMatchObject({
      origin: "http://10.0.0.5:6060",
      pprofPath: "/internal/pprof/",
      profileRatesPath: "/internal/rates",
    });
    expect(first.access).toMatchObject({ credentials: { kind: "bearer", token: "s3cret" } });
    expect((await opened("order", "order-1")).address.origin).toBe("http://10.0.0.5:6060");
    const second = await opened("order", "http://10.0.0.6:6060");
    expect(second.access).toMatchObject({ credentials: { token: "s3cret" } });
  });

  test("are also addresses that the file lets in: on the service's paths, without its secrets", async () => {
    expect(await opened("order", "10.20.7.7:6060")).toEqual({
      address: expect.objectContaining({
        origin: "http://10.20.7.7:6060",
        pprofPath: "/internal/pprof/",
        metrics: "/internal/metrics",
        profileRatesPath: "/internal/rates",
      }),
      access: {},
    });
    expect((await opened("order", "https://10.20.7.7:6060/")).address.origin).toBe("https://10.20.7.7:6060");
    expect((await opened("order", "unix:/run/order/a.sock")).address.socketPath).toBe("/run/order/a.sock");
    const plain = (await opened("empty", "10.20.7.7:6060")).address;
    expect(plain.pprofPath).toBe("/debug/pprof/");
    // Asking there changes something: nobody guesses where it is.
    expect(plain).not.toHaveProperty("profileRatesPath");
  });

  test.each([
    [
      "10.21.0.1:6060",
      /^http:\/\/10\.21\.0\.1:6060 is not among the targets that the configuration allows: name it/,
    ],
    ["169.254.169.254:80", /is not among the targets/],
    ["10.20.7.7:6061", /is not among the targets/],
    ["unix:/run/order/a/b.sock", /is not among the targets/],
    ["unix:/run/order/..", /is no address of a process/],
    ["unix:/run/order/../order/a.sock", /is no address of a process/],
    ["http://user:pw@10.20.7.7:6060", /is no address of a process/],
    ["http://10.20.7.7:6060/admin/delete", /is no address of a process/],
    ["http://10.20.7.7:6060?x=1", /is no address of a process/],
    ["order-9", /Service "order" has no instance "order-9". It has: order-1, http:\/\/10\.0\.0\.6:6060\./],
  ])("but not %s", async (instance, message) => {
    await expect(opened("order", instance)).rejects.toThrow(message);
    await expect(opened("order", instance)).rejects.toMatchObject({ name: "UsageError" });
    await expect(opened("order", instance)).rejects.not.toThrow("user:pw");
  });

  test("and what would be opened, or why not, is told without asking anybody", async () => {
    const config = parseConfig(yaml, "gofire.yaml", "/", []);
    const untouched = { of: () => Promise.reject(new Error("asked")), known: () => [] };
    const catalog = serviceCatalog(config, untouched, { open: () => ({}) as GoTarget });
    await expect(catalog.permit("order", "10.20.7.7:6060")).resolves.toBeUndefined();
    await expect(catalog.permit("order", "10.21.0.1:6060")).rejects.toThrow(
      /let its address in under allow\.targets/,
    );
    await expect(catalog.permit("order", "http://user:pw@10.20.7.7:6060")).rejects.not.toThrow("user:pw");
  });

  test("of a file that allows nothing are the named ones only", async () => {
    const source = "services: { order: { targets: [{ url: http://10.0.0.5:6060 }] } }";
    await expect(opened("order", "10.20.7.7:6060", source)).rejects.toThrow("is not among the targets");
  });
});
