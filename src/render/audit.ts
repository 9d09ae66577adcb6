import type { AuditEvent, LoggedEvent } from "../domain/audit/audit-event.ts";
import { counted } from "../domain/units.ts";
import { printable, type Style } from "./style.ts";
import { stamp } from "./words.ts";
import { hanging, labelled } from "./wrap.ts";

/** What was found when a log was read from its first entry to its last. */
export interface AuditReport {
  /** A folder, or an address. */
  readonly where: string;
  /** `origin+hash+base64`. */
  readonly key: string;
  /** Whose key it was checked with: one that was named, or that of this gofire. */
  readonly keyFrom: "named" | "own";
  /** Of the signed tree; absent when there is none that can be believed. */
  readonly checkpoint?: { readonly size: number; readonly root: string };
  /** The older checkpoint that it was compared with. */
  readonly since?: { readonly file: string; readonly size: number };
  readonly problems: readonly { readonly file: string; readonly what: string }[];
  /** Those that are signed, in order; absent where they were not asked for. */
  readonly entries?: readonly LoggedEvent[];
}

export function auditText(report: AuditReport, style: Style, width: number): string {
  const { entries = [], problems } = report;
  const indexWidth = String(entries.at(-1)?.index ?? 0).length;
  const rows = entries.flatMap((entry) => entryLines(entry, indexWidth, style, width));
  if (rows.length > 0) rows.push("");
  const wrong = problems.flatMap(({ file, what }) => hanging(printable(`${file} ${what}`), 2, width));
  return [...rows, ...verdictLines(report, style, width), ...wrong].map((line) => `${line}\n`).join("");
}

function verdictLines(report: AuditReport, style: Style, width: number): readonly string[] {
  const { where, key, keyFrom, checkpoint, since, problems } = report;
  const isWell = problems.length === 0;
  const verdict = isWell
    ? style.green(style.bold(`Verified: ${counted(checkpoint?.size ?? 0, "entry", "entries")}, each signed`))
    : style.red(style.bold("Does not verify"));
  const root = checkpoint === undefined ? [] : [`root ${checkpoint.root}`];
  const grown = since === undefined || !isWell ? [] : [`begins with the ${since.size} of ${since.file}`];
  const whose = keyFrom === "own" ? "with the key of this gofire" : "with the key";
  return [
    verdict,
    ...[where, ...root, ...grown].flatMap((line) => hanging(printable(line), 2, width).map(style.dim)),
    // Never broken: it is copied.
    style.dim(`  ${whose}:`),
    style.dim(`    ${printable(key)}`),
  ];
}

function entryLines(
  { index, event }: LoggedEvent,
  indexWidth: number,
  style: Style,
  width: number,
): readonly string[] {
  const { digest, repository, head, incident } = event.subject;
  const about = [
    ...(digest === undefined ? [] : [shortened(digest)]),
    ...(head === undefined ? [] : [shortened(head)]),
    repository,
    ...(incident === undefined ? [] : [incident]),
    ...Object.entries(event.facts ?? {}).map(([name, value]) => `${name}: ${shortened(String(value))}`),
  ];
  const when = `${String(index).padStart(indexWidth)}  ${stamp(event.atMs)} UTC`;
  return [
    ...labelled(when, printable(actText(event)), 0, when.length + 2, width).map(style.bold),
    ...hanging(printable(about.join(" · ")), indexWidth + 2, width).map(style.dim),
  ];
}

/** Digests and commits by how they begin, as people compare them; all of them is in the JSON. */
function shortened(text: string): string {
  if (/^h1:[A-Za-z0-9+/]{43}=$/.test(text)) return `${text.slice(0, 15)}…`;
  return /^[0-9a-f]{40,64}$/.test(text) ? text.slice(0, 12) : text;
}

/** Who did what, in plain words. */
function actText({ type, actor, subject }: AuditEvent): string {
  const { environment, service, proposal, head } = subject;
  const what = [
    proposal ?? shortened(head ?? "the configuration"),
    ...(environment === undefined ? [] : [`for ${environment}`]),
  ].join(" ");
  const whose = service ?? environment ?? "the configuration";
  const acts: Readonly<Record<AuditEvent["type"], string>> = {
    "config.approved": `approved ${what}`,
    "config.rejected": `rejected ${what}`,
    "config.withdrawn": `withdrew a decision on ${what}`,
    "rollback.requested": `asked to roll back ${whose}`,
    "rollback.approved": `agreed to roll back ${whose}`,
    "rollback.pushed": `pushed the rollback of ${whose}`,
    "rollback.verified": `saw that the rollback of ${whose} helped`,
    "rollback.unverified": `did not see the rollback of ${whose} help`,
    "rollback.failed": `did not roll back ${whose}`,
  };
  return `${actor} ${acts[type]}`;
}
