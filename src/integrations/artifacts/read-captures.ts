import type { Manifest, ManifestCapture } from "../../capture/manifest.ts";
import { PortError } from "../../domain/errors.ts";
import type { ParsedArtifact } from "../../domain/evidence/artifact.ts";
import { type AssemblySettings, assembleEvidence } from "../../domain/evidence/assemble-evidence.ts";
import type { CaptureKind, CaptureRecord } from "../../domain/evidence/capture.ts";
import { captureKind, kindOfName } from "../../domain/evidence/capture-kind.ts";
import { type ByteParser, type ParseError, positionText } from "../../domain/evidence/parse-result.ts";
import type { ReadCapture } from "../../domain/evidence/read-capture.ts";
import { countText } from "../../domain/units.ts";
import { artifactParser } from "../../parsers/artifact.ts";
import type { EvidenceSettings, ReadEvidence } from "../../ports/evidence-source.ts";
import type { Reading } from "./parse-bytes.ts";

/** One file to read, and what a manifest says about it. */
export interface Input {
  /** Where it is, for problems with it. */
  readonly path: string;
  /** As findings name it. */
  readonly name: string;
  readonly record?: ManifestCapture;
  /**
   * `parserFor` gets the size of the content when it is known. The reading has its SHA-256 when the record has one.
   * Throws PortError when it cannot be read.
   */
  parse(
    parserFor: (expectedBytes: number | undefined) => ByteParser<ParsedArtifact>,
    signal: AbortSignal,
  ): Promise<Reading<ParsedArtifact>>;
}

/** A place where captures are. */
export interface Opened {
  /** In the order captured; a record is a capture that left no file. */
  readonly captures: readonly (Input | CaptureRecord)[];
  readonly target?: Manifest["target"];
  /** Of a bundle. */
  readonly folder?: string;
  /** As the manifest has it. */
  readonly blockLease?: Manifest["blockLease"];
  readonly problems: readonly string[];
  /** Nothing could be got out of it. */
  readonly unread?: true;
}

/** Reads what is there, `atOnce` files at the same time, into one body of evidence. See `EvidenceSource.read`. */
export async function readCaptures(
  places: readonly Opened[],
  settings: EvidenceSettings,
  atOnce: number,
  signal: AbortSignal,
): Promise<ReadEvidence> {
  const all = places.flatMap((place) => place.captures);
  const outcomes = await inLanes(all, atOnce, async (input): Promise<Outcome> => {
    return "path" in input ? await readInput(input, signal) : { record: input };
  });
  const target = places.find((place) => place.target !== undefined)?.target;
  const modules =
    typeof settings.modules === "function" ? settings.modules(target?.service) : settings.modules;
  const read = outcomes.flatMap(({ capture }) => (capture === undefined ? [] : [capture]));
  const assembled = assembleEvidence(read, {
    modules,
    ...assemblySettings(target),
    blockLeases: places.flatMap(({ blockLease }) => (blockLease === undefined ? [] : [blockLease])),
  });
  const unreadable = outcomes.filter(({ capture }, at) => capture === undefined && "path" in (all[at] ?? {}));
  return {
    evidence: assembled.evidence,
    target: assembled.target,
    captures: outcomes.map(({ record, capture }): CaptureRecord => {
      const reason = assembled.leftOut.find(({ file }) => file === capture?.file)?.reason;
      return reason === undefined ? record : { ...record, status: "partial", reason };
    }),
    problems: [
      ...places.flatMap(({ problems }) => problems),
      ...outcomes.flatMap(({ problem }) => (problem === undefined ? [] : [problem])),
      ...assembled.notes,
    ],
    unread: places.filter(({ unread }) => unread === true).length + unreadable.length,
    changed: outcomes.flatMap(({ changed, record }) => (changed === undefined ? [] : [record.file ?? ""])),
  };
}

/** Results in the order of `items`. After a failure nothing further begins, and nothing runs any more when it comes out. */
async function inLanes<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const left = [...items.entries()];
  async function lane(): Promise<void> {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [at, item] = next;
      try {
        results[at] = await work(item);
      } catch (error) {
        left.length = 0;
        throw error;
      }
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: atOnce }, lane));
  const failed = lanes.find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return results;
}

function assemblySettings(target: Manifest["target"] | undefined): AssemblySettings {
  if (target === undefined) return {};
  const { service, instance, goVersion } = target;
  return {
    instance,
    ...(service === undefined ? {} : { service }),
    ...(goVersion === undefined ? {} : { goVersion }),
  };
}

interface Outcome {
  readonly record: CaptureRecord;
  readonly capture?: ReadCapture;
  readonly problem?: string;
  /** It was read, and is not what the manifest says was captured. */
  readonly changed?: true;
}

