import type { Incident, PageFacts } from "../../domain/incidents/incident.ts";
import { processNamed } from "../../domain/targets/service-process.ts";
import type { Incidents } from "../../ports/incidents.ts";
import type { OpenedTarget, Services } from "../../ports/services.ts";

interface OpenProcessPorts {
  readonly incidents: Incidents;
  readonly services: Services;
}

/**
 * Opens the process that an incident is about, and notes which one that is: lists change, and whatever comes later has
 * to speak of this one. A process that the alerts name and nobody knew when they came may be known by now. Throws as
 * `Services.open`.
 */
export async function openProcess(
  incident: Incident,
  { incidents, services }: OpenProcessPorts,
  signal: AbortSignal,
): Promise<OpenedTarget> {
  const { id, service, origin } = incident;
  const found =
    incident.instance === undefined ? await lateFacts(service, origin.page, services, signal) : {};
  const opened = await services.open(service, incident.instance ?? found.instance, signal);
  const { instance, trouble } = opened;
  try {
    await incidents.update(
      id,
      (now) => {
        const { lookupTrouble, ...rest } = now;
        const page = found.page ?? now.origin.page;
        if (now.instance === instance && lookupTrouble === trouble && page === now.origin.page) return now;
        return {
          ...rest,
          instance,
          ...(trouble === undefined ? {} : { lookupTrouble: trouble }),
          origin: { ...now.origin, ...(page === undefined ? {} : { page }) },
        };
      },
      signal,
    );
  } catch (error) {
    await opened.target.close();
    throw error;
  }
  return opened;
}

/** What is known now of the process that the alerts name; nothing where that was settled when they came. */
async function lateFacts(
  service: string,
  page: PageFacts | undefined,
  services: Services,
  signal: AbortSignal,
): Promise<{ readonly instance?: string; readonly page?: PageFacts }> {
  if (page === undefined || (page.unknownInstance === undefined && page.isUnsure === undefined)) return {};
  const { processes, knownFrom } = await services.processes(service, signal);
  const { unknownInstance, unknownLabel, isUnsure: _isUnsure, ...rest } = page;
  const process = unknownInstance === undefined ? undefined : processNamed(unknownInstance, processes);
  if (process !== undefined) {
    return { instance: process.name, page: { ...rest, knownFrom, named: [process.name] } };
  }
  return {
    page: {
      ...rest,
      knownFrom,
      ...(unknownInstance === undefined ? {} : { unknownInstance }),
      ...(unknownLabel === undefined ? {} : { unknownLabel }),
      ...(unknownInstance === undefined && processes.length > 1 ? { isUnnamed: true } : {}),
    },
  };
}
