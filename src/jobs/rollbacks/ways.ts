import { comparedFiles, revisionFacts, untoldIn } from "../../capture/config-history/facts.ts";
import { configWindowMs } from "../../capture/config-history/keep.ts";
import { type ChatReply, refused } from "../../domain/chat/chat-reply.ts";
import { isBelow } from "../../domain/configuration/config-paths.ts";
import type { RevertWay, Rollback, WriteWay } from "../../domain/configuration/rollback.ts";
import { PortError, UsageError } from "../../domain/errors.ts";
import { durationText } from "../../domain/units.ts";
import { isOpposite, takenBack } from "../../governance/rollback.ts";
import type { ServiceConfigFiles, TouchedRevision } from "../../ports/config-history.ts";
import type { Suspicion } from "./suspicion.ts";

export type PlanAnswer = Extract<ChatReply, { kind: "rollback" | "refused" }>;

const hashCharacters = 10;
/** More make a command that nobody reads. */
const mostPaths = 8;
const mostCandidates = 8;

/** Back before one change. */
export async function reverting(
  service: string,
  files: ServiceConfigFiles,
  suspicion: Suspicion | undefined,
  nowMs: number,
  signal: AbortSignal,
): Promise<PlanAnswer> {
  const { history, paths } = files;
  const untilMs = suspicion?.incident.momentMs ?? nowMs;
  const window = { paths, sinceMs: untilMs - configWindowMs, untilMs };
  const { revisions, notes } = await history.changes(window, signal);
  const touched =
    revisions.find(({ revision }) => revision === suspicion?.revision) ?? revisions.find(changesValues);
  if (touched === undefined) {
    const before = suspicion === undefined ? "" : ` before ${suspicion.incident.moment}`;
    return refused(
      [
        `No configuration of ${service} changed within ${durationText(configWindowMs)}${before}, so there is nothing to roll back.`,
        ...notes,
      ].join(" "),
      `To go back further, name a tag or revision of ${history.name}: /gofire rollback ${service} TAG`,
    );
  }
  const [before] = touched.parents;
  if (before === undefined) {
    return refused(
      `${nameOf(touched)} is what the history of ${history.name} begins with: there is nothing before it.`,
      "Change what is wrong there by a new commit.",
    );
  }
  const change = await history.between(before, touched.revision, [], signal);
  const inThese = change.files.map(({ path }) => path);
  const tip = await history.tip(signal);
  const [since, sinceBefore, later] = await Promise.all([
    history.between(touched.revision, tip, inThese, signal),
    history.between(before, tip, inThese, signal),
    history.changes({ paths: inThese, sinceMs: touched.atMs, untilMs: nowMs }, signal),
  ]);
  const [changed, sinceThen, sinceEver] = [change, since, sinceBefore].map(comparedFiles);
  const { back, moved, already } = takenBack(
    changed?.changes ?? [],
    sinceThen?.changes ?? [],
    sinceEver?.changes ?? [],
  );
  const uncomparedFiles = distinctFiles([...(changed?.uncompared ?? []), ...(sinceThen?.uncompared ?? [])]);
  if (back.length + moved.length + uncomparedFiles.length === 0) {
    return refused(
      `All that ${nameOf(touched)} changed is as before already: there is nothing to roll back.`,
      `Whether it helped, says a new capture: /gofire snapshot ${service}`,
    );
  }
  return {
    kind: "rollback",
    rollback: {
      service,
      ...whereOf(history),
      way: { ...revertWay(touched, suspicion, nowMs), ...undoneBy(touched, revisions) },
      own: back.filter(({ file }) => isBelow(file, paths)),
      others: back.filter(({ file }) => !isBelow(file, paths)),
      moved,
      already,
      uncompared: uncomparedFiles,
      later: laterThan(touched, later.revisions),
      notes: [...new Set([...notes, ...later.notes, ...lostSuspect(touched, suspicion)])],
      ...(await writableBy(files, { kind: "revert", revision: touched.revision }, signal)),
    },
  };
}

/** Of the changes before it, the one that it is the opposite of. */
function undoneBy(touched: TouchedRevision, listed: readonly TouchedRevision[]): Pick<RevertWay, "undoes"> {
  const { changes } = comparedFiles(touched);
  const undone = listed
    .slice(listed.indexOf(touched) + 1)
    .find((earlier) => isOpposite(changes, comparedFiles(earlier).changes));
  return undone === undefined ? {} : { undoes: nameOf(undone) };
}

/** A change of comments alone explains nothing and puts nothing back. */
function changesValues(touched: TouchedRevision): boolean {
  const { changes, uncompared } = revisionFacts(touched);
  return changes.length > 0 || uncompared.length > 0;
}

