import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AlertNotification } from "../../src/domain/alerts/alert.ts";
import { pageLikeness, pageMessageOf } from "../../src/domain/alerts/page-message.ts";
import { parseAlertNotification } from "../../src/parsers/alerts/alert-notification.ts";
import { type AlertmanagerStandIn, alertmanagerStandIn } from "../../src/sandbox/alertmanager.ts";

const labels = { alertname: "ManyGoroutines", service: "order", instance: "order-1" };

const told: AlertNotification[] = [];
const tokens: (string | undefined)[] = [];
let status = 200;
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    tokens.push(request.headers.authorization);
    const parsed = parseAlertNotification(Buffer.concat(chunks));
    if (parsed.ok) told.push(parsed.value);
    response.writeHead(parsed.ok ? status : 400).end("no Redis");
  });
});
const posted: { readonly attachments: readonly Readonly<Record<string, unknown>>[] }[] = [];
let alertmanager: AlertmanagerStandIn;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  alertmanager = alertmanagerStandIn({
    post: (message) => posted.push(message),
    webhook: () => ({ url, token: "hush" }),
  });
});
afterAll(() => server.close());

describe("the demo's Alertmanager", () => {
  it("says the same to the chat and to the webhook: that it fires, that it still does, that it is over", async () => {
    await alertmanager.fire(labels, "too many");
    await alertmanager.fire(labels, "too many");
    await alertmanager.resolveAll();
    await alertmanager.resolveAll();
    expect(told.map((notification) => notification.status)).toEqual(["firing", "firing", "resolved"]);
    expect(new Set(told.map(({ groupKey }) => groupKey)).size).toBe(1);
    expect(new Set(told.map(({ alerts }) => alerts[0]?.startsAtMs)).size).toBe(1);
    expect(told[2]?.alerts[0]?.endsAtMs).toBeGreaterThan(told[0]?.alerts[0]?.startsAtMs ?? 0);
    expect(tokens).toEqual(["Bearer hush", "Bearer hush", "Bearer hush"]);
    for (const [at, { attachments }] of posted.entries()) {
      const message = pageMessageOf({
        channel: "C0INCID001",
        ts: "1.000001",
        text: "",
        attachments: attachments.map((attachment) => ({ fields: [], ...attachment })),
      });
      const notification = told[at];
      if (message === undefined || notification === undefined) throw new Error("no page");
      expect(message.status).toBe(notification.status);
      expect(pageLikeness(message, notification)).toBe(3);
    }
    expect(posted).toHaveLength(3);
  });

  it("tells what the webhook refuses", async () => {
    status = 503;
    await expect(alertmanager.fire(labels, "too many")).rejects.toThrow("The webhook answered 503: no Redis");
  });
});
