import type { Goroutine } from "../../domain/goroutine.ts";
import { type GoroutineText, readGoroutineText, readPlace, type TextEnd } from "./goroutine-text.ts";
import { GroupTable } from "./group-table.ts";
import type { GroupTally } from "./group-tally.ts";
import { ascii, type HeaderFields, standsAt } from "./header.ts";
import type { DumpLimits } from "./limits.ts";
import { addLiveWords, firstLiveWord, type LiveWord } from "./live-words.ts";
import { StackTree, unfinished } from "./stack-tree.ts";
import { lineFeedAt } from "./word-scan.ts";

/** A goroutine that has to be read in full. */
export const unknown = -2;

const longestLabels = 1024;
const creatorWord = ascii("created by ");
/** Whose receiver is the mutex waited for. Its neighbours are inlined or have their arguments marked as stale. */
const lockFunction = "sync.(*Mutex).lockSlow";

/** A group as it is kept in the tree of stacks. */
interface KnownGroup {
  readonly group: GroupTally;
  /** Index of the call whose receiver is the mutex that the goroutines wait for; -1 for none. */
  readonly lockCall: number;
  /** The calls of the walk are the frames of the stack, and the creator. */
  readonly callsAreFrames: boolean;
}

/**
 * Counts goroutines into groups. The first of its kind is read as text; all that follow are recognised by their walk
 * in the tree of stacks, without a string or an object for any of them but the few that are kept as examples.
 */
export class GoroutineCounter {
  readonly groups: GroupTable;
  counted = 0;
  /** Line feeds in the lines of the goroutine counted last, its header left out. */
  lines = 0;

  readonly #limits: DumpLimits;
  readonly #utf8 = new TextDecoder();
  readonly #tree: StackTree;
  readonly #known: KnownGroup[] = [];
  /** Where the last walk ended, or why it did not. */
  #walkEnd = unknown;
  /** Per text of the tree its frame, -1 for one that is not written as calls are. */
  readonly #frameOfText: number[] = [];

  constructor(limits: DumpLimits) {
    this.#limits = limits;
    this.groups = new GroupTable(limits);
    this.#tree = new StackTree(limits);
  }

