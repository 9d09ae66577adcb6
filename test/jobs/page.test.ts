import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { pageMessageOf } from "../../src/domain/alerts/page-message.ts";
import type { Incident } from "../../src/domain/incidents/incident.ts";
import { alertWebhook } from "../../src/integrations/http/alert-webhook.ts";
import { type Listener, openListener } from "../../src/integrations/http/listener.ts";
import { takeNotification } from "../../src/jobs/pages/intake.ts";
import type { Bot } from "../../src/main.ts";
import { fakeChat } from "../fakes/chat.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { alertmanagerBody, grafanaBody } from "../parsers/alert-bodies.ts";
import { sickTarget, startTestBot, until } from "./bot.ts";

const never = new AbortController().signal;

/** As Alertmanager posts it, with its default templates. */
function posted(ts: string, labels: string, status: "FIRING:1" | "RESOLVED" = "FIRING:1") {
  const title = `[${status}] ${labels}`;
  const message = pageMessageOf({
    channel: "C7",
    ts,
    text: "",
    attachments: [{ title, fallback: `${title} | <http://alertmanager.example>`, fields: [] }],
  });
  if (message === undefined) throw new Error("not recognised");
  return message;
}

function webhookOf(alertname: string, startsAt: string) {
  const body = alertmanagerBody({ alerts: 1, groupKey: alertname, startsAt });
  const commonLabels = { alertname, service: "order", instance: "10.0.0.5:6060" };
  return { ...body, groupLabels: { alertname }, commonLabels };
}

