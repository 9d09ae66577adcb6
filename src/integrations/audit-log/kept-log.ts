import { once } from "node:events";
import { type Checkpoint, openCheckpoint, signedCheckpoint } from "../../audit/checkpoint.ts";
import { entryOf, readEntry } from "../../audit/entry.ts";
import { Growth } from "../../audit/growth.ts";
import type { Signer } from "../../audit/keys.ts";
import { checkpointPath, claimPath, mostBytesOf } from "../../audit/tiles.ts";
import type { LogFile } from "../../audit/tree.ts";
import { verifyLog } from "../../audit/verify.ts";
import type { LoggedEvent } from "../../domain/audit/audit-event.ts";
import { PortError } from "../../domain/errors.ts";
import type { AuditLog } from "../../ports/audit-log.ts";
import { type LogFolder, openLogFolder } from "./log-folder.ts";

/** What this process knows of the log: as far as places are claimed. */
interface Known {
  readonly growth: Growth;
  readonly byId: Map<string, LoggedEvent>;
  readonly inOrder: LoggedEvent[];
  /** Files that are full and may not be written yet, with the size of the log at which they became so. */
  filled: readonly { readonly size: number; readonly file: LogFile }[];
  /** By size, from that of the checkpoint that stood at the last look. */
  readonly roots: Map<number, Uint8Array>;
}

/**
 * The log below `folder`, which is made when it is not there. Several processes may keep it at the same time: each place is
 * given away once, by a file that is made and never written again; tiles and checkpoint follow from those, so that any
 * process can finish what another left. With the first question the whole log is verified; where it does not verify,
 * nothing is added.
 */
