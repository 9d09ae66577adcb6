import type { JudgedChange, JudgedRevision, PublishedConfig, UncomparedFile } from "./config-change.ts";
import { shortRevision } from "./short-revision.ts";

/** One revision as a card tells it. */
export interface ConfigLine {
  /** Its tag, else the beginning of its hash. */
  readonly name: string;
  readonly author: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** The change that could explain most, else the first; absent where none could be compared. */
  readonly change?: JudgedChange;
  /** A file that could not be compared; present only without a change. */
  readonly uncompared?: UncomparedFile;
  /** How many more values it changed. */
  readonly others: number;
}

/** What a card says of a service's configuration. Small: it lives in the incident. */
export interface ConfigSummary {
  /** The moment that it is of, milliseconds since the epoch. */
  readonly atMs: number;
  readonly windowMs: number;
  /** What could explain a finding first, then the latest first; at most three. */
  readonly lines: readonly ConfigLine[];
  /** How many more revisions there are. */
  readonly more: number;
  /** Something could not be looked at: no line says that nothing changed. */
  readonly isPartial: boolean;
  /** gofire may roll it back, once two people want it. */
  readonly isWritable?: true;
}

const mostLines = 3;

export function configSummary(config: PublishedConfig): ConfigSummary {
  const told = suspectsFirst(config.revisions);
  return {
    atMs: config.atMs,
    windowMs: config.windowMs,
    lines: told.slice(0, mostLines).map(configLine),
    more: Math.max(0, told.length - mostLines),
    isPartial: config.notes.length > 0,
  };
}

/** What could explain the first finding comes before what could explain a later one; revisions of comments are left out. */
export function suspectsFirst(revisions: readonly JudgedRevision[]): readonly JudgedRevision[] {
  return revisions
    .filter(({ changes, uncompared }) => changes.length > 0 || uncompared.length > 0)
    .toSorted((a, b) => rankOf(a) - rankOf(b) || b.atMs - a.atMs);
}

export function configLine({
  revision,
  tag,
  author,
  atMs,
  changes,
  more,
  uncompared,
}: JudgedRevision): ConfigLine {
  const change = changes.toSorted((a, b) => rankOfChange(a) - rankOfChange(b))[0];
  const [file] = uncompared;
  return {
    name: tag ?? shortRevision(revision),
    author,
    atMs,
    ...(change === undefined ? {} : { change }),
    ...(change !== undefined || file === undefined ? {} : { uncompared: file }),
    others: Math.max(0, changes.length - 1) + more,
  };
}

function rankOf({ changes }: JudgedRevision): number {
  return Math.min(Number.MAX_SAFE_INTEGER, ...changes.map(rankOfChange));
}

/** `f1` before `f2`, a value that was another one before one that is new; what explains nothing last. */
function rankOfChange({ couldExplain, kind }: JudgedChange): number {
  if (couldExplain === undefined) return Number.MAX_SAFE_INTEGER;
  return 2 * Number(couldExplain.finding.slice(1)) + (kind === "changed" ? 0 : 1);
}