  /**
   * Counts the goroutine whose lines begin at `start` if it is one of many, and returns where it ends; `unfinished`
   * when more bytes are needed, `unknown` when it must be read in full. Nothing is counted then.
   */
  countKnown(bytes: Uint8Array, view: DataView, header: HeaderFields, start: number, to: number): number {
    const tree = this.#tree;
    const end = tree.walk(bytes, view, header, start, to);
    this.#walkEnd = end;
    if (end < 0) return end === unfinished ? unfinished : unknown;
    const known = this.#known[tree.value()] ?? this.#learnPlain(bytes, view, header, start, end);
    if (known === undefined) return unknown;
    const { group, lockCall } = known;
    if (group.wantsExemplar(header.waitMinutes)) {
      if (!known.callsAreFrames) return unknown;
      group.addExemplar(this.#exemplarHere(group, bytes, header, end));
    }
    group.add(header.waitMinutes, header.lockedToThread);
    if (lockCall !== -1) {
      const mutex = firstLiveWord(bytes, (tree.nameEnds[lockCall] ?? 0) + 1, end);
      if (mutex !== 0) group.addWaitedMutex(mutex);
    }
    this.counted++;
    this.lines = tree.lines;
    return end;
  }

  /**
   * Reads the goroutine in `bytes[start .. end]`, which `countKnown` was asked about just before, and counts it.
   * Undefined when it would make one group too many.
   */
  count(
    bytes: Uint8Array,
    header: HeaderFields,
    start: number,
    end: number,
    textEnd: TextEnd,
  ): GoroutineText | undefined {
    const text = this.#utf8.decode(bytes.subarray(start, end));
    const body = readGoroutineText(text, this.#limits.maxDepth, textEnd);
    const stack = body.calls.map((call) => this.groups.frameId(call.function, call.file, call.line));
    const by = body.createdBy;
    const creator = by === undefined ? -1 : this.groups.frameId(by.function, by.file, by.line);
    const group = this.groups.groupOf(stateText(bytes, header), stack, creator, body.elidedFrames);
    if (group === undefined) return undefined;
    if (group.wantsExemplar(header.waitMinutes)) {
      const pointers: LiveWord[] = [];
      for (const [frame, { args }] of body.calls.entries()) {
        const written = Buffer.from(args, "latin1");
        addLiveWords(pointers, frame, written, 0, written.length);
      }
      group.addExemplar(this.#exemplar(bytes, header, pointers, body.parentId));
    }
    group.add(header.waitMinutes, header.lockedToThread);
    const lockArgs = body.calls.find((call) => call.function.endsWith(lockFunction))?.args ?? "";
    const mutex = firstLiveWord(Buffer.from(`${lockArgs})`, "latin1"), 0, lockArgs.length);
    if (mutex !== 0) group.addWaitedMutex(mutex);
    this.counted++;
    this.lines = text.split("\n").length - 1;
    const walked = this.#walkEnd === end && this.#tree.lines === this.lines;
    if (textEnd === "closed" && walked && this.#tree.value() === -1) this.#remember(group);
    return body;
  }

  /** From now on goroutines that end where the last walk did are known: it covered the lines that were read, no more. */
  #remember(group: GroupTally): KnownGroup {
    const tree = this.#tree;
    tree.keep(this.#known.length);
    const creators = group.createdBy === undefined ? 0 : 1;
    const known = {
      group,
      lockCall: tree.callOf(lockFunction),
      callsAreFrames: tree.callCount === group.stack.length + creators,
    };
    this.#known.push(known);
    return known;
  }

  /**
   * The group of the goroutine walked last when nothing stands in it but calls and the creator: its frames can be
   * taken from where the walk found them. Undefined when it has to be read as text.
   */
  #learnPlain(
    bytes: Uint8Array,
    view: DataView,
    header: HeaderFields,
    start: number,
    end: number,
  ): KnownGroup | undefined {
    const tree = this.#tree;
    const { plain, lines, callCount } = tree;
    if (!plain || callCount > this.#limits.maxDepth || lineFeeds(bytes, view, start, end) !== lines)
      return undefined;
    const stack: number[] = [];
    let creator = -1;
    for (let call = 0; call < callCount; call++) {
      const text = tree.texts[call] ?? 0;
      const frame = (this.#frameOfText[text] ??= this.#plainFrame(bytes, view, call));
      if (frame === -1 || creator !== -1) return undefined;
      if (standsAt(bytes, tree.callStarts[call] ?? 0, end, creatorWord)) creator = frame;
      else stack.push(frame);
    }
    const group = this.groups.groupOf(stateText(bytes, header), stack, creator, 0);
    return group === undefined ? undefined : this.#remember(group);
  }

  /** The frame of a call of the last walk, or -1 when it is not written as calls are. */
  #plainFrame(bytes: Uint8Array, view: DataView, call: number): number {
    const written = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const nameEnd = this.#tree.nameEnds[call] ?? 0;
    const lineEnd = lineFeedAt(bytes, view, nameEnd, bytes.length);
    const line = written.toString("utf8", this.#tree.callStarts[call], lineEnd);
    const place = readPlace(written.toString("utf8", lineEnd + 1, this.#tree.placeEnds[call]));
    if (place === undefined || line.endsWith("\r")) return -1;
    const symbol = plainSymbol(line);
    return symbol === undefined ? -1 : this.groups.frameId(symbol, place.file, place.line);
  }

  /** Makes an example of the goroutine that was walked last. */
  #exemplarHere(group: GroupTally, bytes: Uint8Array, header: HeaderFields, end: number): Goroutine {
    const pointers: LiveWord[] = [];
    const { nameEnds } = this.#tree;
    for (let frame = 0; frame < group.stack.length; frame++) {
      addLiveWords(pointers, frame, bytes, nameEnds[frame] ?? 0, end);
    }
    const parentId = group.createdBy === undefined ? 0 : this.#tree.creatorId();
    return this.#exemplar(bytes, header, pointers, parentId === 0 ? undefined : parentId);
  }

  #exemplar(
    bytes: Uint8Array,
    header: HeaderFields,
    pointers: readonly LiveWord[],
    parentId: number | undefined,
  ): Goroutine {
    const labelsEnd = Math.min(header.labelsEnd, header.labelsStart + longestLabels);
    return {
      id: header.id,
      ...(header.waitMinutes === 0 ? {} : { waitMinutes: header.waitMinutes }),
      ...(parentId === undefined ? {} : { parentId }),
      pointers,
      ...(labelsEnd === 0
        ? {}
        : { labels: this.#utf8.decode(bytes.subarray(header.labelsStart, labelsEnd)) }),
    };
  }
}

function stateText(bytes: Uint8Array, header: HeaderFields): string {
  const state = Buffer.from(
    bytes.buffer,
    bytes.byteOffset + header.stateStart,
    header.stateEnd - header.stateStart,
  );
  // The scan bit says that a GC looked at the goroutine just then; it is no part of its state.
  return state.toString("utf8").replace(/ \(scan\)$/, "");
}

/** The function of a line that is a call or a creator and nothing else; names with blanks are left to a closer look. */
function plainSymbol(line: string): string | undefined {
  const words = /^(?:created by (\S+)(?: in goroutine \d+)?|([^\s(]\S*)\([^()]*\))$/.exec(line);
  return words?.[1] ?? words?.[2];
}

function lineFeeds(bytes: Uint8Array, view: DataView, from: number, to: number): number {
  let count = 0;
  for (let at = lineFeedAt(bytes, view, from, to); at !== -1; at = lineFeedAt(bytes, view, at + 1, to))
    count++;
  return count;
}
