import type { ConfigChange } from "../domain/configuration/config-change.ts";
import { type KeyKind, keyKinds, wordsOf } from "./key-kinds.ts";
import { direction, unquoted } from "./quantity.ts";

/** What a kind of setting can do when its value goes one way, or becomes 0. */
interface Row {
  readonly kind: KeyKind;
  /** Only of settings whose path, in words, is like this. */
  readonly name?: RegExp;
  readonly less?: string;
  readonly more?: string;
  readonly zero?: string;
  /** When it cannot be told which way it went. */
  readonly other?: string;
}

/**
 * The first row that has something to say counts: the more telling kinds come first. All of it is inferred from what settings
 * are called; what 0 means is the library's (go-redis and database/sql: no limit or the default; redigo, MaxActive: no limit;
 * net/http, timeouts: none).
 */
const rows: readonly Row[] = [
  {
    kind: "image",
    other: "another version of the code runs then",
  },
  {
    kind: "pool-size",
    less: "callers wait for a free connection sooner, and pile up with what they hold",
    more: "more connections are open at what it connects to, which has a limit of its own",
    zero: "0 means no limit to some libraries and their default to others; where it means none at all, every request waits",
  },
  {
    kind: "idle-connections",
    less: "connections are dialled anew more often, and every call takes that much longer",
    more: "more connections stay open at what it connects to",
    zero: "0 keeps no connection, or the library's default number: each call may have to dial anew",
  },
  {
    kind: "timeout",
    name: /_(?:retry|retries|max_attempts|backoff)_/,
    less: "calls give up sooner",
    more: "what is slow or down is asked more often, by everybody at once",
    zero: "0 usually means no second try",
  },
  {
    kind: "timeout",
    name: /_keep_?alive_/,
    other: "connections are closed sooner or later than before, and have to be dialled anew",
  },
  {
    kind: "timeout",
    less: "calls that were only slow fail, and are tried again where that is configured",
    more: "calls that hang keep their place, and what waits behind them, for longer",
    zero: "0 usually means no limit: a call that hangs stays for ever",
  },
  { kind: "address", other: "requests go elsewhere, which may be slower, or not there" },
  {
    kind: "gc",
    less: "the collector runs more often and takes more CPU",
    more: "the heap grows further before it is collected, towards the memory limit",
    zero: "0 has the collector run all the time",
  },
  {
    kind: "memory-limit",
    less: "the process is killed at its limit sooner, or the collector runs all the time to stay below",
    more: "the process may take more of the node's memory",
    zero: "0 leaves no memory, or no limit, depending on what reads it",
  },
  {
    kind: "cpu",
    less: "the process is throttled sooner, or runs fewer things at once",
    more: "the process may take more of the node's CPU",
  },
  {
    kind: "workers",
    less: "less is done at the same time, and what comes in waits",
    more: "more is done at the same time, and asks more of what is behind it",
    zero: "0 leaves nobody to do the work, or means no limit, depending on what reads it",
  },
  {
    kind: "cache",
    less: "more is asked of what the cache is in front of",
    more: "more stays in memory",
    zero: "0 keeps nothing: everything is asked of what the cache is in front of",
  },
  { kind: "http2-streams", less: "fewer requests share a connection, the rest wait" },
  { kind: "open-files", less: "connections and files are refused sooner" },
  {
    kind: "tls",
    other: "handshakes depend on it: who does not trust or support the new one is not connected",
  },
  {
    kind: "log",
    other: "more log lines go through one lock and one disk, or fewer are there to read afterwards",
  },
];

/** What such a setting can do when it goes this way: a clause, inferred from its name; undefined where nothing is known. */
export function impactOf({ path, kind, from, to }: ConfigChange): string | undefined {
  const [kinds, text] = [keyKinds(path), wordsOf(path)];
  for (const row of rows) {
    if (!kinds.has(row.kind) || row.name?.test(text) === false) continue;
    const words = clauseOf(row, kind, from, to);
    if (words !== undefined) return words;
  }
  return undefined;
}

function clauseOf(
  row: Row,
  kind: ConfigChange["kind"],
  from: string | undefined,
  to: string | undefined,
): string | undefined {
  if (kind === "removed") return row.other ?? "what holds without it is up to the program";
  if (row.zero !== undefined && isZero(to)) return row.zero;
  if (row.more !== undefined && isUnlimited(to)) return `${to} usually means no limit: ${row.more}`;
  // From no limit, or a default that is not known, it may have gone either way.
  const way = isZero(from) || isUnlimited(from) ? undefined : direction(from, to);
  return (way === undefined ? undefined : row[way]) ?? row.other;
}

/** `0`, `0s`, `0Mi` */
function isZero(text: string | undefined): boolean {
  return /^[-+]?0+(?:\.0+)?\s*[A-Za-zµ]*$/.test(unquoted(text));
}

function isUnlimited(text: string | undefined): boolean {
  return /^(?:-1|unlimited|infinity|off)$/i.test(unquoted(text));
}
