import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stateOf } from "../../src/domain/alerts/alert.ts";
import { parseAlertNotification } from "../../src/parsers/alerts/alert-notification.ts";
import { alertmanagerBody, grafanaBody } from "./alert-bodies.ts";

function read(content: unknown) {
  return parseAlertNotification(Buffer.from(typeof content === "string" ? content : JSON.stringify(content)));
}

describe("an alert notification", () => {
  it("is read as Alertmanager sends it, with keys of later versions", () => {
    const body = alertmanagerBody({ alerts: 2 });
    const result = read({ ...body, notification_reason: "new", routeLabels: { a: "b" } });
    expect(result).toMatchObject({
      ok: true,
      value: {
        sender: "alertmanager",
        groupKey: body.groupKey,
        receiver: "gofire",
        status: "firing",
        commonLabels: { alertname: "ManyGoroutines" },
        truncatedAlerts: 0,
        externalUrl: "http://alertmanager.example:9093",
      },
    });
    if (!result.ok) return;
    expect(result.value.alerts).toHaveLength(2);
    expect(result.value.alerts[0]).toEqual({
      fingerprint: "f000000000000000",
      status: "firing",
      labels: { alertname: "ManyGoroutines", service: "order", instance: "10.0.0.5:6060" },
      annotations: { summary: "order has 12408 goroutines" },
      startsAtMs: 1_716_261_120_123,
      generatorUrl: "http://prometheus.example:9090/graph?g0.expr=go_goroutines",
    });
  });

  it("is read as Grafana sends it", () => {
    expect(read(grafanaBody())).toMatchObject({
      ok: true,
      value: { sender: "grafana", alerts: [{ status: "resolved", endsAtMs: 1_716_262_000_000 }] },
    });
  });

  it("says the same however its alerts are ordered, and something else when one ends", () => {
    const body = alertmanagerBody({ alerts: 3 });
    const [turned, ended] = [
      { ...body, alerts: body.alerts.toReversed() },
      {
        ...body,
        alerts: body.alerts.map((alert, at) => (at === 1 ? { ...alert, status: "resolved" } : alert)),
      },
    ].map(read);
    const said = read(body);
    if (!said.ok || turned?.ok !== true || ended?.ok !== true) throw new Error("not read");
    expect(stateOf(turned.value)).toBe(stateOf(said.value));
    expect(stateOf(ended.value)).not.toBe(stateOf(said.value));
  });

  it("counts what it leaves out", () => {
    const result = read({ ...alertmanagerBody({ alerts: 1_003 }), truncatedAlerts: 7 });
    expect(result.ok && [result.value.alerts.length, result.value.truncatedAlerts]).toEqual([1_000, 10]);
  });

  it("keeps labels of any name, and no text longer than 4096", () => {
    const [alert] = alertmanagerBody({ alerts: 1 }).alerts;
    const labels = JSON.parse(`{"__proto__":"x","constructor":"y","long":"${"z".repeat(9_000)}","count":3}`);
    const result = read({ ...alertmanagerBody({ alerts: 0 }), alerts: [{ ...alert, labels }] });
    if (!result.ok) throw new Error("not read");
    const kept = result.value.alerts[0]?.labels ?? {};
    expect(Object.keys(kept).toSorted()).toEqual(["__proto__", "constructor", "long"]);
    expect(kept["long"]).toHaveLength(4_096);
  });

  it.each([
    ["", "empty", "The body is empty."],
    ["hello", "damaged", "The JSON is broken."],
    ["[]", "not-this-format", 'The JSON is no alert notification: it has no list "alerts".'],
    ['{"alerts":[]}', "damaged", "The notification has no groupKey."],
    [
      { ...alertmanagerBody({ alerts: 1 }), status: "on fire" },
      "damaged",
      'The notification has neither "firing" nor "resolved" as its status.',
    ],
    [
      { ...alertmanagerBody({ alerts: 0 }), alerts: [{ status: "firing", labels: {} }] },
      "damaged",
      "Alert 1 has no time in startsAt.",
    ],
  ])("is refused with a reason: %j", (body, code, message) => {
    expect(read(body)).toMatchObject({ ok: false, error: { code, message, at: { unit: "line", value: 1 } } });
  });

  it("names the line of broken JSON", () => {
    const text = JSON.stringify(alertmanagerBody({ alerts: 1 }), undefined, 2).replace(
      '"receiver"',
      "receiver",
    );
    const result = read(text);
    const line = text.split("\n").findIndex((each) => each.includes("receiver:")) + 1;
    expect(result).toMatchObject({
      ok: false,
      error: { code: "damaged", at: { unit: "line", value: line } },
    });
  });

  it("names the line of JSON that is broken by a character for which V8 gives no position", () => {
    const result = parseAlertNotification(Buffer.from('{\n"version": x,\n"alerts": []\n}\n'));
    expect(result).toMatchObject({ ok: false, error: { at: { value: 2 }, excerpt: '"version": x,' } });
  });

  it("is read or refused, whatever arrives", () => {
    const body = Buffer.from(JSON.stringify(alertmanagerBody({ alerts: 2 })));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(body.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(body.length),
        (changes, cut) => {
          const damaged = Buffer.from(body);
          for (const [at, byte] of changes) damaged[at] = byte;
          const result = parseAlertNotification(damaged.subarray(0, body.length - (cut % 40)));
          expect(typeof result.ok).toBe("boolean");
        },
      ),
      { numRuns: 3_000 },
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(typeof read(value ?? null).ok).toBe("boolean");
      }),
      { numRuns: 2_000 },
    );
  });
});
