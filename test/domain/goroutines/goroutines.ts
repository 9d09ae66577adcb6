import type { Frame } from "../../../src/domain/code/frame.ts";
import type { GoroutineEvidence } from "../../../src/domain/evidence/evidence.ts";
import type {
  GoroutineGroup,
  GoroutineSnapshot,
  SnapshotForm,
  WaitReason,
} from "../../../src/domain/goroutines/goroutine.ts";

/** `frame("shop/ledger.(*Store).Post:31")`: function and line; the file is made up from the package. */
export function frame(text: string): Frame {
  const colon = text.lastIndexOf(":");
  const symbol = colon === -1 ? text : text.slice(0, colon);
  const path = symbol.slice(0, symbol.indexOf(".", symbol.lastIndexOf("/") + 1));
  const standard =
    /^(?:runtime|internal|sync|net|io|bufio|time|os|context|database|testing|log|fmt|errors|syscall)(?:\/|$)/.test(
      path,
    );
  const folder = standard ? `/usr/local/go/src/${path}` : `/src/${path}`;
  return {
    function: symbol,
    file: `${folder}/code.go`,
    line: colon === -1 ? 1 : Number(text.slice(colon + 1)),
  };
}

/** A group as a parser would make it; frames are written innermost first. */
export function group(
  wait: WaitReason,
  frames: readonly string[],
  rest: Partial<Omit<GoroutineGroup, "stack" | "wait">> = {},
): GoroutineGroup {
  return {
    state: wait,
    wait,
    count: 1,
    stack: frames.map(frame),
    elidedFrames: 0,
    lockedToThread: 0,
    exemplars: [],
    waitedMutexes: new Map(),
    ...rest,
  };
}

export function snapshot(
  groups: readonly GoroutineGroup[],
  form: SnapshotForm = "profile",
  artifact = "goroutine.pb.gz",
): GoroutineSnapshot {
  const counted = groups.reduce((sum, { count }) => sum + count, 0);
  return { artifact, form, total: counted, counted, groups };
}

/** Snapshots of one form, `windowMs` between the first and the last. */
export function seen(
  first: GoroutineSnapshot,
  later: readonly GoroutineSnapshot[] = [],
  windowMs = 15_000,
): GoroutineEvidence {
  const best = later.at(-1) ?? first;
  return { best, series: [first, ...later], ...(later.length === 0 ? {} : { windowMs }) };
}
