import { describe, expect, test } from "vitest";
import type { Alert, Labels } from "../../../src/domain/alerts/alert.ts";
import { namedProcesses } from "../../../src/domain/alerts/alert-process.ts";
import { nearMiss } from "../../../src/domain/alerts/alert-routing.ts";
import type { ServiceProcess } from "../../../src/domain/targets/service-process.ts";

function alert(labels: Labels, status: Alert["status"] = "firing"): Alert {
  return { fingerprint: "f", status, labels, annotations: {}, startsAtMs: 0 };
}

function pod(name: string, ip: string): ServiceProcess {
  return { name, pod: name, aliases: [`${ip}:6060`, ip] };
}

const pods = [pod("order-a", "10.1.0.1"), pod("order-b", "10.1.0.2"), pod("order-c", "fd00::3")];
const listed: readonly ServiceProcess[] = [
  { name: "order-1", aliases: ["http://10.0.0.5:6060"] },
  { name: "http://10.0.0.6:6060", aliases: [] },
  { name: "http://10.0.0.7:6060", aliases: [] },
  { name: "http://10.0.0.7:6061", aliases: [] },
];

describe("the process that an alert means", () => {
  test.each<[string, readonly ServiceProcess[], Labels, string | undefined]>([
    ["by the pod's name", pods, { pod: "order-b" }, "order-b"],
    ["by another label for it", pods, { kubernetes_pod_name: "order-b" }, "order-b"],
    ["by its address, at another port", pods, { instance: "10.1.0.2:8080" }, "order-b"],
    ["by its own address", pods, { instance: "10.1.0.2:6060" }, "order-b"],
    [
      "not by an address that is another pod's by now",
      pods,
      { pod: "order-old", instance: "10.1.0.2:8080" },
      undefined,
    ],
    ["not by the address of who tells of it", pods, { pod: "order-a", instance: "10.9.9.9:8080" }, "order-a"],
    ["by the name in the file", listed, { instance: "order-1" }, "order-1"],
    ["by an address that has a name, too", listed, { instance: "10.0.0.5:9090" }, "order-1"],
    ["by an address without a scheme", listed, { instance: "10.0.0.7:6061" }, "http://10.0.0.7:6061"],
    ["not by a host that two have", listed, { instance: "10.0.0.7:8080" }, undefined],
    [
      "by the address where pods have no names",
      listed,
      { pod: "x", instance: "10.0.0.6:8080" },
      "http://10.0.0.6:6060",
    ],
    ["of a list of both, by either", [...listed, ...pods], { pod: "order-b" }, "order-b"],
    [
      "of a list of both, not by a pod's address",
      [...listed, ...pods],
      { pod: "x", instance: "10.1.0.2:1" },
      undefined,
    ],
  ])("%s", (_what, processes, labels, expected) => {
    expect(namedProcesses([alert(labels)], processes).instance).toBe(expected);
  });

  test("is the one that most of the firing ones name, and all that are named are told in order", () => {
    const alerts = [
      alert({ pod: "order-c" }),
      alert({ pod: "order-b" }),
      alert({ pod: "order-b" }),
      alert({ pod: "order-a" }, "resolved"),
    ];
    expect(namedProcesses(alerts, pods)).toEqual({ instance: "order-b", named: ["order-b", "order-c"] });
  });

  test("is told with its label when nobody knows it, and the labels are told when there is none", () => {
    expect(namedProcesses([alert({ pod: "order-x", instance: "10.9.9.9:1" })], pods)).toEqual({
      unknownInstance: "order-x",
      unknownLabel: "pod",
    });
    expect(namedProcesses([alert({ instance: "10.9.9.9:1" })], pods)).toEqual({
      unknownInstance: "10.9.9.9:1",
      unknownLabel: "instance",
    });
    expect(namedProcesses([alert({ team: "shop" })], pods)).toEqual({ isUnnamed: true });
    expect(namedProcesses([alert({ team: "shop" })], pods.slice(0, 1))).toEqual({});
  });
});

describe("the service that an alert is nearly about", () => {
  const services = [
    {
      name: "order",
      matches: [{ namespace: { equals: "shop" }, deployment: { pattern: /^(?:order-.*)$/u } }],
    },
    { name: "cart", matches: [{ team: { equals: "web" } }] },
    { name: "stock", matches: [] },
  ];

  test.each<[Labels, unknown]>([
    [{ namespace: "shop" }, { service: "order", lacks: { deployment: { pattern: /^(?:order-.*)$/u } } }],
    [
      { namespace: "test", deployment: "order-blue" },
      { service: "order", lacks: { namespace: { equals: "shop" } } },
    ],
    [{ team: "mail" }, undefined],
    [{}, undefined],
  ])("%j", (labels, expected) => {
    expect(nearMiss(labels, services)).toEqual(expected);
  });
});
