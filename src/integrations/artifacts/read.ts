import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type ManifestCapture, manifestFile, readManifest } from "../../capture/manifest.ts";
import { UsageError } from "../../domain/errors.ts";
import type { ParsedArtifact } from "../../domain/evidence/artifact.ts";
import type { ByteParser } from "../../domain/evidence/parse-result.ts";
import type { EvidenceSettings, ReadEvidence } from "../../ports/evidence-source.ts";
import { diskError } from "../disk-error.ts";
import { type ParseOptions, parseFile, parseStream, type Reading } from "./parse-bytes.ts";
import { type Input, kindToSay, type Opened, readCaptures } from "./read-captures.ts";

/** Stands for standard input, as in many programs. */
const standardInput = "-";
const mostManifestBytes = 8 * 1024 * 1024;

/** See `EvidenceSource.read`. */
export async function readEvidence(
  paths: readonly string[],
  settings: EvidenceSettings = { modules: [] },
  signal: AbortSignal = new AbortController().signal,
): Promise<ReadEvidence> {
  const places: Opened[] = [];
  const seen = new Set<string>();
  for (const path of paths) {
    const { unkeptManifest } = settings;
    places.push(unkeptManifest === undefined ? await open(path, seen) : bundleOf(path, unkeptManifest));
  }
  checkOneProcess(places);
  // One after another: a disk is near, and a large dump wants the memory for itself.
  const read = await readCaptures(places, settings, 1, signal);
  const folder = places.length === 1 ? places[0]?.folder : undefined;
  return folder === undefined ? read : { ...read, folder };
}

/** What differs between two processes is no growth. Throws UsageError. */
function checkOneProcess(places: readonly Opened[]): void {
  const targets = places.flatMap(({ target }) => (target === undefined ? [] : [target]));
  const [first] = targets;
  const other = targets.find(
    ({ service, instance }) => service !== first?.service || instance !== first?.instance,
  );
  if (first === undefined || other === undefined) return;
  const names = [first, other].map(({ service, instance }) => [service, instance].filter(Boolean).join(" "));
  throw new UsageError(
    `These bundles are of different processes, ${names.join(" and ")}: what differs between them is no growth. Give one at a time.`,
  );
}

/** As people are told of it. */
function said(path: string): string {
  return path === standardInput ? "standard input" : path;
}

function inputOf(path: string, name: string, record?: ManifestCapture): Input {
  return {
    path: said(path),
    name,
    ...(record === undefined ? {} : { record }),
    parse: (parserFor, signal) =>
      parseInput(path, parserFor, { signal, hashed: record?.sha256 !== undefined }),
  };
}

/** What cannot be opened is a problem of its own: the other inputs are read all the same. */
async function open(path: string, seen: Set<string>): Promise<Opened> {
  try {
    const status = path === standardInput ? undefined : await stat(path);
    const identity = status === undefined ? path : `${status.dev}:${status.ino}`;
    if (seen.has(identity))
      return { captures: [], problems: [`${said(path)}: given twice; it is read once`] };
    seen.add(identity);
    if (status === undefined) return { captures: [inputOf(path, "stdin")], problems: [] };
    if (status.isDirectory()) return await openFolder(path);
    if (basename(path) === manifestFile) return await openBundle(dirname(path));
    return { captures: [inputOf(path, path)], problems: [] };
  } catch (error) {
    if (!(error instanceof UsageError)) return nothing(path, diskError(error, path).message);
    return { ...nothing(path, error.message), problems: [error.message] }; // It names the manifest.
  }
}

/** It stands among the captures all the same: a program that reads only the document has to hear of it. */
function nothing(path: string, reason: string): Opened {
  const file = path === standardInput ? "stdin" : path;
  return {
    captures: [{ kind: kindToSay(path), file, bytes: 0, durationMs: 0, status: "failed", reason }],
    problems: [`${said(path)}: ${reason}`],
    unread: true,
  };
}

async function openFolder(path: string): Promise<Opened> {
  const entries = await readdir(path, { withFileTypes: true });
  // Links, too: what Kubernetes mounts consists of them.
  const files = entries
    .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .toSorted();
  if (files.includes(manifestFile)) return openBundle(path);
  if (files.length === 0) {
    const folders = entries.some((entry) => entry.isDirectory());
    return nothing(
      path,
      folders ? "only folders in this folder; name one of them" : "no files in this folder",
    );
  }
  return {
    captures: files.map((file) => inputOf(join(path, file), join(path, file))),
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
  return bundleOf(folder, text);
}

/** Throws UsageError for what is not the text of a manifest. */
function bundleOf(folder: string, manifest: string): Opened {
  const reading = readManifest(manifest);
  if (!reading.ok) {
    const path = join(folder, manifestFile);
    throw new UsageError(reading.errors.map((problem) => `${path}: ${problem}`).join("\n"));
  }
  const { captures, target, blockLease } = reading.manifest;
  return {
    captures: captures.map((record) =>
      record.file === undefined ? record : inputOf(join(folder, record.file), record.file, record),
    ),
    target,
    folder,
    ...(blockLease === undefined ? {} : { blockLease }),
    problems: [],
  };
}

/** A stream of our own for standard input: behind `/dev/stdin` may be a socket, which cannot be opened. */
function parseInput(
  path: string,
  parserFor: (expectedBytes: number | undefined) => ByteParser<ParsedArtifact>,
  options: ParseOptions,
): Promise<Reading<ParsedArtifact>> {
  if (path !== standardInput) return parseFile(path, parserFor, options);
  return parseStream(process.stdin, parserFor, options);
}