describe.skipIf(redisProgram === undefined)("pages over the webhook, on real Redis", () => {
  let redis: TestRedis;
  let artifacts: string;
  let target: Awaited<ReturnType<typeof sickTarget>>;
  let chat: ReturnType<typeof fakeChat>;
  let bot: Bot;
  let listener: Listener;
  let hearsMessages = false;
  beforeAll(async () => {
    [redis, artifacts, target] = await Promise.all([
      testRedis(),
      mkdtemp(join(tmpdir(), "gofire-artifacts-")),
      sickTarget(),
    ]);
  });
  afterAll(async () => {
    target.close();
    await redis.remove();
    await rm(artifacts, { recursive: true, force: true });
  });
  beforeEach(async () => {
    hearsMessages = false;
    chat = fakeChat();
    await begin();
  });
  afterEach(async () => {
    await listener.close();
    await bot.stop(5_000);
  });

  async function begin(): Promise<void> {
    bot = await startTestBot(
      {
        redis: redis.url,
        artifacts,
        targets: { order: { [target.url]: target.url, "order-2": target.url }, payment: target.url },
        settings: {
          paging: {
            channel: "C9",
            routes: [{ match: { service: { equals: "order" }, team: { equals: "war" } }, channel: "C4" }],
            hearsMessages,
            comparesPeers: false,
            services: () =>
              Promise.resolve([
                { name: "order", matches: [] },
                {
                  name: "payment",
                  channel: "C5",
                  matches: [{ team: { equals: "money" }, tier: { pattern: /^(?:prod.*)$/ } }],
                },
              ]),
          },
        },
      },
      chat,
    );
    listener = await openListener(
      { host: "127.0.0.1", port: 0 },
      {
        "/webhooks/alertmanager": alertWebhook(
          {
            bearer: "s3cret",
            hmac: {
              secret: "key",
              header: "x-grafana-alerting-signature",
              timestampHeader: "x-grafana-alerting-timestamp",
            },
          },
          async (body, signal) => await takeNotification(body, bot.alerts, signal),
          Date.now,
        ),
      },
    );
  }

  async function post(
    content: unknown,
    headers: Record<string, string> = { authorization: "Bearer s3cret" },
  ) {
    const body = typeof content === "string" ? content : JSON.stringify(content);
    const response = await fetch(`${listener.url}/webhooks/alertmanager`, { method: "POST", body, headers });
    return { status: response.status, answer: (await response.json()) as { ok: boolean; problem?: string } };
  }

  async function incidents(): Promise<readonly Incident[]> {
    return await bot.incidents.recent({ limit: 50 }, never);
  }

  /** The one incident that pages of this group key began. */
  async function incidentWhere(fits: (incident: Incident) => boolean, what: string): Promise<Incident> {
    return await until(async () => (await incidents()).find(fits), what);
  }

  test("lets in who proves who they are, and nobody else", async () => {
    const body = JSON.stringify({ ...grafanaBody(), groupKey: "signed" });
    const now = Math.floor(Date.now() / 1000);
    function signed(timestamp: number, secret = "key") {
      return {
        "x-grafana-alerting-timestamp": String(timestamp),
        "x-grafana-alerting-signature": createHmac("sha256", secret)
          .update(`${timestamp}:${body}`)
          .digest("hex"),
      };
    }
    expect((await post(body, signed(now))).status).toBe(200);
    expect((await post(body, signed(now - 301))).status).toBe(401);
    expect((await post(body, signed(now, "other"))).status).toBe(401);
    expect((await post(body, { ...signed(now), "x-grafana-alerting-timestamp": "1e9" })).status).toBe(401);
    expect((await post(body, {})).status).toBe(401);
    expect((await post(body, { authorization: "Bearer s3cre" })).status).toBe(401);
    expect((await post(body, { authorization: "Bearer " })).status).toBe(401);
    expect((await post(body)).status).toBe(200);
    expect((await fetch(`${listener.url}/webhooks/alertmanager`)).status).toBe(405);
  });

  test("refuses only what can never be read, with the place", async () => {
    const broken = await post('{\n"alerts": [,]}');
    expect(broken.status).toBe(400);
    expect(broken.answer.problem).toMatch(/^The JSON is broken\. \(line 2: /);
    expect((await post("x".repeat((8 << 20) + 1))).status).toBe(413);
    expect(await incidents()).toEqual([]);
  });

  test("begins one incident for a group and service, counts repeats, and ends it when the alert does", async () => {
    const page = { groupKey: "g1", startsAt: new Date(Date.now() - 60_000).toISOString() };
    expect((await post(alertmanagerBody({ alerts: 2, ...page }))).status).toBe(200);
    const verdict = await incidentWhere(({ state }) => state === "verdict", "a verdict");
    expect(verdict).toMatchObject({
      service: "order",
      origin: {
        kind: "page",
        page: { title: "ManyGoroutines (2 alerts)", unknownInstance: "10.0.0.5:6060" },
      },
      place: { channel: "C9" },
    });

    await Promise.all(Array.from({ length: 5 }, () => post(alertmanagerBody({ alerts: 2, ...page }))));
    // Another alert joins: news, but of the same incident.
    await post(alertmanagerBody({ alerts: 3, ...page }));
    const repeated = await incidentWhere(({ repeats }) => repeats === 5, "five repeats");
    expect(repeated.id).toBe(verdict.id);

    await post(alertmanagerBody({ alerts: 3, ...page, status: "resolved" }));
    const resolved = await incidentWhere(({ state }) => state === "resolved", "the end");
    expect(resolved.id).toBe(verdict.id);
    expect(resolved.resolvedAtMs).toBe(Date.parse("2024-05-21T03:23:00Z"));
    expect(resolved.analysis?.verdict).toBe("fail");
    expect(chat.messages.filter(({ intent }) => intent === verdict.id)).toHaveLength(1);

    await post(alertmanagerBody({ alerts: 1, ...page, startsAt: new Date().toISOString() }));
    const again = await incidentWhere(
      ({ id, state }) => id !== verdict.id && state === "verdict",
      "a second incident",
    );
    expect(again.service).toBe("order");
  });

  test("is answered in the channel that a route, or else its service, names; a page in Slack in its own thread", async () => {
    const startsAt = new Date().toISOString();
    const body = alertmanagerBody({ alerts: 1, groupKey: "routed", startsAt });
    const [alert] = body.alerts;
    function withLabels(groupKey: string, labels: Record<string, string>) {
      return {
        ...body,
        groupKey,
        alerts: [{ ...alert, labels: { alertname: "ManyGoroutines", ...labels } }],
      };
    }
    await post(withLabels("to the route", { service: "order", team: "war" }));
    await post(withLabels("to the service", { team: "money", tier: "prod-1" }));
    for (const [channel, service] of [
      ["C4", "order"],
      ["C5", "payment"],
    ]) {
      await incidentWhere(
        (incident) => incident.place.channel === channel && incident.service === service,
        `${service} in ${channel}`,
      );
    }

    await bot.stop(5_000);
    await listener.close();
    hearsMessages = true;
    await begin();
    const inSlack = webhookOf("Routed", startsAt);
    chat.ofOthers.push({ channel: "C7", ts: "1718961120.000100" });
    await bot.pageMessages.receive(posted("1718961120.000100", "Routed order"), never);
    await post({
      ...inSlack,
      alerts: inSlack.alerts.map((one) => ({
        ...one,
        labels: { ...one.labels, alertname: "Routed", team: "war" },
      })),
    });
    const threaded = await incidentWhere(
      ({ place }) => place.thread === "1718961120.000100",
      "in the thread",
    );
    expect(threaded.place.channel).toBe("C7");
  });

  test("notes which processes its alerts name, those that join later, too; and that no peer is wanted", async () => {
    const startsAt = new Date().toISOString();
    const about = (instances: readonly string[]) => {
      const body = alertmanagerBody({ alerts: instances.length, groupKey: "named", startsAt });
      const alerts = body.alerts.map((alert, at) => ({
        ...alert,
        labels: { ...alert.labels, instance: instances[at] ?? "" },
      }));
      return { ...body, alerts };
    };
    await post(about([target.url]));
    const first = await incidentWhere(
      ({ origin, state }) => origin.page?.named?.length === 1 && state === "verdict",
      "an incident about the target",
    );
    expect(first).toMatchObject({ instance: target.url, wish: { peer: false } });
    expect(first.origin.page?.named).toEqual([target.url]);
    await post(about([target.url, "order-2"]));
    const joined = await incidentWhere(({ origin }) => origin.page?.named?.length === 2, "the second name");
    expect(joined.id).toBe(first.id);
    expect(joined.origin.page?.named).toEqual([target.url, "order-2"]);
  });

  test("two senders that say the same at once, and a gofire that ends in between, make one incident", async () => {
    const body = alertmanagerBody({
      alerts: 1,
      groupKey: "ha",
      service: "order",
      startsAt: new Date().toISOString(),
    });
    await Promise.all([post(body), post({ ...body, externalURL: "http://other.example:9093" }), post(body)]);
    await listener.close();
    await bot.stop(0);
    await begin();
    await post(body);
    await incidentWhere(
      ({ state, createdAtMs }) =>
        state === "verdict" && createdAtMs > Date.parse(body.alerts[0]?.startsAt ?? ""),
      "a verdict",
    );
    const begun = (await incidents()).filter(
      ({ createdAtMs }) => createdAtMs >= Date.parse(body.alerts[0]?.startsAt ?? ""),
    );
    expect(begun).toHaveLength(1);
  });

  test("says once which labels are missing, and matches services by what the configuration says", async () => {
    const [alert] = alertmanagerBody({ alerts: 1 }).alerts;
    const startsAt = new Date().toISOString();
    const page = {
      ...alertmanagerBody({ alerts: 0, groupKey: "two" }),
      alerts: [
        { ...alert, startsAt, labels: { alertname: "Slow", team: "money", tier: "prod-eu" } },
        { ...alert, startsAt, fingerprint: "f2", labels: { alertname: "Slow", team: "money", tier: "test" } },
      ],
    };
    await post(page);
    await post(page);
    const unmatched = await incidentWhere(
      ({ problem }) => problem?.includes("no service") === true,
      "the missing label",
    );
    expect(unmatched).toMatchObject({ service: "ManyGoroutines", state: "failed" });
    expect(unmatched.problem).toContain('team="money", tier="test"');
    await incidentWhere(
      ({ service, state }) => service === "payment" && state === "verdict",
      "payment's verdict",
    );
    expect((await incidents()).filter(({ id }) => id === unmatched.id)).toHaveLength(1);
  });

  test("answers 503 while Redis is away, and loses nothing that it took", async () => {
    const body = alertmanagerBody({ alerts: 1, groupKey: "outage", startsAt: new Date().toISOString() });
    await redis.kill();
    const refused = await until(async () => {
      const answer = await post(body);
      return answer.status === 503 ? answer : undefined;
    }, "a refusal");
    expect(refused.answer.problem).toContain("Redis");
    await redis.start();
    await until(async () => ((await post(body)).status === 200 ? true : undefined), "Redis to be back");
    await incidentWhere(
      ({ state, createdAtMs }) =>
        state === "verdict" && createdAtMs >= Date.parse(body.alerts[0]?.startsAt ?? ""),
      "a verdict",
    );
  });

  describe("with pages in the chat", () => {
    beforeEach(async () => {
      await listener.close();
      await bot.stop(0);
      hearsMessages = true;
      await begin();
    });

    test("answers in the thread of the page, whichever comes first", async () => {
      const startsAt = new Date().toISOString();
      for (const ts of ["1.1", "2.1", "2.2", "2.3"]) chat.ofOthers.push({ channel: "C7", ts });
      await bot.pageMessages.receive(posted("1.1", "Early (10.0.0.5:6060 order)"), never);
      await post(webhookOf("Early", startsAt));
      await post(webhookOf("Late", startsAt));
      await bot.pageMessages.receive(posted("2.1", "Other (10.0.0.5:6060 order)"), never);
      await bot.pageMessages.receive(posted("2.2", "Late (10.0.0.5:6060 order)"), never);
      for (const [title, thread] of [
        ["Early", "1.1"],
        ["Late", "2.2"],
      ]) {
        const incident = await incidentWhere(
          ({ origin, state }) => origin.page?.title === title && state === "verdict",
          `${title}'s verdict`,
        );
        expect(incident.place).toEqual({ channel: "C7", thread });
      }
      // Nobody's webhook: answered by what the message says.
      const alone = await incidentWhere(
        ({ origin, state }) => origin.page?.title === "Other (10.0.0.5:6060 order)" && state === "verdict",
        "the verdict of the page without a webhook",
      );
      expect(alone).toMatchObject({ service: "order", place: { channel: "C7", thread: "2.1" } });

      // Said again in a new message: counted.
      await bot.pageMessages.receive(posted("2.3", "Other (10.0.0.5:6060 order)"), never);
      await incidentWhere(({ id, repeats }) => id === alone.id && repeats === 1, "the repeat to be counted");

      // A sender that edits its message (update_message) ends it so.
      await bot.pageMessages.receive(posted("2.1", "Other (10.0.0.5:6060 order)", "RESOLVED"), never);
      await incidentWhere(({ id, state }) => id === alone.id && state === "resolved", "its end");
    });

    test("posts a card of its own when no page shows up in the chat", async () => {
      await post(webhookOf("Silent", new Date().toISOString()));
      const incident = await incidentWhere(
        ({ origin, state }) => origin.page?.title === "Silent" && state === "verdict",
        "a verdict",
      );
      expect(incident.place).toEqual({ channel: "C9" });
    });
  });
});
