import { describe, expect, test } from "vitest";
import type { Alert, Labels } from "../../../src/domain/alerts/alert.ts";
import {
  type AlertedService,
  type ChannelRoute,
  channelFor,
} from "../../../src/domain/alerts/alert-routing.ts";

function alert(labels: Labels, status: Alert["status"] = "firing"): Alert {
  return { fingerprint: "f", status, labels, annotations: {}, startsAtMs: 0 };
}

const services: readonly AlertedService[] = [
  { name: "order", matches: [], channel: "C0ORDER" },
  { name: "cart", matches: [] },
];
const routes: readonly ChannelRoute[] = [
  { match: { team: { equals: "pay" }, severity: { pattern: /^(?:critical|page)$/u } }, channel: "C0WAR" },
  { match: { team: { equals: "pay" } }, channel: "C0PAY" },
  { match: { env: { equals: "" }, team: { equals: "lab" } }, channel: "C0LAB" },
];

function channel(service: string, ...alerts: Alert[]): string {
  return channelFor({ service, alerts }, { routes, services, usual: "C0ALL" });
}

describe("where a page is answered", () => {
  test.each([
    ["the first route that fits", { team: "pay", severity: "page" }, "C0WAR"],
    ["all labels of a route", { team: "pay", severity: "info" }, "C0PAY"],
    ["a label that is not there is empty", { team: "lab" }, "C0LAB"],
    ["so another value does not fit", { team: "lab", env: "prod" }, "C0ORDER"],
    ["the service's own without a route", { team: "other" }, "C0ORDER"],
  ])("%s", (_what, labels, expected) => {
    expect(channel("order", alert(labels))).toBe(expected);
  });

  test("the usual one for a service without one, and for pages of no service", () => {
    expect(channel("cart", alert({}))).toBe("C0ALL");
    expect(channel("", alert({}))).toBe("C0ALL");
    expect(channel("", alert({ team: "pay" }))).toBe("C0PAY");
  });

  test("the most urgent of several alerts decides, and one that is over does not", () => {
    const mild = alert({ team: "pay" });
    expect(channel("order", mild, alert({ team: "pay", severity: "critical" }))).toBe("C0WAR");
    expect(channel("order", mild, alert({ team: "pay", severity: "critical" }, "resolved"))).toBe("C0PAY");
  });
});
