import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer, type TlsOptions } from "node:tls";
import { onTestFinished } from "vitest";
import { portOf } from "./pprof-server.ts";

/** Texts of test/integrations/certificates/chain, one after the other. */
export function chainPem(...names: readonly string[]): string {
  return names.map((name) => readFileSync(chainFile(name), "utf8")).join("");
}

export function chainFile(name: string): string {
  return new URL(`certificates/chain/${name}.pem`, import.meta.url).pathname;
}

/** The port of a TLS server on 127.0.0.1 (or `host`) with these certificates: the first is its own. */
export async function tlsServer(
  names: readonly string[],
  options: TlsOptions = {},
  at: { readonly port?: number; readonly host?: string } = {},
): Promise<number> {
  const server = createServer({
    cert: chainPem(...names),
    key: chainPem(`${names[0] ?? ""}.key`),
    ...options,
  });
  server.on("tlsClientError", () => {});
  server.on("secureConnection", (socket) => socket.on("error", () => {}));
  return await served(server, at);
}

/** The port of a server that does this with each connection. */
export async function tcpServer(
  talk: (socket: Socket) => void,
  at: { readonly port?: number; readonly host?: string } = {},
): Promise<number> {
  return await served(
    createTcpServer((socket) => {
      socket.on("error", () => {});
      talk(socket);
    }),
    at,
  );
}

async function served(
  server: Server,
  { port = 0, host = "127.0.0.1" }: { readonly port?: number; readonly host?: string },
): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(port, host);
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return portOf(server);
}
