import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { Server } from "node:net";
import type { Script } from "../fakes/go-target.ts";

/** Plays a script over HTTP, as net/http/pprof lays out its paths. */
export function scriptedListener(script: Script, asked: string[]): RequestListener {
  return (request, response) => {
    const question = questionOf(request);
    const before = asked.filter((earlier) => earlier === question).length;
    asked.push(question);
    void play(script(question, before), response);
  };
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

function questionOf(request: IncomingMessage): string {
  const url = new URL(request.url ?? "/", "http://localhost");
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
