import { spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a server makes of a request; nothing lets git's own program answer it. */
export type GitAnswer = (request: IncomingMessage, response: ServerResponse) => "answered" | undefined;

export interface GitServer {
  /** Ends without a slash. */
  readonly url: string;
  /** `Authorization` of each request, in order; undefined where there was none. */
  readonly authorizations: (string | undefined)[];
  close(): Promise<void>;
}

/** Serves the repositories below a folder over HTTP, with git's own program (git-scm.com/docs/git-http-backend), on loopback. */
export async function gitServer(folder: string, answer: GitAnswer = () => undefined): Promise<GitServer> {
  const authorizations: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization);
    if (answer(request, response) === undefined) serve(folder, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    authorizations,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? "/", "http://git.test");
  const { headers } = request;
  const backend = spawn("git", ["http-backend"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: {
      PATH: process.env["PATH"],
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROTOCOL: String(headers["git-protocol"] ?? ""),
      REQUEST_METHOD: request.method ?? "GET",
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: headers["content-encoding"] ?? "",
    },
  });
  request.pipe(backend.stdin.on("error", () => {}));
  const said: Buffer[] = [];
  backend.stdout.on("data", (chunk: Buffer) => said.push(chunk));
  backend.once("close", () => {
    const output = Buffer.concat(said);
    const end = output.indexOf("\r\n\r\n");
    const named = output
      .toString("latin1", 0, Math.max(0, end))
      .split("\r\n")
      .map((row): [string, string] => [
        row.slice(0, row.indexOf(":")),
        row.slice(row.indexOf(":") + 1).trim(),
      ]);
    const status = named.find(([name]) => name === "Status")?.[1];
    response.writeHead(status === undefined ? 200 : Number.parseInt(status, 10), Object.fromEntries(named));
    response.end(output.subarray(end + 4));
  });
}