async function readInput(input: Input, signal: AbortSignal): Promise<Outcome> {
  const { path, name, record } = input;
  const takenAtMs = record?.startedAtMs;
  const timed = takenAtMs === undefined ? {} : { takenAtMs };
  const guessedKind = record?.kind ?? kindToSay(name);
  let reading: Reading<ParsedArtifact>;
  try {
    reading = await input.parse(
      (expectedBytes) =>
        artifactParser(name, { ...timed, ...(expectedBytes === undefined ? {} : { expectedBytes }) }),
      signal,
    );
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    const failed = recordOf(record, name, guessedKind, 0, "failed", error.message);
    return { record: failed, problem: `${path}: ${error.message}` };
  }
  const { result, storedBytes } = reading;
  const difference = changeSinceCapture(record, reading);
  if (!result.ok) {
    // Why so little of it came says more than what is wrong with that.
    const brokeOff = record?.status === "partial" ? record.reason : undefined;
    const reason = reasons(difference, brokeOff, sentence(result.error));
    const failed = recordOf(record, name, guessedKind, storedBytes, "failed", reason);
    return { record: failed, problem: `${path}: ${reason}` };
  }
  const changed = difference === undefined ? {} : { changed: true as const };
  const artifact = withKnownEnd(result.value, result.damage);
  const told = record?.kind;
  const capture = { file: name, artifact, ...timed, ...(told === undefined ? {} : { kind: told }) };
  const damage = result.damage === undefined ? incompleteness(artifact) : sentence(result.damage);
  const seen = captureKind(artifact);
  if (record !== undefined && seen !== undefined && !alike(record.kind, seen)) {
    const reason = reasons(difference, `the manifest calls it ${record.kind}, but it is ${seen}`);
    const corrected = recordOf({ ...record, kind: seen }, name, seen, storedBytes, "partial", reason);
    return { capture, record: corrected, problem: `${path}: ${reason}`, ...changed };
  }
  const readKind = told ?? seen ?? guessedKind;
  const whole = difference === undefined && damage === undefined;
  const note = artifact.type === "goroutines" ? artifact.note : undefined;
  const reason = reasons(difference, damage, note);
  if (whole) {
    const noted = note === undefined ? {} : { problem: `${path}: ${reason}` };
    return { capture, record: recordOf(record, name, readKind, storedBytes, "ok", note), ...noted };
  }
  return {
    capture,
    record: recordOf(record, name, readKind, storedBytes, "partial", reason),
    problem: `${path}: ${reason}`,
    ...changed,
  };
}

function reasons(...all: readonly (string | undefined)[]): string {
  return all.filter((reason) => reason !== undefined).join("; ");
}

/** A manifest has the checksum of every file that it names (docs/decisions/0021-evidence-that-changed.md). */
function changeSinceCapture(
  record: ManifestCapture | undefined,
  { sha256, storedBytes }: Reading<unknown>,
): string | undefined {
  if (record?.sha256 === undefined || sha256 === undefined || sha256 === record.sha256) return undefined;
  const sizes =
    storedBytes === record.bytes
      ? ""
      : `${countText(storedBytes)} bytes instead of ${countText(record.bytes)}, `;
  return `changed since it was captured: ${sizes}SHA-256 ${beginning(sha256)} instead of ${beginning(record.sha256)}`;
}

/** Enough to compare with what `sha256sum` prints. */
function beginning(sha256: string): string {
  return `${sha256.slice(0, 16)}…`;
}

/** A record must say what it is of, also of what could not be read; what has no telling name is most often a log. */
export function kindToSay(name: string): CaptureKind {
  return kindOfName(name) ?? "log";
}

/** Kinds that hold the same, so that the content alone cannot always tell one from the other. */
const lookAlikes: readonly (readonly CaptureKind[])[] = [
  ["heap", "allocs"],
  ["mutex", "block"],
  ["goroutine-dump", "log"],
];

function alike(told: CaptureKind, seen: CaptureKind): boolean {
  return told === seen || lookAlikes.some((kinds) => kinds.includes(told) && kinds.includes(seen));
}

/** What the manifest says stands, unless reading shows that it is worse. */
function recordOf(
  told: CaptureRecord | undefined,
  file: string,
  kind: CaptureKind,
  bytes: number,
  status: "ok" | "partial" | "failed",
  reason?: string,
): CaptureRecord {
  if (told !== undefined && (status === "ok" || told.status === status)) return told;
  return {
    ...(told ?? { kind, file, durationMs: 0 }),
    bytes,
    status,
    ...(reason === undefined ? {} : { reason }),
  };
}

function incompleteness(artifact: ParsedArtifact): string | undefined {
  return artifact.type === "goroutines" ? artifact.snapshot.incomplete : undefined;
}

/** Where the file broke off below the parser, between two goroutines, the parser cannot have noticed. */
function withKnownEnd(artifact: ParsedArtifact, damage: ParseError | undefined): ParsedArtifact {
  if (damage?.at.unit !== "offset" || artifact.type !== "goroutines") return artifact;
  const { snapshot } = artifact;
  return { ...artifact, snapshot: { ...snapshot, incomplete: snapshot.incomplete ?? damage.message } };
}

function sentence(error: ParseError): string {
  const excerpt = error.excerpt === undefined ? "" : `: ${error.excerpt}`;
  return `${positionText(error.at)}: ${error.message.replace(/\.$/, "")}${excerpt}`;
}
