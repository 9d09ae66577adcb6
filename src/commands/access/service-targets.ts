import type {
  DiscoverConfig,
  GofireConfig,
  ServiceConfig,
  TargetConfig,
} from "../../config/gofire-config.ts";
import { PortError, reasonOf, UsageError } from "../../domain/errors.ts";
import { shortList } from "../../domain/nearest.ts";
import { remembered } from "../../domain/remembered.ts";
import { isNoProcess } from "../../domain/targets/reserved-addresses.ts";
import { authorityOf, processNamed, type ServiceProcess } from "../../domain/targets/service-process.ts";
import { askedOf, wantedOf } from "../../domain/targets/target-place.ts";
import { counted, durationText } from "../../domain/units.ts";
import { untilAborted } from "../../domain/until-aborted.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Host } from "../../ports/host.ts";
import type { FoundTargets, TargetSources } from "../../ports/target-source.ts";
import { foundTarget, openSource } from "./found-target.ts";
import { configuredTarget, type NamedTarget, serviceNamed, type TargetOverrides } from "./targets.ts";

/** A process of a service that can be opened. */
export interface ServiceTarget extends ServiceProcess {
  /** Where gofire.yaml speaks of it, for messages. */
  readonly at: string;
  /** Its address, and its secrets as of now; what the command line says wins. Throws UsageError and PortError. */
  named(overrides: TargetOverrides, signal: AbortSignal): Promise<NamedTarget>;
}

/** As `ServiceProcesses`, but each can be opened. */
export interface KnownTargets {
  readonly targets: readonly ServiceTarget[];
  readonly knownFrom: string;
  readonly trouble?: string;
  /** What was found and is none of them, and why, in words. */
  readonly leftOut?: string;
}

/** The one place that knows the processes of services: what gofire.yaml lists, and what is found where it says to look. */
export interface ServiceTargets {
  /** What is known without asking anybody; none of a service that there is not. */
  known(service: string): readonly ServiceProcess[];
  /** Throws as `Services.processes`, and UsageError for a service that there is not. */
  of(service: string, signal: AbortSignal): Promise<KnownTargets>;
}

/** What is told of services is asked for at most this often, and is no older when it is used. */
const freshMs = 15_000;
/** Pods stay while their API server is away: an old list is better than none, and every use of it is told. */
const staleMs = 3_600_000;
/** A person waits, and a page. */
const askWithinMs = 5_000;
const mostRemembered = 1_000;

export function serviceTargets(
  config: GofireConfig | undefined,
  ports: { readonly host: Host; readonly sources: TargetSources; readonly clock: Clock },
): ServiceTargets {
  const { host, clock } = ports;
  const memory = remembered<FoundTargets>((name) => find(serviceNamed(config, name).discover), {
    freshMs,
    staleMs,
    most: mostRemembered,
    nowMs: () => clock.monotonicMs(),
    // A role that was taken away, or a name that is gone, must not hide the processes in an incident.
    mayStandIn: isTrouble,
  });

  /** Ends by itself: whoever waits for it may leave earlier, and the next one finds the answer. */
  async function find(discover: DiscoverConfig | undefined): Promise<FoundTargets> {
    if (discover === undefined) return { targets: [] };
    const bound = AbortSignal.timeout(askWithinMs);
    try {
      return withoutStrange(await (await openSource(discover, config, ports)).find(bound));
    } catch (error) {
      if (!bound.aborted || error instanceof PortError) throw error;
      const asked = askedOf(discover.place);
      const message = `${asked} did not answer within ${durationText(askWithinMs)}`;
      throw new PortError("timeout", asked, message, { cause: error });
    }
  }

  function listed(service: string, target: TargetConfig): ServiceTarget {
    return {
      ...listedProcess(target),
      at: target.at,
      named: (overrides) => configuredTarget(service, target, overrides, host),
    };
  }

  function found(
    service: string,
    discover: DiscoverConfig,
    { targets }: FoundTargets,
    besides: readonly ServiceProcess[],
  ): readonly ServiceTarget[] {
    return newTo(besides, targets).map((target) => ({
      ...target,
      at: discover.at,
      named: (overrides, signal) =>
        foundTarget(service, target, discover, overrides, { config, ...ports }, signal),
    }));
  }

  return {
    known(name) {
      const service = config?.services[name];
      const own = service?.targets.map(listedProcess) ?? [];
      return [...own, ...newTo(own, memory.last(name)?.targets ?? [])];
    },
    async of(name, signal) {
      const service = serviceNamed(config, name);
      const { discover } = service;
      const own = service.targets.map((target) => listed(name, target));
      if (discover === undefined) return { targets: own, knownFrom: "gofire.yaml" };
      const knownFrom = `${own.length === 0 ? "" : "gofire.yaml and "}${askedOf(discover.place)}`;
      try {
        const { value, ageMs, failure } = await untilAborted(memory.recall(name, signal), signal);
        return {
          targets: [...own, ...found(name, discover, value, own)],
          knownFrom,
          ...(failure === undefined
            ? {}
            : { trouble: `${reasonOf(failure).replace(/\.$/, "")}; ${oldListWords(ageMs)}` }),
          ...(value.leftOut === undefined ? {} : { leftOut: value.leftOut }),
        };
      } catch (error) {
        if (own.length === 0 || !isTrouble(error)) throw error;
        const trouble = `${error.message.replace(/\.$/, "")}; only the processes that gofire.yaml lists are known`;
        return { targets: own, knownFrom, trouble };
      }
    },
  };
}

