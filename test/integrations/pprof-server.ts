import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { Server } from "node:net";
import type { Script } from "../fakes/go-target.ts";

/** Plays a script over HTTP, as net/http/pprof lays out its paths. */
export function scriptedListener(script: Script, asked: string[]): RequestListener {
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const question = await questionOf(request);
    const before = asked.filter((earlier) => earlier === question).length;
    asked.push(question);
    await play(script(question, before), response);
  }
  return (request, response) => void answer(request, response);
}

async function play(
  { status = 200, headers = {}, chunks = [], ending = "end", mute }: ReturnType<Script>,
  response: ServerResponse,
): Promise<void> {
  if (mute === true) return;
  response.writeHead(status, headers);
  response.flushHeaders();
  for await (const chunk of chunks) {
    if (response.destroyed) return;
    if (!response.write(chunk)) await Promise.race([once(response, "drain"), once(response, "close")]);
  }
  if (ending === "end") response.end();
  // A moment later, so that what was written arrives before the connection breaks.
  if (ending === "reset") setTimeout(() => response.socket?.resetAndDestroy(), 50);
}

/** As the fake calls it; where rates are lent only what lab/profilerates takes is called so. */
async function questionOf(request: IncomingMessage): Promise<string> {
  const url = new URL(request.url ?? "/", "http://localhost");
  const { method, headers } = request;
  if (url.pathname === "/debug/gofire/profile-rates") {
    if (method === "DELETE") return `rates giveBack ${url.searchParams.get("id")}`;
    if (method === "GET") return "rates look";
    if (method !== "POST" || headers["content-type"] !== "application/json") return `${method} rates`;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return `rates take ${Buffer.concat(chunks).toString()}`;
  }
  if (method !== "GET") return `${method} ${url.pathname}`;
  const path = url.pathname.replace(/^\/debug\/pprof\//, "");
  if (path === "") return "index";
  if (path === "/metrics") return "metrics";
  if (path === "/debug/vars") return "expvar";
  return path.replace(/^profile$/, "cpu") + url.search;
}

/** Listens on a free loopback port, or on a socket. */
export async function listening<S extends Server>(server: S, socketPath?: string): Promise<S> {
  if (socketPath === undefined) server.listen(0, "127.0.0.1");
  else server.listen(socketPath);
  await once(server, "listening");
  return server;
}

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server listens on no port");
  return address.port;
}

export async function httpServer(listener: RequestListener): Promise<ReturnType<typeof createServer>> {
  return await listening(createServer(listener));
}

export async function closed(server: ReturnType<typeof createServer>): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
