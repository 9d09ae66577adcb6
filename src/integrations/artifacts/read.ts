import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Manifest, readManifest } from "../../capture/manifest.ts";
import type { ParsedArtifact } from "../../domain/artifact.ts";
import { type AssemblySettings, assembleEvidence, type ReadCapture } from "../../domain/assemble-evidence.ts";
import type { CaptureKind, CaptureRecord } from "../../domain/capture.ts";
import { captureKind, kindOfName } from "../../domain/capture-kind.ts";
import { PortError, UsageError } from "../../domain/errors.ts";
import { type ByteParser, type ParseError, positionText } from "../../domain/parse-result.ts";
import { artifactParser } from "../../parsers/artifact.ts";
import type { EvidenceSettings, ReadEvidence } from "../../ports/evidence-source.ts";
import { diskError } from "./disk-error.ts";
import { parseFile, parseStream, type Reading } from "./parse-bytes.ts";

/** Stands for standard input, as in many programs. */
const standardInput = "-";
const manifestFile = "manifest.json";
const mostManifestBytes = 8 * 1024 * 1024;

/** One file to read, and what a manifest says about it. */
interface Input {
  readonly path: string;
  /** As findings and problems name it. */
  readonly name: string;
  readonly record?: CaptureRecord;
}

/** What a path on the command line stands for. */
interface Opened {
  /** In the order captured; a record is a capture that left no file. */
  readonly captures: readonly (Input | CaptureRecord)[];
  readonly target?: Manifest["target"];
  readonly problems: readonly string[];
  /** Nothing could be got out of it. */
  readonly unread?: true;
}

/** See `EvidenceSource.read`. */
export async function readEvidence(
  paths: readonly string[],
  settings: EvidenceSettings = { modules: [] },
  signal: AbortSignal = new AbortController().signal,
): Promise<ReadEvidence> {
  const captures: CaptureRecord[] = [];
  const read: ReadCapture[] = [];
  const problems: string[] = [];
  let unread = 0;
  let target: Manifest["target"] | undefined;
  const seen = new Set<string>();
  for (const path of paths) {
    const opened = await open(path, seen);
    problems.push(...opened.problems);
    if (opened.unread === true) unread++;
    target ??= opened.target;
    for (const input of opened.captures) {
      if (!("path" in input)) {
        captures.push(input);
        continue;
      }
      const outcome = await readInput(input, signal);
      captures.push(outcome.record);
      if (outcome.capture !== undefined) read.push(outcome.capture);
      if (outcome.problem !== undefined) problems.push(outcome.problem);
      if (outcome.capture === undefined) unread++;
    }
  }
  const modules =
    typeof settings.modules === "function" ? settings.modules(target?.service) : settings.modules;
  const assembled = assembleEvidence(read, { modules, ...assemblySettings(target) });
  return {
    evidence: assembled.evidence,
    target: assembled.target,
    captures,
    problems: [...problems, ...assembled.notes],
    unread,
  };
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

/** What cannot be opened is a problem of its own: the other inputs are read all the same. */
async function open(path: string, seen: Set<string>): Promise<Opened> {
  if (path === standardInput) return { captures: [{ path, name: "stdin" }], problems: [] };
  try {
    const status = await stat(path);
    const identity = `${status.dev}:${status.ino}`;
    if (seen.has(identity)) return { captures: [], problems: [`${path}: given twice; it is read once`] };
    seen.add(identity);
    if (status.isDirectory()) return await openFolder(path);
    if (basename(path) === manifestFile) return await openBundle(dirname(path));
    return { captures: [{ path, name: path }], problems: [] };
  } catch (error) {
    if (error instanceof UsageError) return nothing(error.message);
    return nothing(`${path}: ${diskError(error, path).message}`);
  }
}

function nothing(problem: string): Opened {
  return { captures: [], problems: [problem], unread: true };
}

async function openFolder(path: string): Promise<Opened> {
  const files = (await readdir(path, { withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .toSorted();
  if (files.includes(manifestFile)) return openBundle(path);
  if (files.length === 0) return nothing(`${path}: no files in this folder`);
  return {
    captures: files.map((file) => ({ path: join(path, file), name: join(path, file) })),
    problems: [],
  };
}

async function openBundle(folder: string): Promise<Opened> {
  const path = join(folder, manifestFile);
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > mostManifestBytes) throw new UsageError(`${path}: larger than ${mostManifestBytes} bytes`);
    text = await readFile(path, "utf8");
  } catch (error) {
    throw error instanceof UsageError ? error : diskError(error, path);
  }
  const reading = readManifest(text);
  if (!reading.ok) throw new UsageError(reading.errors.map((problem) => `${path}: ${problem}`).join("\n"));
  const { captures, target } = reading.manifest;
  return {
    captures: captures.map((record) =>
      record.file === undefined ? record : { path: join(folder, record.file), name: record.file, record },
    ),
    target,
    problems: [],
  };
}

interface Outcome {
  readonly record: CaptureRecord;
  readonly capture?: ReadCapture;
  readonly problem?: string;
}

async function readInput({ path, name, record }: Input, signal: AbortSignal): Promise<Outcome> {
  const takenAtMs = record?.startedAtMs;
  const timed = takenAtMs === undefined ? {} : { takenAtMs };
  // A record must say what it is of; what has no telling name is most often a log.
  const guessedKind = record?.kind ?? kindOfName(name) ?? "log";
  let reading: Reading<ParsedArtifact>;
  try {
    reading = await parseInput(
      path,
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
  if (!result.ok) {
    const reason = sentence(result.error);
    const failed = recordOf(record, name, guessedKind, storedBytes, "failed", reason);
    return { record: failed, problem: `${path}: ${reason}` };
  }
  const artifact = withKnownEnd(result.value, result.damage);
  const kind = record?.kind;
  const capture = { file: name, artifact, ...timed, ...(kind === undefined ? {} : { kind }) };
  const damage = result.damage === undefined ? incompleteness(artifact) : sentence(result.damage);
  const readKind = kind ?? captureKind(artifact) ?? guessedKind;
  if (damage === undefined) {
    return { capture, record: recordOf(record, name, readKind, storedBytes, "ok") };
  }
  return {
    capture,
    record: recordOf(record, name, readKind, storedBytes, "partial", damage),
    problem: `${path}: ${damage}`,
  };
}

/** A stream of our own for standard input: behind `/dev/stdin` may be a socket, which cannot be opened. */
function parseInput(
  path: string,
  parserFor: (expectedBytes: number | undefined) => ByteParser<ParsedArtifact>,
  signal: AbortSignal,
): Promise<Reading<ParsedArtifact>> {
  if (path !== standardInput) return parseFile(path, parserFor, { signal });
  return parseStream(process.stdin, parserFor(undefined), { signal });
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
