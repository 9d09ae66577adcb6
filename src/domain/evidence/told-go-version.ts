import type { Frame } from "../code/frame.ts";
import { type GoVersion, parseGoVersion } from "../code/go-version.ts";
import type { MetricsScrape } from "../metrics/metrics.ts";

/** The Go that the process was built with: what was stated of it, else what its own metrics say, else its runtime's folder. */
export function toldGoVersion(
  stated: string | undefined,
  scrapes: readonly MetricsScrape[],
  frames: Iterable<Frame>,
): GoVersion | undefined {
  const known = stated === undefined ? undefined : parseGoVersion(stated);
  if (known !== undefined) return known;
  for (const scrape of scrapes.toReversed()) {
    const version = scrape.samples.get("go_info")?.[0]?.labels["version"];
    const parsed = version === undefined ? undefined : parseGoVersion(version);
    if (parsed !== undefined) return parsed;
  }
  for (const { function: symbol, file } of frames) {
    if (!symbol.startsWith("runtime.")) continue;
    const at = file.lastIndexOf("/src/runtime/");
    if (at === -1) continue;
    return goVersionOfRoot(file.slice(0, at));
  }
  return undefined;
}

/** GOROOT often carries the version: `~/sdk/go1.22.4`, `.../toolchain@v0.0.1-go1.25.1.linux-amd64`, `/opt/go/1.23.5`. */
function goVersionOfRoot(goroot: string): GoVersion | undefined {
  const version = /(?:^|[^a-z])go[-/@]?(\d+\.\d+(?:\.\d+)?)/i.exec(goroot)?.[1];
  return version === undefined ? undefined : parseGoVersion(`go${version}`);
}
