import type { Manifest } from "../../capture/manifest.ts";
import { type CaptureRequest, defaultRequest } from "../../capture/request.ts";
import { isFullDisk, PortError, UsageError } from "../../domain/errors.ts";
import type { CaptureStore } from "../../ports/capture-store.ts";
import type { ConfigCatalog } from "../../ports/config-history.ts";
import type { MetricsCatalog, ServiceMetrics } from "../../ports/metrics-server.ts";
import { withHappenings } from "../../render/context-words.ts";
import type { CommandContext, Ports } from "../context.ts";
import { progressText } from "../progress-text.ts";
import { stateFolder } from "../state-folder.ts";
import { type NamedTarget, openTarget } from "./targets.ts";

/** Whom to ask beside the process; absent: nobody. */
interface CaptureSurroundings {
  readonly metrics?: MetricsCatalog;
  /** Closed at the end. */
  readonly configs?: ConfigCatalog;
}

/**
 * The path of the bundle, with its manifest where that found no room in it; or why nothing came to judge, and what was
 * tried: a bundle then has the index page at most.
 */
export type Captured =
  | { readonly bundle: string; readonly unkept?: Manifest }
  | { readonly why: PortError | UsageError; readonly manifest: Manifest; readonly bundle?: string };

/** Captures one target into a new bundle below `folder`, with what its surroundings say of it. */
export async function captureTarget(
  target: NamedTarget,
  request: Partial<CaptureRequest>,
  folder: string,
  context: CommandContext,
  ports: Ports,
  { metrics, configs }: CaptureSurroundings = {},
): Promise<Captured> {
  const [{ runCapture }, host, store, clock, goTargets, past] = await Promise.all([
    import("../../capture/run.ts"),
    ports.host(),
    storeIn(folder, ports),
    ports.clock(),
    ports.goTargets(),
    pastOf(target, metrics, context),
  ]);
  const goTarget = openTarget(target, goTargets);
  const config = configs?.of(target.service);
  const locks = `${stateFolder(host)}/locks`;
  const lock = await ports.captureLock(locks);
  try {
    const outcome = await runCapture(
      { ...defaultRequest, ...request, ...(target.service === undefined ? {} : { service: target.service }) },
      {
        target: goTarget,
        store,
        lock,
        clock,
        gofireVersion: context.version,
        ...(past === undefined ? {} : { context: past }),
        ...(config === undefined ? {} : { config }),
      },
      context.signal,
      (progress) => {
        const line = progressText(progress);
        if (line !== undefined) context.progress(line);
      },
    );
    const { bundle, manifest } = outcome;
    if (outcome.ending === "unreachable") {
      const reason = outcome.reason ?? `${goTarget.url} did not answer`;
      const message = withHappenings(`${goTarget.url}: ${sentences(reason, wayIn(reason))}`, outcome.context);
      const why = new PortError("unavailable", goTarget.url, message);
      return { why, manifest, ...(bundle === undefined ? {} : { bundle }) };
    }
    const way = wayIn(outcome.reason ?? "");
    if (way !== undefined) context.log(way);
    if (bundle !== undefined) {
      return { bundle, ...(outcome.manifestUnkept === undefined ? {} : { unkept: manifest }) };
    }
    return { why: new UsageError(outcome.reason ?? "Nothing was captured."), manifest };
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    if (error.target.startsWith(locks)) throw cannotLock(locks, error);
    throw isFullDisk(error) ? cannotKeep(folder, error) : error;
  } finally {
    await Promise.all([goTarget.close(), past?.server.close(), configs?.close()]);
  }
}

/** Where nothing can be kept, the person chooses another folder. */
async function storeIn(folder: string, ports: Ports): Promise<CaptureStore> {
  const store = await ports.captureStore(folder);
  return {
    ...store,
    create: async (name, signal) => {
      try {
        return await store.create(name, signal);
      } catch (error) {
        throw error instanceof PortError ? cannotKeep(folder, error) : error;
      }
    },
  };
}

function cannotKeep(folder: string, { message }: PortError): UsageError {
  const where = folder === "." ? "this folder" : folder;
  return new UsageError(
    `The evidence cannot be kept in ${where}: ${message}. --out FOLDER names another one.`,
  );
}

function cannotLock(locks: string, error: PortError): PortError {
  const message = `That nobody else captures the target now cannot be noted in ${locks}: ${error.message}. GOFIRE_STATE=FOLDER in the environment names another place.`;
  return new PortError(error.code, locks, message, { cause: error });
}

/** What is missing to ask keeps nobody from capturing: it is said. */
async function pastOf(
  { service }: NamedTarget,
  metrics: MetricsCatalog | undefined,
  context: CommandContext,
): Promise<ServiceMetrics | undefined> {
  try {
    return await metrics?.open(service);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    context.log(`Prometheus is not asked what was usual: ${error.message}`);
    return undefined;
  }
}

/** Options that help, by what stood in the way. The same can be said of a target in gofire.yaml. */
const waysIn: readonly (readonly [obstacle: RegExp, options: string])[] = [
  [
    /no longer answers: connection refused/,
    "The process has probably ended (crash, out of memory, restart). Its last words: kubectl logs --previous POD | gofire analyze -",
  ],
  [/^the disk is full/, "--out FOLDER names a place with room."],
  [/^404: no pprof|^200, but not pprof/, "If it is mounted elsewhere: --pprof-path PATH."],
  [/^401/, "Give --user NAME --password-env VARIABLE, or --bearer-env VARIABLE."],
  [/^TLS: .*(?:authority|self-signed)/, "--ca FILE names an authority."],
  [/client certificate/, "--cert FILE and --key FILE are sent as a client certificate."],
  [/^TLS: .*another name/, "--server-name NAME says which name to expect."],
];

function wayIn(reason: string): string | undefined {
  return waysIn.find(([obstacle]) => obstacle.test(reason))?.[1];
}

function sentences(first: string, second: string | undefined): string {
  return second === undefined ? first : `${first}. ${second}`;
}
