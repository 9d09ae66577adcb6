import type { CaptureKind, CaptureRecord } from "../../domain/evidence/capture.ts";
import type { Analysis, Finding } from "../../domain/findings/finding.ts";
import type { ProfileKind } from "../../domain/profiles/profile-kind.ts";

/** A capture that is worth a picture. */
export interface Drawable {
  readonly kind: ProfileKind;
  /** Name inside the bundle. */
  readonly file: string;
  /** First and last capture of the same kind, when there are two: what changed between them. */
  readonly pair?: { readonly before: string; readonly now: string };
}

/** What each kind of capture is drawn as; text forms only when there is no profile. */
const drawnAs: Partial<Readonly<Record<CaptureKind, ProfileKind>>> = {
  goroutine: "goroutine",
  "goroutine-counts": "goroutine",
  "goroutine-dump": "goroutine",
  goroutineleak: "goroutineleak",
  heap: "heap",
  allocs: "allocs",
  cpu: "cpu",
  mutex: "mutex",
  block: "block",
};

/** Which profiles tell most about a family of rules, best first. */
const kindsOfRule: readonly (readonly [rule: RegExp, kinds: readonly ProfileKind[]])[] = [
  [/^heap\/goroutine-memory$/, ["goroutine", "heap"]],
  // What lives says little about what is thrown away; that costs CPU time.
  [/^gc\/gogc-thrash$/, ["allocs", "cpu", "heap"]],
  [/^(?:heap|gc)\/|^process\/rss/, ["heap", "allocs", "goroutine"]],
  [/^(?:cpu|sched)\//, ["cpu", "goroutine"]],
  [/^(?:mutex|lock)\//, ["mutex", "block", "goroutine"]],
];

const generally: readonly ProfileKind[] = [
  "goroutine",
  "goroutineleak",
  "heap",
  "cpu",
  "mutex",
  "block",
  "allocs",
];

/** The kinds worth a picture, most telling first. */
function kindsOf({ findings, captures }: Pick<Analysis, "findings" | "captures">): readonly ProfileKind[] {
  const [root] = findings;
  return [...(root === undefined ? [] : kindsFor(root, captures)), ...generally];
}

/**
 * The kind of profile that tells most about the later analysis and that both have, with the file to take of each: their
 * last ones. Undefined when they have none in common.
 */
export function drawableInBoth(
  before: Pick<Analysis, "captures">,
  now: Pick<Analysis, "findings" | "captures">,
):
  | { readonly kind: ProfileKind; readonly files: { readonly before: string; readonly now: string } }
  | undefined {
  for (const kind of kindsOf(now)) {
    const [was, is] = [before, now].map(({ captures }) => filesOf(kind, captures).at(-1));
    if (was !== undefined && is !== undefined) return { kind, files: { before: was, now: is } };
  }
  return undefined;
}

/** The profile that the first finding speaks of, or else the most telling one; undefined when there is none. */
export function drawable(analysis: Pick<Analysis, "findings" | "captures">): Drawable | undefined {
  const { captures, findings } = analysis;
  const [root] = findings;
  for (const kind of kindsOf(analysis)) {
    const files = filesOf(kind, captures);
    const last = files.at(-1);
    if (last === undefined) continue;
    const cited = root?.evidence.find(({ artifact }) => files.includes(artifact))?.artifact;
    const [before] = files;
    return {
      kind,
      file: cited ?? last,
      ...(before === undefined || before === last ? {} : { pair: { before, now: last } }),
    };
  }
  return undefined;
}

/** What the rule's family says; what it cites as evidence when the family says nothing. */
function kindsFor({ rule, evidence }: Finding, captures: readonly CaptureRecord[]): ProfileKind[] {
  const family = kindsOfRule.find(([pattern]) => pattern.test(rule))?.[1] ?? [];
  const cited = evidence.flatMap(({ artifact }) => {
    const record = captures.find(({ file }) => file === artifact);
    const kind = record === undefined ? undefined : drawnAs[record.kind];
    return kind === undefined ? [] : [kind];
  });
  return [...family, ...cited];
}

/** In the order captured: profiles, or the text forms of the same when there are none. */
function filesOf(wanted: ProfileKind, captures: readonly CaptureRecord[]): string[] {
  const kept = captures.flatMap(({ kind, file, status }) =>
    file !== undefined && drawnAs[kind] === wanted && (status === "ok" || status === "partial")
      ? [{ kind, file }]
      : [],
  );
  const best = (["goroutine-counts", "goroutine-dump"] as const).reduce<typeof kept>(
    (found, kind) => (found.length > 0 ? found : kept.filter((capture) => capture.kind === kind)),
    kept.filter(({ kind }) => kind === wanted),
  );
  return best.map(({ file }) => file);
}
