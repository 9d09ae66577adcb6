import { fateOf, type StormFate, type StormRow, type StormView } from "../../domain/alerts/storm.ts";
import { capturesOf, type StormFigures, stormFigures } from "../../domain/alerts/storm-figures.ts";
import type { MessageBody } from "../../domain/chat/message.ts";
import { leadFinding, severityRank } from "../../domain/findings/finding.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { counted, countText, durationText } from "../../domain/units.ts";
import { utcTime } from "../words.ts";
import { type Block, context, fitBlocks, header, section } from "./blocks.ts";
import { bold, prose, spoken, timeOfDay, words } from "./escape.ts";
import { slackLimits } from "./limits.ts";
import { progressWords } from "./steps.ts";
import { verdictMarks } from "./verdict-words.ts";

/** The rest is in the list in the thread. */
const mostRows = 10;
const mostOfEach = 6;
const mostReasons = 3;
const mostSpoken = 5;
const mostNamed = 5;

const titleCharacters = 80;
const findingCharacters = 90;
const reasonCharacters = 200;

/**
 * The one message of a storm; the same storm gives the same digest. In this order: how much there is, what becomes of it,
 * what was found, the worst pages, what is captured and what waits, what is not captured and why.
 */
export function stormDigest(view: StormView): MessageBody {
  const figures = stormFigures(view);
  return {
    text: digestText(view, figures),
    blocks: fitBlocks(bodyOf(view, figures), "… and more: see the list in the thread.", [
      ...context([hint(view), words(view.storm.id, 40)]),
    ]),
  };
}

function bodyOf(view: StormView, figures: StormFigures): readonly Block[] {
  const { storm, rows } = view;
  const captures = capturesOf(rows);
  const shown = rows.slice(0, mostRows).map((row) => rowLine(row, captures));
  return [
    header(`🌊 ${title(view, figures)}`),
    ...section([
      `*${countWords(figures)}* since ${timeOfDay(storm.beganAtMs, "{date_short_pretty} {time}")}, the last new one ${timeOfDay(storm.lastPageAtMs, "{time}")}`,
      fateWords(figures),
      endWords(figures),
      unansweredWords(view, figures, {
        name: (service) => bold(service, 60),
        command: (service) => `\`/gofire snapshot ${words(service, 60)}\``,
      }),
    ]),
    ...section(verdictLines(rows)),
    ...section(["*Pages, worst first*", ...shown], "… and more."),
    ...section(captureLines(rows)),
    ...context(skippedLines(figures)),
  ];
}

function title({ storm }: StormView, { pages, services, unknown }: StormFigures): string {
  const much =
    unknown === 0
      ? `${counted(pages, "page")} of ${counted(services, "service")}`
      : `${counted(pages, "page")}, ${countText(unknown)} of no known service`;
  if (storm.overAtMs === undefined) return `Storm · ${much}`;
  return `Storm over · ${much} in ${durationText(Math.max(1_000, storm.lastPageAtMs - storm.beganAtMs))}`;
}

function countWords({ groups, services, alerts }: StormFigures): string {
  return `${counted(groups, "group")} · ${counted(services, "service")} · ${counted(alerts, "alert")}`;
}

