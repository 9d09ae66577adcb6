import type { Frame } from "../code/frame.ts";
import { type Profile, sampleIndexOf } from "./profile.ts";

/**
 * Why the rules cannot judge a profile whatever its sample types say, as the end of a sentence about it: producers for
 * other languages use Go's names for them (async-profiler, pprof-rs, @datadog/pprof, gperftools all write `cpu`), and
 * some leave the naming of addresses to the reader. Undefined when it shows functions of a Go program.
 */
export function whyNotJudged({ frames, sampleTypes }: Profile): string | undefined {
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

const goFile = /\.(?:go|s)$/;
/** Methods with a pointer receiver, and packages whose names no other language spells so; exports often leave files out. */
const goSymbol =
  /\.\(\*[A-Za-z_]\w*(?:\[.*\])?\)\.|^runtime\.[a-z]|^main\.(?:main|init)\b|^(?:net\/http|encoding\/[a-z]+|internal\/[a-z/]+|crypto\/[a-z0-9]+|regexp\/syntax)\.[A-Za-z]/;

function isGo({ function: symbol, file }: Frame): boolean {
  return goFile.test(file) || goSymbol.test(symbol);
}

/** A CPU profile that counts samples and leaves their length to the period, as Parca's agent writes it. */
export function countsCpuSamples(profile: Profile): boolean {
  const { sampleTypes, periodType, period } = profile;
  return (
    sampleTypes.length === 1 &&
    sampleIndexOf(profile, "samples") === 0 &&
    periodType?.type === "cpu" &&
    periodType.unit === "nanoseconds" &&
    period > 0
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
