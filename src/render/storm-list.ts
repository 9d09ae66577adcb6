import { fateOf, isEnded, type StormRow, type StormView } from "../domain/alerts/storm.ts";
import { capturesOf, skipReasons, stormFigures } from "../domain/alerts/storm-figures.ts";
import { leadFinding } from "../domain/findings/finding.ts";
import type { Incident } from "../domain/incidents/incident.ts";
import { counted } from "../domain/units.ts";
import { inline } from "./markdown-words.ts";
import { stamp } from "./words.ts";

const reasonCharacters = 300;

/** Every page of a storm as a Markdown file, worst first. All times are UTC. */
export function stormList(view: StormView): string {
  const { storm, rows } = view;
  const { groups, services, alerts } = stormFigures(view);
  const captures = capturesOf(rows);
  const whyNot = skipReasons(rows);
  const over = storm.overAtMs === undefined ? "" : " It is over.";
  return `${[
    `# Storm ${inline(storm.id)}`,
    `${counted(groups, "group")}, ${counted(services, "service")}, ${counted(alerts, "alert")} from ${stamp(storm.beganAtMs)} to ${stamp(storm.lastPageAtMs)} UTC.${over} Worst first: by severity, then by how many alerts fire, then by age.`,
    [
      "| severity | service | alert | alerts | since | gofire | incident |",
      "| --- | --- | --- | ---: | --- | --- | --- |",
      ...rows.map((row) => tableRow(row, captures.get(row.page.service), whyNot(row))),
    ].join("\n"),
  ].join("\n\n")}\n`;
}

/** `capture`: what answers all pages of its service; `whyNot`: why nothing does. */
function tableRow(row: StormRow, capture: Incident | undefined, whyNot: string): string {
  const { severity = "", service, title, alerts, sinceMs } = row.page;
  const cells = [
    inline(severity),
    service === "" ? "" : inline(service),
    inline(title),
    String(alerts),
    stamp(sinceMs),
    inline(storyOf(row, capture, whyNot)),
    inline(row.incident?.id ?? ""),
  ];
  return `| ${cells.join(" | ")} |`;
}

function storyOf(row: StormRow, capture: Incident | undefined, whyNot: string): string {
  const { incident } = row;
  const ended = isEnded(row) ? "; the alerts ended" : "";
  switch (fateOf(row)) {
    case "beginning":
      return "just came in";
    case "waiting":
      return `waits for its capture${ended}`;
    case "capturing":
      return `being captured${ended}`;
    case "judged": {
      const lead = incident?.analysis === undefined ? undefined : leadFinding(incident.analysis);
      const verdict = incident?.analysis?.verdict.toUpperCase() ?? "judged";
      return `${verdict}${lead === undefined ? "" : `: ${lead.title}`}${ended}`;
    }
    case "skipped":
      if (capture !== undefined) return `see ${capture.id}${ended}`;
      return `not captured: ${whyNot.slice(0, reasonCharacters)}${ended}`;
  }
}
