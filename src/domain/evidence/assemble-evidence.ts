import type { Frame } from "../code/frame.ts";
import { type GoVersion, parseGoVersion } from "../code/go-version.ts";
import { ownCode } from "../code/own-code.ts";
import { ofOneProgram } from "../code/program.ts";
import { asDumped } from "../code/symbol-names.ts";
import type { ConfigHistoryFacts } from "../configuration/config-change.ts";
import type { ServiceContext } from "../context/service-context.ts";
import type { GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { goroutineEvidence, withTotalFrom } from "../goroutines/goroutine-evidence.ts";
import { type MetricsScrape, metricValue } from "../metrics/metrics.ts";
import type { BlockLease } from "../profiles/block-lease.ts";
import { type BlockWindow, blockWindow } from "../profiles/block-window.ts";
import { profileOfContention } from "../profiles/contention-profile.ts";
import { whyNotJudged, withCpuTime } from "../profiles/foreign-profile.ts";
import type { Profile } from "../profiles/profile.ts";
import { isContentionProfile, type ProfileKind, profileKind } from "../profiles/profile-kind.ts";
import type { ParsedArtifact } from "./artifact.ts";
import type { CaptureKind } from "./capture.ts";
import { kindOfName } from "./capture-kind.ts";
import { ofDistinctMoments } from "./distinct-moments.ts";
import type { Evidence, NonEmpty, TargetFacts, ThreadCount } from "./evidence.ts";
import { offeredCount } from "./pprof-index.ts";
import { ofOneLife } from "./process-life.ts";

/** One capture file as read. */
export interface ReadCapture {
  /** Name as findings show it. */
  readonly file: string;
  readonly artifact: ParsedArtifact;
  /** What the manifest says was asked for. */
  readonly kind?: CaptureKind;
  /** Milliseconds since the epoch, as the manifest says; comparable within one bundle. */
  readonly takenAtMs?: number;
}

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
  const program = ofOneProgram(given.flatMap(inOrderTaken));
  const distinct = ofDistinctMoments(program.captures);
  const { captures, earlier, sign } = ofOneLife(distinct.captures);
  const leftOut = [
    ...distinct.copies,
    ...earlier.map(({ file }) => ({
      file,
      reason: `left out, the process restarted meanwhile (${sign}) and this may be of its earlier run`,
    })),
  ];
  const notes = [...program.notes, ...leftOut.map(({ file, reason }) => `${file}: ${reason}`)];
  const { profiles, notJudged } = sortedProfiles(captures, notes);
  const scrapes = inTimeOrder(
    captures.flatMap((capture) =>
      capture.artifact.type === "metrics"
        ? [timed(capture, capture.artifact.scrape, capture.artifact.scrape.takenAtMs)]
        : [],
    ),
  );
  const memstats = inTimeOrder(
    captures.flatMap((capture) =>
      capture.artifact.type === "memstats"
        ? [timed(capture, capture.artifact.memstats, capture.artifact.memstats.takenAtMs)]
        : [],
    ),
  );
  const snapshots = snapshotsOf(captures, scrapes);
  const seen = snapshots.filter(({ leaked }) => !leaked).map(({ snapshot }) => snapshot);
  const crashed = lastCrashed(captures);
  const dumps = seen.filter(({ form }) => form === "dump");
  const dump =
    crashed?.snapshot ?? dumps.findLast(({ incomplete }) => incomplete === undefined) ?? dumps.at(-1);
  const leak = snapshots.findLast(({ leaked }) => leaked)?.snapshot;
  const evidence: Partial<Evidence> = {
    ...present("goroutines", goroutineEvidence(seen)),
    ...present("dump", dump),
    ...present("goroutineLeak", leak),
    ...present("heap", nonEmpty(profiles.heap)),
    ...present("cpu", profiles.cpu.at(-1)),
    ...present("mutex", nonEmpty(profiles.mutex)),
    ...present("block", nonEmpty(profiles.block)),
    ...present("blockWindow", leasedWindow(profiles.block, captures, settings.blockLeases)),
    ...present("threadCount", threadCount(captures, scrapes)),
    ...present("memstats", nonEmpty(memstats)),
    ...present("metrics", nonEmpty(scrapes)),
    ...present("crash", crashed?.crash),
    ...present("context", lastContext(captures)),
    ...present("config", lastConfig(captures)),
  };
  const frames = () => framesOf(evidence);
  const goVersion = goVersionOf(settings, scrapes, frames());
  const target: TargetFacts = {
    ...present("service", settings.service),
    ...present("instance", settings.instance),
    ...present("goVersion", goVersion),
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

type ProfileLists = Record<"heap" | "cpu" | "mutex" | "block", readonly Profile[]>;

function sortedProfiles(
  captures: readonly ReadCapture[],
  notes: string[],
): { profiles: ProfileLists; notJudged: AssembledEvidence["leftOut"] } {
  const notJudged: { file: string; reason: string }[] = [];
  const lists: Record<ProfileKind, Timed<Profile>[]> = {
    heap: [],
    allocs: [],
    cpu: [],
    mutex: [],
    block: [],
    goroutine: [],
    goroutineleak: [],
    threadcreate: [],
  };
  const texts: Record<"mutex" | "block", Timed<Profile>[]> = { mutex: [], block: [] };
  for (const capture of captures) {
    const { artifact, file } = capture;
    if (artifact.type === "contention") {
      const { contention } = artifact;
      texts[contention.of].push(timed(capture, profileOfContention(contention), contention.takenAtMs));
      if (contention.samplingPeriod === 0) notes.push(`${file}: mutex profiling is off in this process`);
    } else if (artifact.type === "profile") {
      const read = artifact.profile;
      const kind = kindOf(read, capture);
      const reason = kind.notJudged ?? whyNotJudged(read);
      if (reason !== undefined) {
        notJudged.push({ file, reason });
        notes.push(`${file}: ${reason}`);
      } else if (kind.told !== undefined) {
        const profile = { ...withCpuTime(read), frames: read.frames.map(asDumped) };
        lists[kind.told].push(timed(capture, profile, profile.timeMs));
      }
    }
  }
  const profiles = {
    // The same data under another name (Go source: runtime/pprof/pprof.go, writeAlloc).
    heap: wholeProfiles(lists.heap.length > 0 ? lists.heap : lists.allocs, notes),
    cpu: inTimeOrder(lists.cpu),
    mutex: wholeProfiles(lists.mutex.length > 0 ? lists.mutex : texts.mutex, notes),
    block: wholeProfiles(lists.block.length > 0 ? lists.block : texts.block, notes),
  };
  return { profiles, notJudged };
}

/** The content decides; name and manifest only where it cannot: mutex and block profiles look the same. */
function kindOf(
  profile: Profile,
  { file, kind }: ReadCapture,
): { readonly told?: ProfileKind | undefined; readonly notJudged?: string } {
  const told = profileKind(profile);
  if (!isContentionProfile(profile)) {
    if (told !== undefined) return { told };
    const types = profile.sampleTypes.map(({ type, unit }) => `${type}/${unit}`).join(", ");
    return { notJudged: `a profile of ${types} is not judged` };
  }
  if (kind === "mutex" || kind === "block") return { told: kind };
  if (told !== undefined) return { told };
  const named = kindOfName(file);
  if (named === "mutex" || named === "block") return { told: named };
  return profile.sampleCount === 0
    ? {}
    : { notJudged: "cannot be told to be a mutex or a block profile; name the file so" };
}

/** Differences over time (`?seconds=N`) do not compare with whole profiles: whole ones win. */
function wholeProfiles(profiles: readonly Timed<Profile>[], notes: string[]): Profile[] {
  const whole = profiles.filter(({ value }) => value.durationMs === undefined);
  if (whole.length === 0) return inTimeOrder(profiles);
  for (const { value } of profiles) {
    if (value.durationMs !== undefined) {
      notes.push(`${value.artifact}: left out, a difference over time does not compare with whole profiles`);
    }
  }
  return inTimeOrder(whole);
}

interface SeenSnapshot {
  readonly snapshot: GoroutineSnapshot;
  readonly leaked: boolean;
}

/** Oldest first; an incomplete dump gets the number of goroutines that other captures of the process tell. */
function snapshotsOf(captures: readonly ReadCapture[], scrapes: readonly MetricsScrape[]): SeenSnapshot[] {
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
    snapshot: leaked ? snapshot : withTotalFrom(snapshot, counts),
    leaked,
  }));
}

