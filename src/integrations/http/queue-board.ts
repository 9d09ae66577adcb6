import { readdir, readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import type { Queue } from "bullmq";
import { PortError, reasonOf } from "../../domain/errors.ts";
import { boardRoutes } from "./board-routes.ts";
import type { Answer } from "./listener.ts";
import { forOperators, type OperatorAccess } from "./operator-access.ts";

/** Where the board is mounted; its pages know this. */
export const boardPath = "/queues/";
const largestBodyBytes = 64 << 10;

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
};

/**
 * Bull Board over these queues, below `boardPath`, for operators only. Throws UsageError for a password that could be
 * guessed, PortError `not-found` when its page is not installed.
 */
export async function queueBoard(queues: readonly Queue[], access: OperatorAccess): Promise<Answer> {
  const ui = uiFolder();
  const routes = boardRoutes();
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: !access.mayChange })),
    serverAdapter: routes.adapter,
    options: { uiBasePath: ui, uiConfig: { boardTitle: "gofire", hideDocsLink: true } },
  });
  const [page, files] = await Promise.all([
    readFile(join(ui, "dist/index.ejs"), "utf8"),
    filesBelow(join(ui, "dist/static")),
  ]);

  return forOperators(access, async (request, response) => {
    try {
      await answer(request, response);
    } catch (error) {
      const message = reasonOf(error);
      if (!response.headersSent) sendJson(response, 500, { message });
    }
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://board");
    const path = url.pathname.slice(boardPath.length - 1);
    const file = path.startsWith("/static/") ? files.get(path.slice("/static/".length)) : undefined;
    if (file !== undefined) {
      request.resume();
      response.setHeader("content-type", contentTypes[extname(file)] ?? "application/octet-stream");
      response.end(await readFile(file));
      return;
    }
    const method = request.method === "HEAD" ? "get" : (request.method ?? "get").toLowerCase();
    if (method === "get" && routes.isPage(path)) {
      request.resume();
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(filledIn(page, routes.pageWords(boardPath)));
      return;
    }
    const reply = await routes.reply(method, path, {
      query: Object.fromEntries(url.searchParams),
      body: await jsonBody(request),
      headers: withoutLists(request),
    });
    if (reply === undefined) sendJson(response, 404, { message: "There is nothing here." });
    else sendJson(response, reply.status, reply.body);
  }
}

/** Its page is files, which are read where the package is installed. */
function uiFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve("@bull-board/ui/package.json"));
  } catch (error) {
    throw new PortError(
      "not-found",
      "@bull-board/ui",
      "The page of the queue board is not installed: npm ci",
      {
        cause: error,
      },
    );
  }
}

/** Path below `folder` -> file. Only these are served: a path from outside is never joined with anything. */
async function filesBelow(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [file.slice(folder.length + 1), file]));
}

/** The board's page is a template of `<%= name %>` (escaped) and `<%- name %>` (as it is) and nothing else. */
function filledIn(template: string, words: Readonly<Record<string, string>>): string {
  return (
    template
      // Nothing is fetched from elsewhere: the system's own fonts do.
      .replace(/<link href="https:[^>]*>/g, "")
      .replace(/<%([=-]) (\w+) %>/g, (_match, kind: string, name: string) =>
        kind === "-" ? (words[name] ?? "") : escaped(words[name] ?? ""),
      )
  );
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

async function jsonBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Not an object stream: its chunks are bytes.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > largestBodyBytes) throw new Error("the request is too large");
    chunks.push(chunk);
  }
  if (bytes === 0) return {};
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
  return typeof body === "object" && body !== null ? { ...body } : {};
}

function withoutLists({ headers }: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(status === 204 ? undefined : JSON.stringify(body));
}
