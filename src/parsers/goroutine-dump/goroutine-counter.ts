import type { Goroutine, GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import { type GoroutineText, readGoroutineText, type TextEnd } from "./goroutine-text.ts";
import { GroupTable } from "./group-table.ts";
import type { GroupTally } from "./group-tally.ts";
import { ascii, type HeaderFields } from "./header.ts";
import type { DumpLimits } from "./limits.ts";
import { addLiveWords, firstLiveWord, type LiveWord } from "./live-words.ts";
import { type StackWalk, unfinished } from "./stack-walk.ts";
import { callOf, creatorId, isCreator, plainCall } from "./walked-calls.ts";
import { lineFeedAt } from "./word-scan.ts";

/** A goroutine that has to be read in full. */
export const unknown = -2;

const longestLabels = 1024;
/** Whose receiver is the mutex waited for. Its neighbours are inlined or have their arguments marked as stale. */
const lockFunction = "sync.(*Mutex).lockSlow";
const lockWord = ascii(lockFunction);

/** A group as it is kept for the stacks that belong to it. */
interface KnownGroup {
  readonly group: GroupTally;
  /** Index of the call whose receiver is the mutex that the goroutines wait for; -1 for none. */
  readonly lockCall: number;
  /** The calls of the walk are the frames of the stack, and the creator. */
  readonly callsAreFrames: boolean;
}

/**
 * Counts goroutines into groups. The first of its kind is read as text; all that follow are recognised by walking
 * along their calls, without a string or an object for any of them but the few that are kept as examples.
 */
export class GoroutineCounter {
  readonly groups: GroupTable;
  /** How many goroutines were counted. */
  counted = 0;
  /** Line feeds in the lines of the goroutine counted last, its header left out. */
  lines = 0;
  /** Whether `countMany` stopped at a goroutine that may be whole with more bytes. */
  wantsMore = false;

  readonly #limits: DumpLimits;
  readonly #walk: StackWalk;
  readonly #utf8 = new TextDecoder();
  readonly #known: KnownGroup[] = [];
  /** Per text of the walk its frame, -1 for one that is not written as calls are. */
  readonly #frameOfText: number[] = [];
  /** Where the last walk ended, or why it did not. */
  #walkEnd = unknown;

  constructor(limits: DumpLimits, walk: StackWalk) {
    this.#limits = limits;
    this.#walk = walk;
    this.groups = new GroupTable(limits);
  }

  /**
   * Counts goroutines that are like others before them as far as that goes without looking at each, from the line start
   * `from` on. Returns the line start where it stopped; `lines` tells how many were passed.
   */
  countMany(from: number, to: number): number {
    const { tallies } = this.#walk;
    this.lines = 0;
    this.wantsMore = false;
    if (tallies === undefined || this.#known.length === 0) return from;
    const at = tallies.count(from, to, this.#limits.maxGoroutineBytes);
    this.counted += tallies.counted;
    this.lines = tallies.lines;
    this.wantsMore = tallies.wantsMore;
    for (let note = 0; note < tallies.noted; note++) {
      this.#known[tallies.notedValue(note)]?.group.addWaitedMutex(tallies.notedAddress(note));
    }
    return at;
  }

  /** Whether one was counted as running on another thread, without its stack. */
  get hasStackless(): boolean {
    return this.groups.stackless !== undefined;
  }

  /** Takes back such a one: the other thread has told its stack. */
  takeBackStackless(): void {
    const group = this.groups.stackless;
    if (group === undefined) return;
    group.count--;
    this.counted--;
  }

  /** All groups in order of first appearance, when everything was counted. To be called once. */
  finish(): GoroutineGroup[] {
    const { tallies } = this.#walk;
    if (tallies !== undefined) {
      for (const [value, { group }] of this.#known.entries()) group.addAll(tallies.of(value));
      for (const { value, address, count } of tallies.mutexesAgain()) {
        this.#known[value]?.group.addWaitersAgain(address, count);
      }
    }
    return this.groups.finish();
  }

  /**
   * Counts the goroutine whose lines begin at `start` if it is one of many, and returns where it ends; `unfinished`
   * when more bytes are needed, `unknown` when it must be read in full. Nothing is counted then.
   */
  countKnown(header: HeaderFields, start: number, to: number): number {
    const walk = this.#walk;
    const end = walk.walk(header, start, to);
    this.#walkEnd = end;
    if (end < 0) return end === unfinished ? unfinished : unknown;
    const { value } = walk;
    const known = value === -1 ? this.#learnPlain(header, start, end) : this.#known[value];
    if (known === undefined) return unknown;
    const { group, lockCall } = known;
    if (group.wantsExemplar(header.waitMinutes)) {
      if (!known.callsAreFrames) return unknown;
      group.addExemplar(this.#exemplarHere(group, header, end));
    }
    walk.tallies?.leaveOlder(walk.value, group.youngestExemplar);
    group.add(header.waitMinutes, header.lockedToThread);
    if (lockCall !== -1) {
      const mutex = firstLiveWord(walk.memory.bytes, (walk.nameEnds[lockCall] ?? 0) + 1, end);
      if (mutex !== 0) group.addWaitedMutex(mutex);
    }
    this.counted++;
    this.lines = walk.lines;
    return end;
  }

  /**
   * Reads the goroutine in `[start .. end]`, which `countKnown` was asked about just before, and counts it. Undefined
   * when it would make one group too many.
   */
  count(header: HeaderFields, start: number, end: number, textEnd: TextEnd): GoroutineText | undefined {
    const text = this.#utf8.decode(this.#walk.memory.bytes.subarray(start, end));
    const body = readGoroutineText(text, this.#limits.maxDepth, textEnd);
    const stack = body.calls.map((call) => this.groups.frameId(call.function, call.file, call.line));
    const by = body.createdBy;
    const creator = by === undefined ? -1 : this.groups.frameId(by.function, by.file, by.line);
    const group = this.groups.groupOf(this.#state(header), stack, creator, body.elidedFrames);
    if (group === undefined) return undefined;
    if (group.wantsExemplar(header.waitMinutes)) {
      const pointers: LiveWord[] = [];
      for (const [frame, { args }] of body.calls.entries()) {
        const written = Buffer.from(args, "latin1");
        addLiveWords(pointers, frame, written, 0, written.length);
      }
      group.addExemplar(this.#exemplar(header, pointers, body.parentId));
    }
    group.add(header.waitMinutes, header.lockedToThread);
    const lockArgs = body.calls.find((call) => call.function.endsWith(lockFunction))?.args ?? "";
    const mutex = firstLiveWord(Buffer.from(`${lockArgs})`, "latin1"), 0, lockArgs.length);
    if (mutex !== 0) group.addWaitedMutex(mutex);
    this.counted++;
    this.lines = text.split("\n").length - 1;
    // A walk that covered the lines that were read, no more, stands for the group.
    const walked = textEnd === "closed" && this.#walkEnd === end && this.#walk.lines === this.lines;
    if (walked && this.#walk.value === -1) this.#keep(group);
    return body;
  }

  /** From now on goroutines whose walk is the last one are known. */
  #keep(group: GroupTally): KnownGroup {
    const walk = this.#walk;
    const value = this.#known.length;
    walk.keep(value);
    const creators = group.createdBy === undefined ? 0 : 1;
    const lockCall = callOf(walk, lockWord);
    const known = { group, lockCall, callsAreFrames: walk.callCount === group.stack.length + creators };
    this.#known.push(known);
    walk.tallies?.open(value, lockCall);
    return known;
  }

  /**
   * The group of the goroutine walked last when nothing stands in it but calls and the creator: its frames can be
   * taken from where the walk found them. Undefined when it has to be read as text.
   */
  #learnPlain(header: HeaderFields, start: number, end: number): KnownGroup | undefined {
    const walk = this.#walk;
    if (!walk.plain || walk.callCount > this.#limits.maxDepth) return undefined;
    if (this.#lineFeeds(start, end) !== walk.lines) return undefined;
    const stack: number[] = [];
    let creator = -1;
    for (let call = 0; call < walk.callCount; call++) {
      const frame = this.#frameOf(call);
      if (frame === -1 || creator !== -1) return undefined;
      if (isCreator(walk, call)) creator = frame;
      else stack.push(frame);
    }
    const group = this.groups.groupOf(this.#state(header), stack, creator, 0);
    return group === undefined ? undefined : this.#keep(group);
  }

  #frameOf(call: number): number {
    const text = this.#walk.texts[call] ?? 0;
    let frame = this.#frameOfText[text];
    if (frame === undefined) {
      const found = plainCall(this.#walk, call);
      frame = found === undefined ? -1 : this.groups.frameId(found.function, found.file, found.line);
      this.#frameOfText[text] = frame;
    }
    return frame;
  }

  /** Makes an example of the goroutine that was walked last. */
  #exemplarHere(group: GroupTally, header: HeaderFields, end: number): Goroutine {
    const pointers = this.#walk.liveWords(group.stack.length, end);
    const parentId = group.createdBy === undefined ? 0 : creatorId(this.#walk);
    return this.#exemplar(header, pointers, parentId === 0 ? undefined : parentId);
  }

  #exemplar(header: HeaderFields, pointers: readonly LiveWord[], parentId: number | undefined): Goroutine {
    const labelsEnd = Math.min(header.labelsEnd, header.labelsStart + longestLabels);
    const labels = this.#walk.memory.bytes.subarray(header.labelsStart, labelsEnd);
    return {
      id: header.id,
      ...(header.waitMinutes === 0 ? {} : { waitMinutes: header.waitMinutes }),
      ...(parentId === undefined ? {} : { parentId }),
      pointers,
      ...(labels.length === 0 ? {} : { labels: this.#utf8.decode(labels) }),
    };
  }

  #state(header: HeaderFields): string {
    const written = this.#walk.memory.bytes.subarray(header.stateStart, header.stateEnd);
    // The scan bit says that a GC looked at the goroutine just then; it is no part of its state.
    return this.#utf8.decode(written).replace(/ \(scan\)$/, "");
  }

  #lineFeeds(from: number, to: number): number {
    const { bytes, view } = this.#walk.memory;
    let count = 0;
    for (let at = lineFeedAt(bytes, view, from, to); at !== -1; at = lineFeedAt(bytes, view, at + 1, to)) {
      count++;
    }
    return count;
  }
}
