/** By the end of the name. Go's own server calls profiles octet streams (net/http/pprof). */
export function contentTypeOf(name: string): string {
  if (name.endsWith(".gz")) return "application/gzip";
  if (name.endsWith(".json")) return "application/json";
  if (name.endsWith(".md")) return "text/markdown; charset=utf-8";
  if (name.endsWith(".txt") || name.endsWith(".log")) return "text/plain; charset=utf-8";
  if (name.endsWith(".png")) return "image/png";
  if (name.endsWith(".svg")) return "image/svg+xml";
  return "application/octet-stream";
}
