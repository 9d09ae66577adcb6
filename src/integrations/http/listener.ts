import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { PortError, reasonOf } from "../../domain/errors.ts";
import { type SecureListening, secureServer } from "./secure-server.ts";

/** Answers every request it is given. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface Listener {
  /** `http://HOST:PORT`, or https. */
  readonly url: string;
  /** Cuts what is still open. */
  close(): Promise<void>;
}

/** A request that takes longer to arrive is somebody who holds connections open. */
const usualPatienceMs = 10_000;

interface ListenerSettings {
  /** How long a request may take to arrive, give or take a quarter of it. */
  readonly patienceMs?: number;
  /** Hears of answers that fail, which is our mistake: the request gets a 500, and all others go on. */
  readonly onTrouble?: (message: string) => void;
}

/**
 * Listens, and answers by path: each route has its own path and, when that ends in "/", everything below it. Other
 * paths are 404. Over TLS with `secure`. Throws PortError `unavailable` when the address cannot be listened on, UsageError
 * for TLS files that cannot be used.
 */
export async function openListener(
  listen: { readonly host: string; readonly port: number },
  routes: Readonly<Record<string, Answer>>,
  secure?: SecureListening,
  { patienceMs = usualPatienceMs, onTrouble = () => {} }: ListenerSettings = {},
): Promise<Listener> {
  // Node looks only every 30 s by itself, and until then whoever sends a byte now and then keeps a connection.
  const options = { requestTimeout: patienceMs, connectionsCheckingInterval: patienceMs / 4 };
  const secured = secure === undefined ? undefined : await secureServer(secure, options, respond);
  const server = secured?.server ?? createServer(options, respond);

  const exact = new Map(Object.entries(routes));
  const below = [...exact].filter(([known]) => known.endsWith("/"));

  function respond(request: IncomingMessage, response: ServerResponse): void {
    const [path = ""] = (request.url ?? "").split("?", 1);
    const answer = exact.get(path) ?? below.find(([known]) => path.startsWith(known))?.[1];
    if (answer !== undefined) {
      void answered(answer, request, response);
      return;
    }
    request.resume();
    response.writeHead(404).end();
  }

  async function answered(answer: Answer, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await answer(request, response);
    } catch (error) {
      onTrouble(`A request could not be answered: ${reasonOf(error)}`);
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { connection: "close" }).end();
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(
        new PortError("unavailable", `${listen.host}:${listen.port}`, deafBecause(error, listen), {
          cause: error,
        }),
      ),
    );
    server.listen(listen.port, listen.host, resolve);
  });
  // A connection that cannot be accepted (too many open files) is lost; the process must not go with it.
  server.on("error", () => {});
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : listen.port;
  const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
  return {
    url: `${secure === undefined ? "http" : "https"}://${host}:${port}`,
    async close() {
      secured?.stop();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Why nobody can be heard at an address, and what to do about it. */
function deafBecause(
  error: NodeJS.ErrnoException,
  { host, port }: { readonly host: string; readonly port: number },
): string {
  const other = "give another one (--listen HOST:PORT, or the listen setting of gofire.yaml that names it)";
  switch (error.code) {
    case "EADDRINUSE":
      return `Another program listens on ${host}:${port} already: end it, or ${other}.`;
    case "EACCES":
      return `This user may not listen on ${host}:${port}, ports below 1024 are the system's as a rule: ${other}.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `This machine has no address ${host} to listen on: ${other}.`;
    default:
      return `Nobody can be heard on ${host}:${port}: ${error.message}`;
  }
}
