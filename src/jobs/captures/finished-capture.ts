import { manifestFile, readManifest } from "../../capture/manifest.ts";
import type { CaptureOutcome } from "../../capture/run.ts";
import { PortError } from "../../domain/errors.ts";
import { type CaptureKind, coolingKinds, isOfProcess } from "../../domain/evidence/capture.ts";
import type { Artifacts } from "../../ports/artifacts.ts";
import { textOf } from "../thread/contents.ts";

/** What came of a capture of which something is kept. */
type Kept = CaptureOutcome & { readonly bundle: string };

/**
 * The capture below `prefix`, if it came to its end: the worker died before it could say so, and to ask the target once
 * more would hurt it for nothing. Undefined for one that was broken off, and where nothing of the process was kept.
 * Throws PortError when the artifacts cannot be reached.
 */
export async function finishedCapture(
  prefix: string,
  artifacts: Artifacts,
  signal: AbortSignal,
): Promise<Kept | undefined> {
  const reading = readManifest(await manifestIn(prefix, artifacts, signal));
  if (!reading.ok) return undefined;
  const { manifest } = reading;
  const { finishedAt, interrupted, endedEarly, captures } = manifest;
  const isKept = captures.some(({ kind, file }) => file !== undefined && isOfProcess(kind));
  if (finishedAt === undefined || interrupted === true || !isKept) return undefined;
  return endedEarly === undefined
    ? { ending: "complete", bundle: prefix, manifest }
    : { ending: "early", reason: endedEarly, bundle: prefix, manifest };
}

/** Kinds whose cooldown such a capture begins: what it left out was captured by another one, which began theirs. */
export function cooledByKept({ manifest }: Kept): readonly CaptureKind[] {
  const skipped = new Set(
    manifest.captures.filter(({ status }) => status === "skipped").map(({ kind }) => kind),
  );
  return coolingKinds.filter((kind) => !skipped.has(kind));
}

/** Empty where there is none. */
async function manifestIn(prefix: string, artifacts: Artifacts, signal: AbortSignal): Promise<string> {
  try {
    return await textOf(`${prefix}${manifestFile}`, artifacts, signal);
  } catch (error) {
    if (error instanceof PortError && error.code === "not-found") return "";
    throw error;
  }
}
