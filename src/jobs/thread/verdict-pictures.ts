import { reasonOf } from "../../domain/errors.ts";
import type { Incident, ReplyFile } from "../../domain/incidents/incident.ts";
import { type ComparisonPorts, sourceOf } from "../peers/comparison.ts";

/** Pictures of what an incident's verdict speaks of; empty when there is nothing to draw or it cannot be drawn. */
export async function verdictPictures(
  incident: Incident,
  ports: Omit<ComparisonPorts, "incidents">,
  signal: AbortSignal,
): Promise<readonly ReplyFile[]> {
  const { id } = incident;
  try {
    const source = await sourceOf(incident, ports, signal);
    return source === undefined ? [] : await ports.pictures.draw(source, `incidents/${id}/pictures/`, signal);
  } catch (error) {
    signal.throwIfAborted();
    ports.onTrouble(`${id}: no picture: ${reasonOf(error)}`);
    return [];
  }
}