function revertWay(touched: TouchedRevision, suspicion: Suspicion | undefined, askedAtMs: number): RevertWay {
  const { revision, author, subject, atMs, parents } = touched;
  const way = {
    kind: "revert",
    revision,
    name: nameOf(touched),
    author,
    subject,
    atMs,
    askedAtMs,
    isMerge: parents.length > 1,
  } as const;
  if (suspicion === undefined) return way;
  const { suspected, ...incident } = suspicion.incident;
  const isSuspect = suspected !== undefined && revision === suspicion.revision;
  return { ...way, incident: isSuspect ? { ...incident, suspected } : incident };
}

function lostSuspect({ revision }: TouchedRevision, suspicion: Suspicion | undefined): readonly string[] {
  return suspicion?.revision === undefined || suspicion.revision === revision
    ? []
    : [
        `The findings of ${suspicion.incident.id} suspect ${suspicion.revision.slice(0, hashCharacters)}, which the branch no longer has: this is the newest one that it has.`,
      ];
}

/** Those that stand before it in a list that has the latest first. */
function laterThan(
  { revision, atMs }: TouchedRevision,
  listed: readonly TouchedRevision[],
): Rollback["later"] {
  const at = listed.findIndex((one) => one.revision === revision);
  const later = at < 0 ? listed.filter((one) => one.atMs > atMs) : listed.slice(0, at);
  return later.map((one) => ({
    name: nameOf(one),
    author: one.author,
    atMs: one.atMs,
    values: comparedFiles(one).changes.length,
  }));
}

/** Back to what a version has. */
export async function restoring(
  service: string,
  inRepository: ServiceConfigFiles,
  typed: string,
  signal: AbortSignal,
): Promise<PlanAnswer> {
  const { history, paths } = inRepository;
  const found = await history.find(typed, signal);
  if (!("revision" in found)) throw new UsageError(whichOf(typed, found.candidates, history.name));
  const { revision, name } = found;
  const tip = await history.tip(signal);
  const touched = await history.between(tip, revision, paths, signal);
  if (touched.files.length === 0) {
    return refused(
      `The configuration of ${service} is the same now as in ${name}: there is nothing to put back.`,
      `To see what changed lately, write: /gofire rollback ${service}`,
    );
  }
  const { changes, uncompared } = comparedFiles(touched);
  const files = touched.files.map(({ path }) => path);
  const isShort = touched.more === 0 && files.length <= mostPaths;
  return {
    kind: "rollback",
    rollback: {
      service,
      ...whereOf(history),
      way: {
        kind: "restore",
        revision,
        name,
        // Git refuses a path that neither version has.
        paths: isShort ? files : paths.filter((path) => files.some((file) => isBelow(file, [path]))),
      },
      own: changes,
      others: [],
      moved: [],
      already: 0,
      uncompared,
      later: [],
      notes: [],
      ...(await writableBy(inRepository, { kind: "restore", revision, paths }, signal)),
    },
  };
}

/** What gofire could write itself, as the repository is at this moment; nothing where it may not write. */
async function writableBy(
  { writer, paths }: ServiceConfigFiles,
  way: WriteWay,
  signal: AbortSignal,
): Promise<Partial<Rollback>> {
  if (writer === undefined) return {};
  const { push } = writer;
  try {
    const made = await writer.prepare(way, signal);
    if (made.kind === "conflict") return { writable: { push, way, conflicts: made.files } };
    if (made.kind === "nothing") return {};
    // Of the very files that would be written: what people agree to is what they were shown.
    const { changes, uncompared } = comparedFiles(made);
    return {
      own: changes.filter(({ file }) => isBelow(file, paths)),
      others: changes.filter(({ file }) => !isBelow(file, paths)),
      uncompared: [...uncompared, ...untoldIn(changes)],
      writable: { push, way, conflicts: [], digest: made.digest },
    };
  } catch (error) {
    signal.throwIfAborted();
    // The plan is worth having all the same.
    if (error instanceof PortError) return { writable: { push, way, conflicts: [], problem: error.message } };
    throw error;
  }
}

function whichOf(typed: string, candidates: readonly string[], repository: string): string {
  if (candidates.length === 0) {
    return `${repository} has no tag or revision that begins with "${typed}". Write the whole name of a tag, or some digits of a commit.`;
  }
  const rest = candidates.length - mostCandidates;
  const listed = candidates.slice(0, mostCandidates).join(", ");
  return `"${typed}" could be ${listed}${rest > 0 ? ` and ${rest} more` : ""}: write one of them.`;
}

function whereOf({ name, branch }: ServiceConfigFiles["history"]): Pick<Rollback, "repository" | "branch"> {
  return { repository: name, ...(branch === undefined ? {} : { branch }) };
}

function nameOf({ tag, revision }: TouchedRevision): string {
  return tag ?? revision.slice(0, hashCharacters);
}

function distinctFiles(listed: Rollback["uncompared"]): Rollback["uncompared"] {
  return [...new Map(listed.map((one) => [one.file, one])).values()];
}
