import type { Frame } from "../code/frame.ts";
import { type Profile, sampleIndexOf } from "./profile.ts";
import { whyNoCapture } from "./put-together.ts";

/**
 * Why the rules cannot judge a profile whatever its sample types say, as the end of a sentence about it. Undefined when
 * it can be what a Go program wrote of itself.
 */
export function whyNotJudged(profile: Profile): string | undefined {
  return whyForeign(profile) ?? whyNoCapture(profile);
}

/**
 * Producers for other languages use Go's names for sample types (async-profiler, pprof-rs, @datadog/pprof, gperftools
 * all write `cpu`), and some leave the naming of addresses to the reader.
 */
function whyForeign({ frames, sampleTypes }: Profile): string | undefined {
  if (frames.length === 0) return undefined;
  if (frames.every(isUnnamed)) {
    return "holds addresses without names and is not judged: go tool pprof -proto BINARY FILE > named.pb.gz names them where the program is at hand";
  }
  // Nothing but a Go program has these.
  if (sampleTypes.some(({ type }) => type === "goroutine" || type === "goroutineleak")) return undefined;
  if (frames.some(isGo)) return undefined;
  const names = frames.filter((frame) => !isUnnamed(frame)).map((frame) => frame.function);
  return `is of a program in another language, by its functions (${names.slice(0, 2).join(", ")}), and is not judged: go tool pprof -top FILE shows it`;
}

/** `[mysqld]`, `<unknown>`: what pprof prints for an address without a function (google/pprof internal/graph). */
function isUnnamed({ function: symbol }: Frame): boolean {
  return symbol === "" || symbol.startsWith("[") || symbol === "<unknown>";
}

/**
 * Methods with a pointer receiver, functions of package runtime, and packages whose names no other language spells so;
 * exports often leave files out.
 */
const goSymbol =
  /\.\(\*[A-Za-z_]\w*(?:\[.*\])?\)\.|^runtime\.[a-z]\w*(?:\.func\d+)?$|^main\.(?:main|init)$|^(?:net\/http|encoding\/[a-z]+|internal\/[a-z/]+|crypto\/[a-z0-9]+|regexp\/syntax)\.[A-Za-z]/;
/** A module `runtime` or a function `main.main` is in other languages, too. Assembly (.s) is of any. */
const otherFile = /\.(?:py|rb|rs|java|kt|scala|cs|php|[cm]?[jt]sx?|c|cc|cpp|cxx|h|hh|hpp|s|swift|exs?|erl)$/i;

function isGo({ function: symbol, file }: Frame): boolean {
  return file.endsWith(".go") || (goSymbol.test(symbol) && !otherFile.test(file));
}

/**
 * A CPU profile that counts samples and leaves their length to the period, as Parca's agent writes it. Pyroscope says
 * one second of every such profile, whatever it was (grafana/pyroscope pkg/pprof/pprof.go, SetProfileMetadata).
 */
export function countsCpuSamples(profile: Profile): boolean {
  const { sampleTypes, periodType, period } = profile;
  return (
    sampleTypes.length === 1 &&
    sampleIndexOf(profile, "samples") === 0 &&
    periodType?.type === "cpu" &&
    periodType.unit === "nanoseconds" &&
    period > 0 &&
    period < 1e9
  );
}

/** Such a profile with the CPU time that Go's own have beside the number of samples; any other as it is. */
export function withCpuTime(profile: Profile): Profile {
  const [samples] = profile.values;
  if (samples === undefined || !countsCpuSamples(profile)) return profile;
  return {
    ...profile,
    sampleTypes: [...profile.sampleTypes, { type: "cpu", unit: "nanoseconds" }],
    defaultSampleIndex: 1,
    values: [samples, samples.map((count) => count * profile.period)],
    exactValues: [profile.exactValues[0], undefined],
  };
}
