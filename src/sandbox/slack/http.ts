import type { IncomingMessage, ServerResponse } from "node:http";
import { type Fields, fieldsOf, parseJson } from "./fields.ts";

const maxBodyBytes = 64 * 1024 * 1024;

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > maxBodyBytes) throw new Error("The body is too large.");
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}

/** The fields of a JSON or form body; forms have texts only. */
export function fieldsOfBody(contentType: string, body: Buffer): Fields {
  if (contentType.startsWith("application/json")) return fieldsOf(parseJson(body.toString()));
  return Object.fromEntries(new URLSearchParams(body.toString()));
}

/** The file in a multipart body, or the whole body when it is none. */
export async function fileOfBody(contentType: string, body: Buffer): Promise<Buffer> {
  if (!contentType.startsWith("multipart/form-data")) return body;
  const form = await new Response(new Uint8Array(body), {
    headers: { "content-type": contentType },
  }).formData();
  for (const part of form.values())
    if (typeof part !== "string") return Buffer.from(await part.arrayBuffer());
  return Buffer.alloc(0);
}

export function answerJson(
  response: ServerResponse,
  status: number,
  fields: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(JSON.stringify(fields));
}

export function answerText(
  response: ServerResponse,
  status: number,
  text: string,
  contentType = "text/plain; charset=utf-8",
): void {
  response.writeHead(status, { "content-type": contentType });
  response.end(text);
}
