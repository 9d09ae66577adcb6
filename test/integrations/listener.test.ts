import { connect, Server } from "node:net";
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

test("an answer that fails, however it does, costs one request and not the process", async () => {
  const troubles: string[] = [];
  const listener = await openListener(
    { host: "127.0.0.1", port: 0 },
    {
      "/throws": () => {
        throw new Error("at once");
      },
      "/rejects": () => Promise.reject(new Error("later")),
      "/breaks": (_request, response) => {
        response.writeHead(200, { "content-length": "10" }).write("half");
        throw new Error("half-way");
      },
      "/healthz": (_request, response) => void response.end("ok"),
    },
    undefined,
    { onTrouble: (line) => troubles.push(line) },
  );
  for (const path of ["/throws", "/rejects"]) expect((await fetch(listener.url + path)).status).toBe(500);
  await expect(fetch(`${listener.url}/breaks`).then((answer) => answer.text())).rejects.toThrow();
  expect(await (await fetch(`${listener.url}/healthz`)).text()).toBe("ok");
  expect(troubles.map((line) => line.split(": ")[1])).toEqual(["at once", "later", "half-way"]);
  await listener.close();
});

test("who sends a request byte by byte keeps a connection no longer than a whole request may take", async () => {
  const listener = await openListener({ host: "127.0.0.1", port: 0 }, {}, undefined, { patienceMs: 200 });
  const socket = connect(Number(new URL(listener.url).port), "127.0.0.1");
  socket.write("POST /webhooks/alertmanager HTTP/1.1\r\nhost: gofire\r\n");
  let drops = 0;
  const dripping = setInterval(() => {
    drops++;
    socket.write("x: y\r\n");
  }, 20);
  socket.on("error", () => {}); // it writes on until it notices
  let said = "";
  socket.setEncoding("utf8").on("data", (text: string) => (said += text));
  // Not `once`: it takes the reset that answers a late drop for a failure of the test.
  await new Promise((resolve) => socket.on("close", resolve));
  clearInterval(dripping);
  // Some ten; it would be 1,500 if Node looked as seldom as it does by itself. Busy machines drip slower, too.
  expect(drops).toBeLessThan(500);
  expect(said).toMatch(/^HTTP\/1\.1 408 /);
  await listener.close();
});
