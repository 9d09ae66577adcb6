import { Server } from "node:net";
import { expect, test, vi } from "vitest";
import { openListener } from "../../src/integrations/http/listener.ts";

test("connections that cannot be accepted end neither the listener nor the process", async () => {
  const listen = vi.spyOn(Server.prototype, "listen");
  const listener = await openListener(
    { host: "127.0.0.1", port: 0 },
    { "/healthz": (_request, response) => void response.end("ok") },
  );
  const [server] = listen.mock.contexts;
  listen.mockRestore();
  if (!(server instanceof Server)) throw new Error("no server listens");
  // What node:net emits when accept(2) fails, as with too many open files.
  for (let round = 0; round < 3; round++) server.emit("error", new Error("accept EMFILE"));
  expect(await (await fetch(`${listener.url}/healthz`)).text()).toBe("ok");
  await listener.close();
});

test("an address that cannot be listened on is told in words, with what to do", async () => {
  const listener = await openListener({ host: "127.0.0.1", port: 0 }, {});
  const port = Number(new URL(listener.url).port);
  await expect(openListener({ host: "127.0.0.1", port }, {})).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(
      /^Another program listens on 127\.0\.0\.1:\d+ already: .*--listen HOST:PORT/,
    ),
  });
  await listener.close();
  // TEST-NET-1, which no machine has (https://www.rfc-editor.org/rfc/rfc5737).
  await expect(openListener({ host: "192.0.2.1", port: 0 }, {})).rejects.toMatchObject({
    message: expect.stringMatching(/^This machine has no address 192\.0\.2\.1/),
  });
});
