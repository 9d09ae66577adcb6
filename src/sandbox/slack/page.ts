import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { answerText } from "./http.ts";

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

/** Serves the page's own files: `/`, `/page/<file>`. */
export async function servePage(room: string, name: string, response: ServerResponse): Promise<void> {
  const file = room === "" || room === "archives" ? "index.html" : name;
  const folder = pageFolder();
  if (
    !["", "archives", "page"].includes(room) ||
    !/^[a-z-]+\.(html|css|js)$/.test(file) ||
    folder === undefined
  )
    return answerText(response, 404, "Nothing here.");
  const path = join(folder, file);
  if (!existsSync(path)) return answerText(response, 404, "Nothing here.");
  response.setHeader(
    "content-security-policy",
    "default-src 'self'; img-src 'self' https: data:; base-uri 'none'",
  );
  response.setHeader("cache-control", "no-store");
  answerText(
    response,
    200,
    await readFile(path, "utf8"),
    types[file.split(".").at(-1) ?? ""] ?? "text/plain",
  );
}

/** page/ beside this file, or in the checkout's src/ when this runs from a bundle. */
function pageFolder(): string | undefined {
  const here = dirname(fileURLToPath(import.meta.url));
  if (existsSync(join(here, "page/index.html"))) return join(here, "page");
  for (let folder = here; folder !== dirname(folder); folder = dirname(folder)) {
    const page = join(folder, "src/sandbox/slack/page");
    if (existsSync(page)) return page;
  }
  return undefined;
}
