import { createServer, type Server } from "node:http";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type FakeClock, fakeClock } from "../../../src/sandbox/slack/clock.ts";
import type { SlackStandIn } from "../../../src/sandbox/slack/stand-in.ts";
import { newResponseUrl } from "../../../src/sandbox/slack/workspace.ts";
import { incidents, mira, socketApp, startSlack } from "./bolt.ts";

let slack: SlackStandIn;
let server: Server | undefined;

afterEach(async () => {
  await slack.close();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

interface Heard {
  readonly retry: string | undefined;
  readonly reason: string | undefined;
}

/** An app that answers each request with the next status. */
async function appAnswering(statuses: number[], clock: FakeClock): Promise<Heard[]> {
  const heard: Heard[] = [];
  const app = createServer((request, response) => {
    const header = (name: string) => request.headers[name]?.toString();
    heard.push({ retry: header("x-slack-retry-num"), reason: header("x-slack-retry-reason") });
    response.writeHead(statuses.shift() ?? 200);
    response.end();
  });
  server = app;
  await new Promise<void>((resolve) => void app.listen(0, "127.0.0.1", resolve));
  const address = app.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  slack = await startSlack({ clock, requestUrl: `http://127.0.0.1:${port}/` });
  return heard;
}

describe("deliveries over HTTP", () => {
  it("repeat an event at once, after a minute and after five more, then give up", async () => {
    const clock = fakeClock();
    const heard = await appAnswering([500, 500, 500, 500, 500], clock);
    await slack.people.type(mira, incidents, "hello");
    await vi.waitFor(() => expect(heard).toHaveLength(1));
    for (const [waitMs, attempts] of [
      [0, 2],
      [60_000, 3],
      [300_000, 4],
    ] as const) {
      await vi.waitFor(() => {
        clock.advance(waitMs);
        expect(heard).toHaveLength(attempts);
      });
    }
    await vi.waitFor(() => expect(slack.pendingDeliveries()).toBe(0));
    expect(heard.map(({ retry }) => retry)).toEqual([undefined, "1", "2", "3"]);
    expect(heard[1]?.reason).toBe("http_error");
  });

  it("never repeat a command; the user sees that it failed", async () => {
    const heard = await appAnswering([500], fakeClock());
    const result = await slack.people.type(mira, incidents, "/gofire status");
    expect(result).toEqual({ isAcked: false, reason: "http_error", wantsNoRetry: false });
    expect(heard).toHaveLength(1);
    expect(slack.workspace.channels.get(incidents)?.messages.at(-1)).toMatchObject({
      onlyFor: mira,
      text: expect.stringContaining("failed with the error"),
    });
  });
});

describe("Socket Mode", () => {
  it("hands out new sockets when one is asked to go, and delivers on", async () => {
    slack = await startSlack();
    const app = socketApp(slack);
    let heard = 0;
    app.command("/gofire", async ({ ack }) => {
      heard += 1;
      await ack("Noted");
    });
    await app.start();
    expect(slack.sockets.open).toBe(1);
    slack.sockets.refresh("oldest");
    // The real client leaves a gap of about five seconds here (its ping timeout) before it comes back.
    await vi.waitFor(
      () =>
        expect(slack.traffic.exchanges.filter(({ name }) => name === "apps.connections.open")).toHaveLength(
          2,
        ),
      15_000,
    );
    await vi.waitFor(
      async () =>
        expect(await slack.people.type(mira, incidents, "/gofire status")).toMatchObject({ isAcked: true }),
      15_000,
    );
    expect(heard).toBe(1);
    await app.stop();
  });
});

describe("response_url", () => {
  it("works five times within half an hour", async () => {
    const clock = fakeClock();
    slack = await startSlack({ clock });
    const url = newResponseUrl(slack.workspace, { channel: incidents, userId: mira });
    const use = async () =>
      (
        await fetch(url, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: '{"text":"x"}',
        })
      ).status;
    for (let time = 0; time < 5; time += 1) expect(await use()).toBe(200);
    expect(await use()).toBe(404);
    const other = newResponseUrl(slack.workspace, { channel: incidents, userId: mira });
    clock.advance(30 * 60_000 + 1);
    expect((await fetch(other, { method: "POST" })).status).toBe(404);
  });
});