function fateWords({ fates, verdicts, shared }: StormFigures): string {
  const verdictCounts = (["fail", "inconclusive", "pass"] as const)
    .filter((verdict) => verdicts[verdict] > 0)
    .map((verdict) => `${countText(verdicts[verdict])} ${verdict.toUpperCase()}`);
  return [
    fates.judged === 0
      ? ""
      : `${counted(fates.judged, "verdict")}${verdictCounts.length === 0 ? "" : ` (${verdictCounts.join(", ")})`}`,
    fates.capturing === 0 ? "" : `${countText(fates.capturing)} being captured`,
    fates.waiting === 0 ? "" : `${countText(fates.waiting)} waiting`,
    fates.beginning === 0 ? "" : `${countText(fates.beginning)} just came in`,
    shared === 0 ? "" : `${countText(shared)} answered by these`,
    fates.skipped === shared ? "" : `${countText(fates.skipped - shared)} not captured`,
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

function endWords({ ended, pages }: StormFigures): string {
  if (ended === pages) return "All of them ended.";
  return ended === 0 ? "" : `${countText(ended)} ended, ${countText(pages - ended)} still fire`;
}

/** What nobody looked at, and what to type; while the storm goes on gofire still means to. */
function unansweredWords(
  { storm }: StormView,
  { unanswered }: StormFigures,
  show: { readonly name: (service: string) => string; readonly command: (service: string) => string },
): string {
  const [worst] = unanswered;
  if (worst === undefined) return "";
  const named = unanswered.slice(0, mostNamed).map(show.name);
  const rest = unanswered.length - named.length;
  const whose = `${named.join(", ")}${rest > 0 ? ` and ${countText(rest)} more` : ""}`;
  return storm.overAtMs === undefined
    ? `No verdict yet on ${whose}: what still fires is captured once more when the storm is over`
    : `⚠️ Still no verdict on ${whose}. Capture one: ${show.command(worst)}`;
}

type Captures = ReturnType<typeof capturesOf>;

function rowLine(row: StormRow, captures: Captures): string {
  const { severity, service, title: alert, sinceMs } = row.page;
  return [
    `• ${severity === undefined ? "" : `${words(severity, 20)} · `}${service === "" ? "no known service" : bold(service, 60)}`,
    words(alert, titleCharacters),
    timeOfDay(sinceMs, "{time}"),
    prose(rowStory(row, captures), findingCharacters),
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

/** Raw. */
function rowStory(row: StormRow, captures: Captures): string {
  const { incident } = row;
  if (incident === undefined) return "";
  const { id, resolvedAtMs } = incident;
  const ended = resolvedAtMs === undefined ? "" : ", ended";
  switch (fateOf(row)) {
    case "beginning":
      return "";
    case "waiting":
      return `waits${placeText(incident)}${ended}`;
    case "capturing":
      return `being captured${ended}`;
    case "judged":
      return `${verdictText(incident)}, ${id}${ended}`;
    case "skipped": {
      const other = captures.get(row.page.service);
      return `${other === undefined ? "not captured" : `see ${other.id}`}${ended}`;
    }
  }
}

/** Raw: `FAIL: 11,902 goroutines wait for one mutex`. */
function verdictText({ analysis }: Incident): string {
  if (analysis === undefined) return "judged";
  const lead = leadFinding(analysis);
  return `${analysis.verdict.toUpperCase()}${lead === undefined ? "" : `: ${lead.title}`}`;
}

function placeText({ queuePlace, waitsFor }: Incident): string {
  if (queuePlace !== undefined) return `, place ${countText(queuePlace + 1)}`;
  return waitsFor === undefined ? "" : `: ${waitsFor}`;
}

/** Of equal verdicts and findings the one with the worse page stands first. */
function worstVerdicts(rows: readonly StormRow[]): readonly Incident[] {
  return incidentsThat("judged", rows).sort((a, b) => verdictRank(a) - verdictRank(b));
}

function verdictLines(rows: readonly StormRow[]): readonly string[] {
  return lines(worstVerdicts(rows), (one) => {
    const mark = one.analysis === undefined ? "⚪️" : verdictMarks[one.analysis.verdict];
    return `${mark} ${bold(one.service, 60)} · ${prose(verdictText(one), findingCharacters)} · ${words(one.id, 40)}`;
  });
}

/** What is captured now; then what waits, next one first. */
function captureLines(rows: readonly StormRow[]): readonly string[] {
  const waiting = incidentsThat("waiting", rows).sort((a, b) => placeOf(a) - placeOf(b));
  return [
    ...lines(
      incidentsThat("capturing", rows),
      (one) => `🔍 ${bold(one.service, 60)} · ${progressWords(one.steps)} · ${words(one.id, 40)}`,
    ),
    ...lines(
      waiting,
      (one) =>
        `⏳ ${bold(one.service, 60)} · waits${words(placeText(one), reasonCharacters)} · ${words(one.id, 40)}`,
    ),
  ];
}

function incidentsThat(fate: StormFate, rows: readonly StormRow[]): Incident[] {
  return rows.flatMap((row) => (row.incident !== undefined && fateOf(row) === fate ? [row.incident] : []));
}

function lines(incidents: readonly Incident[], line: (incident: Incident) => string): readonly string[] {
  const rest = incidents.length - mostOfEach;
  return [
    ...incidents.slice(0, mostOfEach).map(line),
    rest > 0 ? `… and ${countText(rest)} more like these` : "",
  ];
}

/** 0 is worst: by the verdict, then by how severe the finding is that it is about. */
function verdictRank({ analysis }: Incident): number {
  const verdict = ["fail", "inconclusive", "pass"].indexOf(analysis?.verdict ?? "pass");
  const lead = analysis === undefined ? undefined : leadFinding(analysis);
  return 4 * verdict + (lead === undefined ? 3 : severityRank[lead.severity]);
}

function placeOf({ queuePlace }: Incident): number {
  return queuePlace ?? Number.MAX_SAFE_INTEGER;
}

function skippedLines({ shared, unknown, skipped }: StormFigures): readonly string[] {
  const rest = skipped.slice(mostReasons).reduce((sum, { pages }) => sum + pages, 0);
  return [
    shared === 0
      ? ""
      : `⏭ ${counted(shared, "page")} without a capture of ${shared === 1 ? "its" : "their"} own: one of a service answers all its pages`,
    unknown === 0
      ? ""
      : `⏭ ${counted(unknown, "page")} of no service that gofire knows: the list in the thread says which labels are missing`,
    ...skipped
      .slice(0, mostReasons)
      .map(
        ({ reason, pages }) => `⏭ ${counted(pages, "page")} not captured: ${words(reason, reasonCharacters)}`,
      ),
    rest > 0 ? `⏭ ${counted(rest, "more page")} not captured: the list in the thread says why` : "",
  ];
}

function hint({ storm }: StormView): string {
  return storm.overAtMs === undefined
    ? "Pages of a storm get no card each. Verdicts come into this thread, or into that of the page's own message; the whole list is here, too."
    : "The storm is over: new pages are answered one by one again. The whole list is in this thread.";
}

/** The digest for screen readers and notifications, the point first. */
function digestText(view: StormView, figures: StormFigures): string {
  const { storm, rows } = view;
  const captures = capturesOf(rows);
  const sentences = [
    `${title(view, figures)}: ${countWords(figures).replaceAll(" · ", ", ")} since ${utcTime(storm.beganAtMs)}.`,
    `${fateWords(figures).replaceAll(" · ", ", ")}.`,
    endWords(figures).replace(/([^.])$/, "$1."),
    unansweredWords(view, figures, {
      name: (service) => service,
      command: (service) => `/gofire snapshot ${service}`,
    }).replace(/([^.])$/, "$1."),
    ...spokenVerdicts(rows),
    ...rows.slice(0, mostSpoken).map((row) =>
      [row.page.severity ?? "", row.page.service, row.page.title, rowStory(row, captures)]
        .filter((part) => part !== "")
        .join(", ")
        .replace(/$/, "."),
    ),
    rows.length > mostSpoken ? `And ${counted(rows.length - mostSpoken, "more page")}.` : "",
  ];
  return spoken(sentences.filter((sentence) => sentence !== "").join(" "), slackLimits.text);
}

function spokenVerdicts(rows: readonly StormRow[]): readonly string[] {
  return worstVerdicts(rows)
    .slice(0, mostSpoken)
    .map((one) => `${one.service}, ${verdictText(one)}, ${one.id}.`);
}
