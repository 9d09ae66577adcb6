import { PortError } from "../../domain/errors.ts";
import { contentTypeOf } from "../../domain/evidence/content-type.ts";
import { analysisChanges } from "../../domain/findings/analysis-changes.ts";
import type { Analysis } from "../../domain/findings/finding.ts";
import type { Incident, Reply } from "../../domain/incidents/incident.ts";
import { oneChunk } from "../../domain/one-chunk.ts";
import type { Artifacts } from "../../ports/artifacts.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Incidents } from "../../ports/incidents.ts";
import type { Mutes } from "../../ports/mutes.ts";
import type { People } from "../../ports/people.ts";
import { incidentReport, type ReportFacts } from "../../render/report/report.ts";
import { documentOf } from "../peers/comparison.ts";

export interface ReportPorts {
  readonly artifacts: Artifacts;
  readonly incidents: Pick<Incidents, "recent">;
  readonly mutes: Mutes;
  /** Absent where nobody can be asked: then people are named by their ids. */
  readonly people?: Pick<People, "person">;
  readonly clock: Clock;
  readonly gofireVersion: string;
}

/** Larger analyses are of processes with hundreds of thousands of goroutine groups, and take seconds to read. */
const mostBytes = 64 << 20;
/** Slack is asked for each once; whoever comes after them is named by the id. */
const mostNames = 30;

/** The report of the incident as it is now, stored, with the words that go with it. */
export async function reportReply(
  incident: Incident,
  { intent }: Pick<Reply, "intent">,
  ports: ReportPorts,
  signal: AbortSignal,
): Promise<Pick<Reply, "text" | "files">> {
  const { id } = incident;
  const name = `${intent.slice(intent.lastIndexOf("/") + 1)}.md`;
  const key = `incidents/${id}/${name}`;
  const report = incidentReport(await factsOf(incident, ports, signal));
  await ports.artifacts.put(key, oneChunk(report), { contentType: contentTypeOf(name) }, signal);
  return {
    text: `Report of ${id}: timeline, findings, changes, evidence, what could not be checked, who did what.`,
    files: [{ artifact: key, name: `report.${id}.md`, title: `Report ${id}` }],
  };
}

async function factsOf(incident: Incident, ports: ReportPorts, signal: AbortSignal): Promise<ReportFacts> {
  const { service } = incident;
  const [read, mutes, names] = await Promise.all([
    analysisOf(incident, ports.artifacts, signal),
    ports.mutes.list(signal),
    namesOf(incident, ports, signal),
  ]);
  const previous =
    read.analysis === undefined ? undefined : await previousOf(incident, read.analysis, ports, signal);
  return {
    incident,
    ...read,
    ...(previous === undefined ? {} : { previous }),
    mutes: mutes.filter(({ subject }) => (subject.service ?? service) === service),
    names,
    nowMs: ports.clock.nowMs(),
    gofireVersion: ports.gofireVersion,
  };
}

/** Of the same channel, so that nobody reads of another one's; of the same process where there is one. */
async function previousOf(
  { id, service, instance, place, createdAtMs }: Incident,
  now: Analysis,
  { incidents, artifacts }: ReportPorts,
  signal: AbortSignal,
): Promise<ReportFacts["previous"]> {
  const recent = await incidents.recent(
    { service, channel: place.channel, states: ["verdict", "resolved"], limit: 50 },
    signal,
  );
  const earlier = recent.filter(
    (other) => other.id !== id && other.createdAtMs <= createdAtMs && other.analysis !== undefined,
  );
  const found = earlier.find((other) => other.instance === instance) ?? earlier[0];
  if (found === undefined) return undefined;
  const { analysis: before } = await analysisOf(found, artifacts, signal);
  if (before === undefined) return undefined;
  const goVersion = found.analysis?.goVersion;
  return {
    id: found.id,
    createdAtMs: found.createdAtMs,
    ...(goVersion === undefined ? {} : { goVersion }),
    changes: analysisChanges(before, now),
  };
}

async function analysisOf(
  { analysis }: Incident,
  artifacts: Artifacts,
  signal: AbortSignal,
): Promise<{ readonly analysis?: Analysis; readonly analysisProblem?: string }> {
  if (analysis === undefined) return {};
  const stored = await artifacts.stat(analysis.document, signal);
  if (stored === undefined) return { analysisProblem: "The whole analysis is not kept any more" };
  if (stored.bytes > mostBytes) return { analysisProblem: "The whole analysis is too large to be read here" };
  return { analysis: await documentOf(analysis.document, artifacts, signal) };
}

/** Best effort: a report with ids is better than none. */
async function namesOf(
  { origin, record, resolvedBy }: Incident,
  { people }: ReportPorts,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const ids = [
    origin.userId,
    resolvedBy,
    ...(record?.entries ?? []).map((entry) => (entry.kind === "act" ? entry.userId : undefined)),
  ];
  const names = new Map<string, string>();
  if (people === undefined) return names;
  for (const id of [...new Set(ids)].slice(0, mostNames)) {
    if (id === undefined) continue;
    try {
      names.set(id, (await people.person(id, signal)).name);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PortError)) throw error;
    }
  }
  return names;
}
