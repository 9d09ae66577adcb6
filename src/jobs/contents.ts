/** Text as a source for the store. */
export async function* utf8(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode(text));
}

/** By the last part of the name. Go's own server calls profiles octet streams (net/http/pprof). */
export function contentTypeOf(file: string): string {
  if (file.endsWith(".gz")) return "application/gzip";
  if (file.endsWith(".json")) return "application/json";
  if (file.endsWith(".md")) return "text/markdown; charset=utf-8";
  if (file.endsWith(".txt") || file.endsWith(".log")) return "text/plain; charset=utf-8";
  if (file.endsWith(".png")) return "image/png";
  if (file.endsWith(".svg")) return "image/svg+xml";
  return "application/octet-stream";
}
