import { describe, expect, it } from "vitest";
import { ownCode } from "../../../src/domain/code/own-code.ts";
import { containerOf } from "../../../src/domain/context/container.ts";
import {
  cpuLimitCores,
  memoryLimitBytes,
  throttlingOf,
} from "../../../src/domain/context/container-limits.ts";
import { isUnknown } from "../../../src/domain/metrics/counters.ts";
import { scrape } from "../metrics/scrapes.ts";

const nobody = { own: ownCode([]) };

/** Rows as the kubelet exports them: a pod's sum, its pause container, and two containers. */
const pod = `
container_spec_cpu_quota{container="",id="/kubepods/pod5f2c",image="",name="",namespace="shop",pod="order-7c9-x2"} 250000
container_spec_cpu_quota{container="POD",id="/kubepods/pod5f2c/77aa",image="pause:3.9",name="77aa",namespace="shop",pod="order-7c9-x2"} 0
container_spec_cpu_quota{container="order",id="/kubepods/pod5f2c/9d1e",image="order:1",name="9d1e",namespace="shop",pod="order-7c9-x2"} 50000
container_spec_cpu_quota{container="proxy",id="/kubepods/pod5f2c/51bb",image="proxy:3",name="51bb",namespace="shop",pod="order-7c9-x2"} 200000
container_spec_cpu_period{container="order",id="/kubepods/pod5f2c/9d1e",image="order:1",name="9d1e",namespace="shop",pod="order-7c9-x2"} 100000
container_spec_cpu_period{container="proxy",id="/kubepods/pod5f2c/51bb",image="proxy:3",name="51bb",namespace="shop",pod="order-7c9-x2"} 100000
`;

function at(periods: number, throttled: number) {
  return scrape(
    `container_cpu_cfs_periods_total{container="a"} ${periods}\ncontainer_cpu_cfs_throttled_periods_total{container="a"} ${throttled}`,
  );
}

describe("containerOf", () => {
  it("does not guess among several", () => {
    const found = containerOf([scrape(pod)], nobody);
    expect(isUnknown(found) && found.unknown).toMatch(/2 containers/);
  });

  it("takes the one that the service's name or the process's own labels name", () => {
    const byService = containerOf([scrape(pod)], { ...nobody, service: "order" });
    expect(byService).toMatchObject({ name: 'container "order" of pod "order-7c9-x2"' });
    const byLabels = containerOf(
      [scrape(`${pod}go_info{pod="order-7c9-x2",container="proxy",version="go1.23.5"} 1`)],
      nobody,
    );
    expect(byLabels).toMatchObject({ name: 'container "proxy" of pod "order-7c9-x2"' });
  });

  it("takes Docker's and unlabelled ones, and not the machine's own groups", () => {
    const docker = scrape(`
container_spec_memory_limit_bytes{id="/",image="",name=""} 0
container_spec_memory_limit_bytes{id="/system.slice/ssh.service",image="",name=""} 0
container_spec_memory_limit_bytes{id="/docker/77aa",image="order:1",name="order_1"} 536870912
`);
    const container = containerOf([docker], nobody);
    if (isUnknown(container)) throw new Error(container.unknown);
    expect(container.name).toBe('container "order_1"');
    expect(memoryLimitBytes([docker], container)).toBe(536870912);
    const plain = containerOf([scrape("container_spec_cpu_quota 50000")], nobody);
    expect(plain).toMatchObject({ name: "the container" });
  });

  it("is unknown without container metrics", () => {
    expect(containerOf([scrape("go_threads 7")], nobody)).toHaveProperty("unknown");
  });
});

describe("limits", () => {
  it("reads the quota of the right container, and kube-state-metrics where cAdvisor is absent", () => {
    const metrics = [scrape(pod)] as const;
    const container = containerOf(metrics, { ...nobody, service: "order" });
    if (isUnknown(container)) throw new Error(container.unknown);
    expect(cpuLimitCores(metrics, container)).toBe(0.5);
    const state = [
      scrape(`
kube_pod_container_resource_limits{namespace="shop",pod="order-7c9-x2",uid="1",container="order",node="n1",resource="cpu",unit="core"} 1.5
kube_pod_container_resource_limits{namespace="shop",pod="order-7c9-x2",uid="1",container="order",node="n1",resource="memory",unit="byte"} 1e9
`),
    ] as const;
    const named = containerOf(state, nobody);
    if (isUnknown(named)) throw new Error(named.unknown);
    expect([cpuLimitCores(state, named), memoryLimitBytes(state, named)]).toEqual([1.5, 1e9]);
  });

  it.each(["-1", "0"])("a quota of %s is none", (quota) => {
    const metrics = [
      scrape(
        `container_spec_cpu_quota{container="a"} ${quota}\ncontainer_spec_cpu_period{container="a"} 100000`,
      ),
    ] as const;
    const container = containerOf(metrics, nobody);
    if (isUnknown(container)) throw new Error(container.unknown);
    expect(cpuLimitCores(metrics, container)).toBeUndefined();
  });

  it("a memory limit of all pages is none", () => {
    const metrics = [
      scrape('container_spec_memory_limit_bytes{container="a"} 9.223372036854772e+18'),
    ] as const;
    const container = containerOf(metrics, nobody);
    if (isUnknown(container)) throw new Error(container.unknown);
    expect(memoryLimitBytes(metrics, container)).toBeUndefined();
  });
});

describe("throttlingOf", () => {
  it("counts periods between the scrapes only", () => {
    const metrics = [at(1000, 900), at(1100, 910)] as const;
    const container = containerOf(metrics, nobody);
    if (isUnknown(container)) throw new Error(container.unknown);
    expect(throttlingOf(metrics, container)).toMatchObject({
      periods: 100,
      throttledPeriods: 10,
      ratio: 0.1,
    });
    expect(throttlingOf([at(1000, 900), at(1000, 900)], container)).toHaveProperty("unknown");
  });
});
