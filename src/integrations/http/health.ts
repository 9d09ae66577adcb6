import { createServer } from "node:http";
import { PortError } from "../../domain/errors.ts";

export interface HealthServer {
  readonly url: string;
  close(): Promise<void>;
}

const answerWithinMs = 2_000;

/**
 * Answers `GET /healthz`: 200 with what `look` found, 503 when it throws, takes over 2 s, or gofire is stopping. Nothing
 * in it is secret. Throws PortError `unavailable` when the address cannot be listened on.
 */
export async function healthServer(
  listen: { readonly host: string; readonly port: number },
  look: (signal: AbortSignal) => Promise<object>,
): Promise<HealthServer> {
  async function answer(): Promise<{ status: number; content: object }> {
    try {
      return { status: 200, content: { ok: true, ...(await look(AbortSignal.timeout(answerWithinMs))) } };
    } catch (error) {
      return {
        status: 503,
        content: { ok: false, problem: error instanceof Error ? error.message : String(error) },
      };
    }
  }

  const server = createServer((request, response) => {
    request.resume();
    if (request.url !== "/healthz" || (request.method !== "GET" && request.method !== "HEAD")) {
      response.writeHead(404).end();
      return;
    }
    void answer().then(({ status, content }) => {
      response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
      return response.end(`${JSON.stringify(content)}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(
        new PortError("unavailable", `${listen.host}:${listen.port}`, `cannot listen: ${error.message}`, {
          cause: error,
        }),
      ),
    );
    server.listen(listen.port, listen.host, resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : listen.port;
  const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
  return {
    url: `http://${host}:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