export function keptLog(folder: string, signer: Signer): AuditLog {
  const { verifier } = signer;
  let opening: Promise<{ readonly place: LogFolder; readonly known: Known }> | undefined;
  let working: Promise<unknown> = Promise.resolve();

  /**
   * One after the other: within a process, too, two must not claim the same place. Who gives up waits no longer; what was
   * begun for them goes on.
   */
  function inTurn<Result>(
    signal: AbortSignal,
    work: (place: LogFolder, known: Known) => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted();
    const result = working.then(async () => {
      signal.throwIfAborted();
      opening ??= openLogFolder(folder).then(async (place) => ({ place, known: await firstLook(place) }));
      const { place, known } = await opening.catch((error: unknown) => {
        opening = undefined; // the next one may find it mended
        throw error;
      });
      return await work(place, known);
    });
    working = result.catch(() => {});
    return untilGivenUp(result, signal);
  }

  async function firstLook(place: LogFolder): Promise<Known> {
    const verdict = await verifyLog(
      { isOwn: true, read: (path, mostBytes) => place.files.read(path, mostBytes, never) },
      verifier,
    );
    if (verdict === undefined) {
      await begin(place);
      return await firstLook(place);
    }
    const [problem] = verdict.problems;
    if (problem !== undefined) throw refusal(`${problem.file} ${problem.what}`);
    const { growth, entries } = verdict;
    return {
      growth,
      byId: new Map(entries.map((entry) => [entry.event.id, entry])),
      inOrder: [...entries],
      filled: [],
      roots: new Map([[growth.size, growth.root()]]),
    };
  }

  /** A log is begun by a checkpoint of nothing: entries without a checkpoint are what is left of another one. */
  async function begin(place: LogFolder): Promise<void> {
    const first = await place.claimed(0, never);
    const standing = async () =>
      (await place.files.read(checkpointPath, mostBytesOf(checkpointPath), never)) === undefined
        ? undefined
        : 0;
    if ((await standing()) !== undefined) return; // another process began it
    if (first !== undefined) throw refusal("it has entries and no checkpoint");
    await place.publish(0, signedCheckpoint({ size: 0, root: new Growth().root() }, signer), standing);
  }

  function add(known: Known, bytes: Uint8Array): void {
    const { growth, byId, inOrder, roots } = known;
    const index = growth.size;
    const event = readEntry(bytes, verifier);
    if (typeof event === "string") throw refusal(`${claimPath(index)} ${event}`);
    if (byId.has(event.id)) throw refusal(`${claimPath(index)} has an id that an entry before it has`);
    const logged = { index, event };
    byId.set(event.id, logged);
    inOrder.push(logged);
    const full = growth.append(bytes);
    known.filled = [...known.filled, ...full.map((file) => ({ size: growth.size, file }))];
    roots.set(growth.size, growth.root());
  }

  /** Takes in what was claimed meanwhile. */
  async function follow(place: LogFolder, known: Known): Promise<void> {
    for (;;) {
      const entry = await place.claimed(known.growth.size, never);
      if (entry === undefined) return;
      add(known, entry);
    }
  }

  /** The checkpoint that stands, which has to be one of this log. */
  async function standing(place: LogFolder, known: Known): Promise<Checkpoint & { readonly note: string }> {
    const bytes = await place.files.read(checkpointPath, mostBytesOf(checkpointPath), never);
    if (bytes === undefined) throw refusal("its checkpoint is gone");
    const note = Buffer.from(bytes).toString("utf8");
    const checkpoint = openCheckpoint(note, verifier);
    if (typeof checkpoint === "string") throw refusal(`its checkpoint ${checkpoint}`);
    const { size, root } = checkpoint;
    if (size > known.growth.size) await follow(place, known);
    const own = known.roots.get(size);
    if (own === undefined) {
      throw refusal(
        size > known.growth.size
          ? `its checkpoint was signed for ${size} entries, and ${known.growth.size} are there`
          : `its checkpoint is of ${size} entries, and there was a later one`,
      );
    }
    if (!Buffer.from(own).equals(root))
      throw refusal(`its checkpoint of ${size} entries is not that of its entries`);
    return { ...checkpoint, note };
  }

  /** Lets everything that is claimed be in the checkpoint that stands. */
  async function finish(place: LogFolder, known: Known): Promise<void> {
    const { growth } = known;
    for (;;) {
      const { size: there } = await standing(place, known);
      await settle(place, known, there);
      const { size } = growth;
      if (there >= size) return;
      await place.write([...known.filled.map(({ file }) => file), ...growth.partial()]);
      const note = signedCheckpoint({ size, root: growth.root() }, signer);
      const how = await place.publish(size, note, async () => (await standing(place, known)).size);
      if (how === "done") continue;
      await follow(place, known);
      if (growth.size <= size) throw refusal("somebody was about to sign entries that are not there");
    }
  }

  /** Forgets what a checkpoint of `size` makes sure of, and removes the partial files that it makes superfluous. */
  async function settle(place: LogFolder, known: Known, size: number): Promise<void> {
    const sure = known.filled.filter((one) => one.size <= size);
    known.filled = known.filled.filter((one) => one.size > size);
    for (const older of known.roots.keys()) if (older < size) known.roots.delete(older);
    await place.removePartials(sure.map(({ file }) => file));
  }

  function refusal(what: string): PortError {
    return new PortError(
      "forbidden",
      folder,
      `The audit log in ${folder} cannot be added to: ${what}. Find out who changed it (gofire audit verify), and put back a copy that verifies; or keep it as it is and begin another log: another audit.origin, another folder.`,
    );
  }

  return {
    origin: verifier.name,
    verifier: verifier.text,
    async append(event, signal) {
      const bytes = entryOf(event, signer);
      return await inTurn(signal, async (place, known) => {
        for (;;) {
          await follow(place, known);
          await standing(place, known); // nothing is added to what does not verify
          const there = known.byId.get(event.id);
          if (there !== undefined) {
            await finish(place, known);
            return there;
          }
          if (await place.claim(known.growth.size, bytes)) add(known, bytes);
        }
      });
    },
    async *entries(from, signal) {
      const all = await inTurn(signal, async (place, known) => {
        await finish(place, known);
        return known.inOrder.slice(from);
      });
      for (const entry of all) {
        signal.throwIfAborted();
        yield entry;
      }
    },
    checkpoint: async (signal) =>
      await inTurn(signal, async (place, known) => {
        await finish(place, known);
        return (await standing(place, known)).note;
      }),
    place: async (signal) => await inTurn(signal, (place) => Promise.resolve(place.id)),
    async close() {
      await working;
    },
  };
}

/** Throws the signal's reason as soon as it is aborted. */
async function untilGivenUp<Result>(result: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const stop = new AbortController();
  try {
    return await Promise.race([
      result,
      once(signal, "abort", { signal: stop.signal }).then((): never => {
        throw signal.reason;
      }),
    ]);
  } finally {
    stop.abort();
  }
}

/** What was begun is brought to its end: half of it would have to be finished by the next one. */
const never = new AbortController().signal;
