/** Rows of pprof's index page: profile name -> count. Quotes around the link vary by Go version. */
const row = /<tr><td>(\d+)<\/?td><a href=['"]?([\w.-]+)\?debug=\d+['"]?>/g;

/** undefined when the page is not pprof's index (Go source: net/http/pprof/pprof.go, indexTmplExecute). */
export function readIndexPage(html: string): ReadonlyMap<string, number> | undefined {
  const counts = new Map<string, number>();
  for (const match of html.replaceAll("</td><td>", "</td>").matchAll(row)) {
    counts.set(match[2] ?? "", Number(match[1]));
  }
  return counts.size === 0 ? undefined : counts;
}