/** The named process, or the first. Throws UsageError that says which there are. */
export function chosenTarget(
  name: string,
  service: ServiceConfig,
  { targets, leftOut, trouble }: KnownTargets,
  instance: string | undefined,
): ServiceTarget {
  const target = instance === undefined ? targets[0] : processNamed(instance, targets);
  if (target !== undefined) return target;
  const { discover } = service;
  const besides = [leftOut, trouble].flatMap((words) => (words === undefined ? [] : [` ${words}.`])).join("");
  if (targets.length === 0) {
    throw new UsageError(
      discover === undefined
        ? `Service "${name}" has no targets in gofire.yaml.`
        : `Service "${name}" has no process now: ${askedOf(discover.place)} knows no ${wantedOf(discover.place)}.${besides}`,
    );
  }
  const now = discover === undefined ? "" : " now";
  throw new UsageError(
    `Service "${name}" has no instance "${instance}"${now}. It has: ${shortList(targets.map((each) => each.name))}.${besides}`,
  );
}

function listedProcess({ instance, address }: TargetConfig): ServiceProcess {
  return { name: instance ?? address, aliases: instance === undefined ? [] : [address] };
}

/**
 * Whoever can change the records, labels or targets that are looked at must not lead gofire to what only its own machine
 * can reach: the network of one link, and what clouds keep there.
 */
function withoutStrange({ targets, leftOut }: FoundTargets): FoundTargets {
  const asked = targets.filter(
    ({ origin, metrics = origin }) =>
      ![origin, metrics].some((url) => isNoProcess(new URL(url, origin).hostname)),
  );
  const strange = targets.length - asked.length;
  const words = [
    ...(leftOut === undefined ? [] : [leftOut]),
    ...(strange === 0
      ? []
      : [
          `${counted(strange, "address", "addresses")} that no process of a service has (link-local, multicast)`,
        ]),
  ];
  return { targets: asked, ...(words.length === 0 ? {} : { leftOut: words.join("; ") }) };
}

/** Those that are not among the others already, by name or address. */
function newTo<Process extends ServiceProcess>(
  others: readonly ServiceProcess[],
  processes: readonly Process[],
): readonly Process[] {
  const taken = new Set(others.flatMap(({ name, aliases }) => [name, ...aliases].map(authorityOf)));
  return processes.filter(({ name, aliases }) => ![name, ...aliases].some((each) => taken.has(each)));
}

function oldListWords(ageMs: number): string {
  const rounded = ageMs < 60_000 ? Math.round(ageMs / 1_000) * 1_000 : Math.round(ageMs / 60_000) * 60_000;
  return `the last list, ${durationText(rounded)} old, was used`;
}

/** Worded for people. */
function isTrouble(error: unknown): error is Error {
  return error instanceof PortError || error instanceof UsageError;
}
