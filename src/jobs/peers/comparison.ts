import { reasonOf } from "../../domain/errors.ts";
import type { Analysis } from "../../domain/findings/finding.ts";
import type { Incident, Reply, ReplyFile } from "../../domain/incidents/incident.ts";
import { processName } from "../../domain/incidents/peer.ts";
import type { Artifacts } from "../../ports/artifacts.ts";
import type { Incidents } from "../../ports/incidents.ts";
import type { PictureSource, Pictures } from "../../ports/pictures.ts";
import type { Services } from "../../ports/services.ts";
import { textOf } from "../thread/contents.ts";

export interface ComparisonPorts {
  readonly incidents: Pick<Incidents, "read">;
  readonly artifacts: Artifacts;
  readonly services: Pick<Services, "rules">;
  readonly pictures: Pictures;
  /** Hears why a picture could not be drawn; people are told in the thread that there is none. */
  readonly onTrouble: (message: string) => void;
}

/** What a reply says of the change since an earlier incident: a picture where one can be drawn, always words. */
export async function comparison(
  incident: Incident,
  earlierId: string,
  ports: ComparisonPorts,
  signal: AbortSignal,
): Promise<Pick<Reply, "text" | "files">> {
  const without = `There is no flame graph of what changed since ${earlierId}`;
  try {
    const earlier = await ports.incidents.read(earlierId, signal);
    const before = earlier === undefined ? undefined : await sourceOf(earlier, ports, signal);
    const now = await sourceOf(incident, ports, signal);
    if (before === undefined || now === undefined) {
      return { text: `${without}: its captures are no longer kept.`, files: [] };
    }
    const into = `incidents/${incident.id}/pictures/since-${earlierId}/`;
    const picture = await ports.pictures.compare(before, now, { intoPrefix: into }, signal);
    if (picture === undefined) {
      return { text: `${without}: the two have no profile in common.`, files: [] };
    }
    return { text: `Since ${earlierId}: ${picture.altText ?? picture.title}`, files: [picture] };
  } catch (error) {
    signal.throwIfAborted();
    ports.onTrouble(`${incident.id}: no picture: ${reasonOf(error)}`);
    return { text: `${without}: it could not be drawn.`, files: [] };
  }
}

/** A picture of what the incident's process and its peer do not have in common; undefined where there is none. */
export async function peerPicture(
  incident: Incident,
  ports: Omit<ComparisonPorts, "incidents">,
  signal: AbortSignal,
): Promise<ReplyFile | undefined> {
  const { id, peer } = incident;
  const { bundle, document, comparison: compared } = peer ?? {};
  if (bundle === undefined || document === undefined || compared === undefined) return undefined;
  try {
    const second = await sourceOf(incident, ports, signal);
    if (second === undefined) return undefined;
    const analysis = await documentOf(document, ports.artifacts, signal);
    return await ports.pictures.compare(
      { bundle, analysis, modules: second.modules },
      second,
      {
        intoPrefix: `incidents/${id}/pictures/peer/`,
        processes: { first: processName(compared.there), second: processName(compared.here) },
      },
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    ports.onTrouble(`${id}: no picture: ${reasonOf(error)}`);
    return undefined;
  }
}

/** What an incident's pictures are drawn from; undefined when it is not kept any more. */
export async function sourceOf(
  { bundle, analysis, service }: Incident,
  { artifacts, services }: Pick<ComparisonPorts, "artifacts" | "services">,
  signal: AbortSignal,
): Promise<PictureSource | undefined> {
  if (bundle === undefined || analysis === undefined) return undefined;
  if ((await artifacts.stat(analysis.document, signal)) === undefined) return undefined;
  const { modules } = await services.rules(service);
  return { bundle, analysis: await documentOf(analysis.document, artifacts, signal), modules };
}

/** Our own document, written by the analyse job. */
export async function documentOf(key: string, artifacts: Artifacts, signal: AbortSignal): Promise<Analysis> {
  return JSON.parse(await textOf(key, artifacts, signal)) as Analysis;
}
