import { createHmac } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alertWebhook } from "../../src/integrations/http/alert-webhook.ts";
import { openListener } from "../../src/integrations/http/listener.ts";
import { until } from "../jobs/bot.ts";

const hmac = { secret: "only-in-this-test", header: "x-signature" };
const forged = "0".repeat(64);
const mib = 1 << 20;

let listener: Awaited<ReturnType<typeof openListener>>;
let taken = 0;

function take() {
  taken += 1;
  return Promise.resolve({ kind: "taken" } as const);
}

beforeAll(async () => {
  listener = await openListener(
    { host: "127.0.0.1", port: 0 },
    { "/alerts": alertWebhook({ bearer: "token", hmac }, take, Date.now) },
  );
});
afterAll(() => listener.close());

async function post(body: string, headers: Record<string, string>): Promise<number> {
  return (await fetch(`${listener.url}/alerts`, { method: "POST", body, headers })).status;
}

function signed(body: string): Record<string, string> {
  return { [hmac.header]: createHmac("sha256", hmac.secret).update(body).digest("hex") };
}

/** Sends all but the last byte of a body of 7 MiB with a signature that might be one; says what was answered. */
async function holdOn(): Promise<{ readonly socket: Socket; answered: string }> {
  const socket = connect(Number(new URL(listener.url).port), "127.0.0.1");
  socket.on("error", () => {});
  const stranger = { socket, answered: "" };
  socket.on("data", (bytes) => (stranger.answered += bytes.toString()));
  await once(socket, "connect");
  socket.write(
    `POST /alerts HTTP/1.1\r\nhost: x\r\n${hmac.header}: ${forged}\r\ncontent-length: ${7 * mib}\r\n\r\n`,
  );
  socket.write(Buffer.alloc(7 * mib - 1));
  return stranger;
}

test("what strangers have it hold is bounded; who proves at once is served, and all others once they are gone", async () => {
  const strangers = await Promise.all(Array.from({ length: 6 }, holdOn));
  const refused = () => strangers.filter(({ answered }) => answered.startsWith("HTTP/1.1 503"));
  await until(() => (refused().length > 0 ? true : undefined), "somebody is refused");
  expect(await post("{}", { authorization: "Bearer token" })).toBe(200);
  for (const { socket } of strangers) socket.destroy();
  const full = "x".repeat(7 * mib);
  await until(async () => ((await post(full, signed(full))) === 200 ? true : undefined), "room again");
  for (let round = 0; round < 8; round++) expect(await post(full, signed(full))).toBe(200);
  expect(taken).toBe(10);
});

test("a body is not read for a signature that cannot be one", async () => {
  const socket = connect(Number(new URL(listener.url).port), "127.0.0.1");
  await once(socket, "connect");
  socket.write(
    `POST /alerts HTTP/1.1\r\nhost: x\r\n${hmac.header}: sha256=abc\r\ncontent-length: 100\r\n\r\n`,
  );
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 401 /);
  socket.destroy();
});
