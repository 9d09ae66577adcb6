import { isFullDisk } from "../domain/errors.ts";
import { type CaptureKind, isOfProcess } from "../domain/evidence/capture.ts";
import type { BlockLease } from "../domain/profiles/block-lease.ts";
import type { BundleWriter, CaptureStore } from "../ports/capture-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { GoTarget } from "../ports/go-target.ts";
import { type Manifest, type ManifestCapture, manifestText } from "./manifest.ts";
import type { OnProgress } from "./progress.ts";
import type { CaptureRequest } from "./request.ts";

/** What is known of the process so far. */
interface TargetNotes {
  goVersion?: string;
  goroutines?: number;
}

/** How a capture was left behind. */
export interface Finished {
  readonly manifest: Manifest;
  /** Folder of the bundle; absent when nothing was kept. */
  readonly location?: string;
  /** There was no room for the manifest: nobody but the caller has it, and the bundle is a folder of loose files. */
  readonly manifestUnkept?: true;
}

/** The bundle and the manifest while they grow. A folder is only made when there is something to put in. */
export interface Story {
  readonly notes: TargetNotes;
  /** The index was found at this URL, which need not be the one that was asked for first. */
  foundAt(url: string): void;
  /** Takes down how many goroutines there are at this moment. */
  counted(goroutines: number): void;
  /** Milliseconds since the goroutines were last counted; infinite before the first time. */
  countAgeMs(): number;
  bundle(): Promise<BundleWriter>;
  /** Adds a record and saves the manifest. */
  tell(record: ManifestCapture): Promise<void>;
  skip(kind: CaptureKind, reason: string): Promise<void>;
  /** Notes down a rate that the target lent, and what became of it. */
  lease(lease: BlockLease): Promise<void>;
  /** Something of the process besides its index page was kept. */
  gotAnything(): boolean;
  /** Why nothing was, in the words of what failed first. */
  whyNothing(): string;
  /** Closes the manifest. */
  finish(ending: Pick<Manifest, "endedEarly" | "interrupted">): Promise<Finished>;
}

export function beginStory(
  request: CaptureRequest,
  {
    target,
    store,
    clock,
    gofireVersion,
  }: {
    readonly target: GoTarget;
    readonly store: Pick<CaptureStore, "create">;
    readonly clock: Clock;
    readonly gofireVersion: string;
  },
  onProgress: OnProgress,
): Story {
  const startedAtMs = clock.nowMs();
  const captures: ManifestCapture[] = [];
  const notes: TargetNotes = {};
  let blockLease: BlockLease | undefined;
  // Saving goes on after an interruption: what was got is kept.
  const always = new AbortController().signal;
  let writer: BundleWriter | undefined;
  let { url } = target;
  let countedAtMs = Number.NEGATIVE_INFINITY;

  function manifest(ending: Pick<Manifest, "finishedAt" | "endedEarly" | "interrupted">): Manifest {
    return {
      schemaVersion: 1,
      gofireVersion,
      target: {
        ...(request.service === undefined ? {} : { service: request.service }),
        instance: target.instance,
        url,
        ...notes,
      },
      startedAt: new Date(startedAtMs).toISOString(),
      ...ending,
      request: { ...request },
      ...(blockLease === undefined ? {} : { blockLease }),
      captures,
    };
  }
  async function tell(record: ManifestCapture): Promise<void> {
    captures.push(record);
    onProgress({ type: "finished", record });
    await writer?.writeManifest(manifestText(manifest({})), always);
  }

  return {
    notes,
    foundAt(found) {
      url = found;
    },
    counted(goroutines) {
      notes.goroutines = goroutines;
      countedAtMs = clock.monotonicMs();
    },
    countAgeMs: () => clock.monotonicMs() - countedAtMs,
    tell,
    async bundle() {
      writer ??= await store.create(
        bundleName(request.service ?? target.instance, new Date(startedAtMs)),
        always,
      );
      return writer;
    },
    gotAnything: () => captures.some(({ kind, file }) => isOfProcess(kind) && file !== undefined),
    whyNothing() {
      const reason = captures.find(({ status }) => status === "failed")?.reason;
      return `the target answered nothing with a capture${reason === undefined ? "" : `: ${reason}`}`;
    },
    async lease(lease) {
      blockLease = lease;
      await writer?.writeManifest(manifestText(manifest({})), always);
    },
    skip: (kind, reason) => tell({ kind, bytes: 0, durationMs: 0, status: "skipped", reason }),
    async finish(ending) {
      const whole = manifest({ finishedAt: new Date(clock.nowMs()).toISOString(), ...ending });
      if (writer === undefined) return { manifest: whole };
      const { location } = writer;
      try {
        await writer.writeManifest(manifestText(whole), always);
        return { manifest: whole, location };
      } catch (error) {
        // The captures themselves are kept.
        if (!isFullDisk(error)) throw error;
        return { manifest: whole, location, manifestUnkept: true };
      }
    },
  };
}

/** `gofire-order-20240521-031200`, from a service's name or an instance's address. */
export function bundleName(whose: string, at: Date): string {
  const plain = whose
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "")
    .slice(0, 60);
  const stamp = at
    .toISOString()
    .replace(/[-:]|\..*$/g, "")
    .replace("T", "-");
  return `gofire-${plain === "" ? "target" : plain}-${stamp}`;
}
