import { pprofIndexParser } from "../parsers/pprof-index/pprof-index-parser.ts";

/** Profile name -> count, as pprof's index page lists them; undefined when the text is something else. */
export function readIndexPage(html: string): ReadonlyMap<string, number> | undefined {
  const parser = pprofIndexParser("index");
  parser.push(new TextEncoder().encode(html));
  const page = parser.end();
  return page.ok ? new Map(page.value.profiles.map(({ name, count }) => [name, count])) : undefined;
}
