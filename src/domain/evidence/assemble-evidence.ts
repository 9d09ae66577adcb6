import type { Frame } from "../code/frame.ts";
import { ownCode } from "../code/own-code.ts";
import type { ConfigHistoryFacts } from "../configuration/config-change.ts";
import type { ServiceContext } from "../context/service-context.ts";
import type { GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { goroutineEvidence, withTotalFrom } from "../goroutines/goroutine-evidence.ts";
import { withProvenAges } from "../goroutines/wait-ages.ts";
import type { MemStats } from "../memory/memstats.ts";
import { type MetricsScrape, metricValue } from "../metrics/metrics.ts";
import { present } from "../present.ts";
import type { BlockLease } from "../profiles/block-lease.ts";
import { type BlockWindow, blockWindow } from "../profiles/block-window.ts";
import type { Profile } from "../profiles/profile.ts";
import type { ParsedArtifact } from "./artifact.ts";
import { ofDistinctMoments } from "./distinct-moments.ts";
import type { Evidence, NonEmpty, TargetFacts, ThreadCount } from "./evidence.ts";
import { ofOneProgram } from "./one-program.ts";
import { offeredCount } from "./pprof-index.ts";
import { ofOneLife } from "./process-life.ts";
import { capturesOf, inTimeOrder, type ReadCapture, type Timed, timed } from "./read-capture.ts";
import { sortedProfiles } from "./sorted-profiles.ts";
import { toldGoVersion } from "./told-go-version.ts";

export interface AssemblySettings {
  /** Import paths that count as the service's own code besides what is recognised by itself. */
  readonly modules?: readonly string[];
  readonly service?: string;
  readonly instance?: string;
  /** As the manifest has it, e.g. "go1.23.5". */
  readonly goVersion?: string;
  /** Rates of the block profile that manifests say were lent. */
  readonly blockLeases?: readonly BlockLease[];
}

export interface AssembledEvidence {
  readonly evidence: Partial<Evidence>;
  readonly target: TargetFacts;
  /** Captures of a run of the process that is over, and profiles that the rules cannot judge. */
  readonly leftOut: readonly { readonly file: string; readonly reason: string }[];
  /** What could not be used, or only under an assumption; one sentence each, beginning with the file. */
  readonly notes: readonly string[];
}

/**
 * Sorts captures into what analyzers ask for. Order of `given`: as given or captured; it stands in for time where a
 * capture has none.
 */
export function assembleEvidence(
  given: readonly ReadCapture[],
  settings: AssemblySettings = {},
): AssembledEvidence {
  const program = ofOneProgram(given.flatMap(capturesOf));
  const distinct = ofDistinctMoments(program.captures);
  const { captures, earlier, sign } = ofOneLife(distinct.captures);
  const leftOut = [
    ...distinct.copies,
    ...earlier.map(({ file }) => ({
      file,
      reason: `left out, the process restarted meanwhile (${sign}) and this may be of its earlier run`,
    })),
  ];
  const { profiles, notJudged, notes: ofProfiles } = sortedProfiles(captures);
  const notes = [...program.notes, ...leftOut.map(({ file, reason }) => `${file}: ${reason}`), ...ofProfiles];
  const scrapes = scrapesOf(captures);
  const memstats = memstatsOf(captures);
  const snapshots = snapshotsOf(captures, scrapes, memstats);
  const seen = snapshots.filter(({ leaked }) => !leaked).map(({ snapshot }) => snapshot);
  const crashed = lastCrashed(captures);
  const leak = snapshots.findLast(({ leaked }) => leaked)?.snapshot;
  const evidence: Partial<Evidence> = present({
    goroutines: goroutineEvidence(seen),
    dump: crashed?.snapshot ?? lastDump(seen),
    goroutineLeak: leak,
    heap: nonEmpty(profiles.heap),
    cpu: profiles.cpu.at(-1),
    mutex: nonEmpty(profiles.mutex),
    block: nonEmpty(profiles.block),
    blockWindow: leasedWindow(profiles.block, captures, settings.blockLeases),
    threadCount: threadCount(captures, scrapes),
    memstats: nonEmpty(memstats),
    metrics: nonEmpty(scrapes),
    crash: crashed?.crash,
    context: lastContext(captures),
    config: lastConfig(captures),
  });
  const { service, instance } = settings;
  const frames = () => framesOf(evidence);
  const goVersion = toldGoVersion(settings.goVersion, scrapes, frames());
  const target: TargetFacts = {
    ...present({ service, instance, goVersion }),
    own: ownCode(frames(), settings.modules),
  };
  return { evidence, target, leftOut: [...leftOut, ...notJudged], notes };
}

/** The window of the last block profiles, and the lease under which they were taken. */
function leasedWindow(
  profiles: readonly Profile[],
  captures: readonly ReadCapture[],
  leases: readonly BlockLease[] = [],
): BlockWindow | undefined {
  const window = blockWindow(profiles);
  if (window === undefined) return undefined;
  const takenAtMs = captures.findLast(({ file }) => file === window.after.artifact)?.takenAtMs ?? Number.NaN;
  const lease = leases.find(
    ({ fromMs, expiresAtMs, end }) => takenAtMs >= fromMs && takenAtMs <= (end?.atMs ?? expiresAtMs),
  );
  return { ...window, ...(lease === undefined ? {} : { lease }) };
}

function scrapesOf(captures: readonly ReadCapture[]): readonly MetricsScrape[] {
  return inTimeOrder(
    captures.flatMap((capture) => {
      const { artifact } = capture;
      return artifact.type === "metrics" ? [timed(capture, artifact.scrape, artifact.scrape.takenAtMs)] : [];
    }),
  );
}

function memstatsOf(captures: readonly ReadCapture[]): readonly MemStats[] {
  return inTimeOrder(
    captures.flatMap((capture) => {
      const { artifact } = capture;
      return artifact.type === "memstats"
        ? [timed(capture, artifact.memstats, artifact.memstats.takenAtMs)]
        : [];
    }),
  );
}

interface SeenSnapshot {
  readonly snapshot: GoroutineSnapshot;
  readonly leaked: boolean;
}

/**
 * Oldest first; an incomplete dump gets the number of goroutines that other captures of the process tell, and a dump keeps
 * the ages that they bear out.
 */
function snapshotsOf(
  captures: readonly ReadCapture[],
  scrapes: readonly MetricsScrape[],
  memstats: readonly MemStats[],
): SeenSnapshot[] {
  const found = captures.flatMap((capture): Timed<SeenSnapshot>[] => {
    const { artifact, takenAtMs } = capture;
    if (artifact.type !== "goroutines") return [];
    const { leaked } = artifact;
    const snapshot = takenAtMs === undefined ? artifact.snapshot : { ...artifact.snapshot, takenAtMs };
    return [timed(capture, { snapshot, leaked }, snapshot.takenAtMs)];
  });
  const counts = [
    ...captures.flatMap(({ artifact, takenAtMs }) => {
      const count = artifact.type === "index" ? offeredCount(artifact.index, "goroutine") : undefined;
      return count === undefined ? [] : [{ count, takenAtMs }];
    }),
    ...found
      .filter(({ value }) => !value.leaked && value.snapshot.incomplete === undefined)
      .map(({ value: { snapshot } }) => ({ count: snapshot.total, takenAtMs: snapshot.takenAtMs })),
    ...scrapes.flatMap((scrape) => {
      const count = metricValue(scrape, "go_goroutines");
      return count === undefined ? [] : [{ count, takenAtMs: scrape.takenAtMs }];
    }),
  ];
  return inTimeOrder(found).map(({ snapshot, leaked }) => ({
    snapshot: leaked ? snapshot : withProvenAges(withTotalFrom(snapshot, counts), memstats),
    leaked,
  }));
}

/** The last whole one, or what there is of the last. */
function lastDump(snapshots: readonly GoroutineSnapshot[]): GoroutineSnapshot | undefined {
  const dumps = snapshots.filter(({ form }) => form === "dump");
  return dumps.findLast(({ incomplete }) => incomplete === undefined) ?? dumps.at(-1);
}

type Goroutines = Extract<ParsedArtifact, { type: "goroutines" }>;

/** The last words of a process, and the goroutines behind them: the process died of what these show. */
function lastCrashed(captures: readonly ReadCapture[]): Goroutines | undefined {
  const goroutines = captures.flatMap(({ artifact }) => (artifact.type === "goroutines" ? [artifact] : []));
  return goroutines.findLast(({ crash }) => crash !== undefined);
}

function lastContext(captures: readonly ReadCapture[]): ServiceContext | undefined {
  const last = captures.findLast(({ artifact }) => artifact.type === "context")?.artifact;
  return last?.type === "context" ? last.context : undefined;
}

function lastConfig(captures: readonly ReadCapture[]): ConfigHistoryFacts | undefined {
  const last = captures.findLast(({ artifact }) => artifact.type === "config")?.artifact;
  return last?.type === "config" ? last.config : undefined;
}

/** Threads ever created: what the threadcreate profile, the index page and `go_threads` all count. */
function threadCount(
  captures: readonly ReadCapture[],
  scrapes: readonly MetricsScrape[],
): ThreadCount | undefined {
  const profile = captures.findLast(({ artifact }) => artifact.type === "threads");
  if (profile?.artifact.type === "threads") {
    return { threads: profile.artifact.threads, artifact: profile.file };
  }
  const index = captures.findLast(({ artifact }) => artifact.type === "index");
  const offered =
    index?.artifact.type === "index" ? offeredCount(index.artifact.index, "threadcreate") : undefined;
  if (index !== undefined && offered !== undefined) return { threads: offered, artifact: index.file };
  const scrape = scrapes.at(-1);
  const threads = scrape === undefined ? undefined : metricValue(scrape, "go_threads");
  return scrape === undefined || threads === undefined ? undefined : { threads, artifact: scrape.artifact };
}

/** All frames there are; enough of them are looked at to tell own code. */
function* framesOf(evidence: Partial<Evidence>): Generator<Frame> {
  const { goroutines, dump, goroutineLeak, heap = [], mutex = [], block = [], cpu } = evidence;
  const snapshots = [goroutines?.best, dump, goroutineLeak];
  for (const snapshot of snapshots) for (const group of snapshot?.groups ?? []) yield* group.stack;
  for (const profile of [cpu, ...heap, ...mutex, ...block]) yield* profile?.frames ?? [];
}

function nonEmpty<T>(list: readonly T[]): NonEmpty<T> | undefined {
  const [first, ...rest] = list;
  return first === undefined ? undefined : [first, ...rest];
}