type Goroutines = Extract<ParsedArtifact, { type: "goroutines" }>;

/** The last words of a process, and the goroutines behind them: the process died of what these show. */
function lastCrashed(captures: readonly ReadCapture[]): Goroutines | undefined {
  const goroutines = captures.flatMap(({ artifact }) => (artifact.type === "goroutines" ? [artifact] : []));
  return goroutines.findLast(({ crash }) => crash !== undefined);
}

/** A text with several dumps is as many captures. */
function inOrderTaken(capture: ReadCapture): readonly ReadCapture[] {
  const { artifact } = capture;
  if (artifact.type !== "goroutines" || artifact.earlier === undefined) return [capture];
  const { leaked } = artifact;
  const earlier = artifact.earlier.map((snapshot): ReadCapture => {
    return { ...capture, artifact: { type: "goroutines", snapshot, leaked } };
  });
  return [...earlier, capture];
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

function goVersionOf(
  settings: AssemblySettings,
  scrapes: readonly MetricsScrape[],
  frames: Iterable<Frame>,
): GoVersion | undefined {
  const stated = settings.goVersion === undefined ? undefined : parseGoVersion(settings.goVersion);
  if (stated !== undefined) return stated;
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

/** All frames there are; enough of them are looked at to tell own code. */
function* framesOf(evidence: Partial<Evidence>): Generator<Frame> {
  const { goroutines, dump, goroutineLeak, heap = [], mutex = [], block = [], cpu } = evidence;
  const snapshots = [goroutines?.best, dump, goroutineLeak];
  for (const snapshot of snapshots) for (const group of snapshot?.groups ?? []) yield* group.stack;
  for (const profile of [cpu, ...heap, ...mutex, ...block]) yield* profile?.frames ?? [];
}

interface Timed<T> {
  readonly value: T;
  readonly takenAtMs: number | undefined;
}

/** The manifest's clock wins: it is the same for all captures of a bundle. */
function timed<T>({ takenAtMs }: ReadCapture, value: T, ownTimeMs: number | undefined): Timed<T> {
  return { value, takenAtMs: takenAtMs ?? ownTimeMs };
}

/** Oldest first when every one has a time, else as they came. */
function inTimeOrder<T>(list: readonly Timed<T>[]): T[] {
  const allTimed = list.every(({ takenAtMs }) => takenAtMs !== undefined);
  const ordered = allTimed ? list.toSorted((a, b) => (a.takenAtMs ?? 0) - (b.takenAtMs ?? 0)) : list;
  return ordered.map(({ value }) => value);
}

function nonEmpty<T>(list: readonly T[]): NonEmpty<T> | undefined {
  const [first, ...rest] = list;
  return first === undefined ? undefined : [first, ...rest];
}

function present<Key extends string, T>(key: Key, value: T | undefined): { [K in Key]?: T } {
  // The compiler does not see that a computed key of a literal type is that key.
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]?: T });
}
