import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { askWeb } from "../../src/integrations/web-client/ask.ts";
import { connectTo } from "../../src/integrations/web-client/connection.ts";
import { listening, portOf } from "./pprof-server.ts";

/** More than undici hands on before it pauses (64 KiB), less than a socket takes without being read. */
const body = "x".repeat(200_000);
const limits = { deadlineMs: 20_000, maxBytes: 1 << 20 };
const never = new AbortController().signal;

describe("an answer whose connection closes behind it, and whose reader is late", () => {
  let server: Server | undefined;
  afterEach(() => void server?.close());

  /** Asks, and begins to read only once the other side has closed the connection. */
  async function readLate(
    head: string,
    { proxied = false } = {},
  ): Promise<{ bytes: number; error: unknown }> {
    let gone: Promise<unknown> | undefined;
    server?.close();
    server = await listening(
      createServer((socket: Socket) => {
        gone = once(socket, "close");
        socket.once("data", () => socket.end(`${head}\r\n\r\n${body}`));
      }),
    );
    const origin = `http://127.0.0.1:${portOf(server)}`;
    const connection = proxied
      ? connectTo({ origin: "http://order.test:6060" }, { proxy: { url: origin }, tunnel: false })
      : connectTo({ origin }, { tunnel: false, oneProcess: true });
    let bytes = 0;
    try {
      const answer = await askWeb(connection, { path: "/", headers: {} }, limits, never);
      await gone;
      for await (const chunk of answer.body) bytes += chunk.length;
      return { bytes, error: undefined };
    } catch (error) {
      return { bytes, error };
    } finally {
      await connection.dispatcher.destroy();
    }
  }

  test.each([
    ["of HTTP/1.0", "HTTP/1.0 200 OK"],
    ["of HTTP/1.0 with a length", `HTTP/1.0 200 OK\r\nContent-Length: ${body.length}`],
    ["that says so", `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${body.length}`],
  ])("%s, is whole, and nothing dies of it", async (_which, head) => {
    expect(await readLate(head)).toEqual({ bytes: body.length, error: undefined });
    expect(await readLate(head, { proxied: true })).toEqual({ bytes: body.length, error: undefined });
  });

  test("before it is whole, is told to be broken", async () => {
    const { error } = await readLate(
      `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${body.length + 1}`,
    );
    expect(error).toMatchObject({ name: "PortError", code: "unavailable" });
  });
});
