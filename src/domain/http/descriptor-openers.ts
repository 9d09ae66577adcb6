import type { Frame } from "../code/frame.ts";
import { type OwnCode, ownFrames } from "../code/own-code.ts";
import type { Evidence, TargetFacts } from "../evidence/evidence.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { countIn } from "../goroutines/pile-up.ts";
import { type HeapSite, heapSites } from "../memory/heap-sites.ts";
import { type Profile, sampleIndexOf, stackOf } from "../profiles/profile.ts";
import { countText } from "../units.ts";
import { httpCallers } from "./http-callers.ts";
import { type HttpClientRole, httpClientRole } from "./http-client-roles.ts";
import { listenersOf } from "./listeners.ts";

/** Who may have opened most of the descriptors. Always an inference: no profile lists descriptors. */
export interface DescriptorOpener {
  readonly where: readonly Frame[];
  /** "312 are HTTP client connections". */
  readonly text: string;
  readonly artifact: string;
}

type Sources = Partial<Pick<Evidence, "goroutines" | "heap" | "cpu">> & { readonly target: TargetFacts };

/** The likeliest opener of at least `share` of `open` descriptors; undefined when nothing tells. */
export function descriptorOpener(sources: Sources, open: number, share = 0.4): DescriptorOpener | undefined {
  const { goroutines } = sources;
  if (goroutines !== undefined) {
    const client = clientConnections(goroutines.best);
    if (client >= open * share) {
      const [caller] = httpCallers(sources);
      return {
        where: caller?.where ?? [],
        text: `about ${client} of them are HTTP client connections${caller === undefined ? "" : `, probably those of ${caller.where[0]?.function}`}`,
        artifact: goroutines.best.artifact,
      };
    }
    const served = goroutines.best.groups.filter(servesConnection);
    const server = served.reduce((sum, { count }) => sum + count, 0);
    if (server >= open * share) {
      const [listener] = listenersOf(served, goroutines.best, sources.target.own);
      return {
        where: listener?.where ?? [],
        text: `about ${server} of them are connections that clients hold open to this server`,
        artifact: goroutines.best.artifact,
      };
    }
  }
  return heapOpener(sources, open);
}

const connectionRoles: ReadonlySet<HttpClientRole | undefined> = new Set<HttpClientRole>([
  "open-body",
  "reads-connection",
  "reads-shared-connection",
  "dials",
]);

function clientConnections(snapshot: GoroutineSnapshot): number {
  return countIn(snapshot, (group) => connectionRoles.has(httpClientRole(group)));
}

function servesConnection({ stack }: GoroutineGroup): boolean {
  return stack.some(({ function: symbol }) => symbol === "net/http.(*conn).serve");
}

/** Go source: os/file.go, os/file_unix.go, os/pipe2_unix.go, net/dial.go. Accepted connections are counted by goroutine. */
const opens =
  /^os\.(?:newFile|NewFile|OpenFile|Open|Create|CreateTemp|Pipe|openFileNolog)$|^net\.(?:\(\*Dialer\)\.DialContext|Dial(?:Timeout)?|Listen)$|^net\.\(\*ListenConfig\)\.Listen$/;

/**
 * The own function whose opened files or connections stay in memory; else one that keeps about as many objects as
 * descriptors are open; else the one that opened most since the start.
 */
function heapOpener({ heap, target: { own } }: Sources, open: number): DescriptorOpener | undefined {
  const profile = heap?.at(-1);
  if (profile === undefined) return undefined;
  const opener = largestOpener(profile, own);
  if (opener !== undefined && opener.inuse > 0) {
    const text = `${opener.where[0]?.function} opened files or connections that are still in memory`;
    return { where: opener.where, text, artifact: profile.artifact };
  }
  const keeper = keeperOfAsMany(profile, own, open);
  if (keeper !== undefined) {
    const objects = countText(keeper.held.inuseObjects);
    const text = `${keeper.frame.function} keeps about ${objects} objects, one for each descriptor, and may have opened them`;
    return { where: ownFrames(keeper.stack, own), text, artifact: profile.artifact };
  }
  if (opener === undefined) return undefined;
  const text = `${opener.where[0]?.function} opened most files or connections since the start`;
  return { where: opener.where, text, artifact: profile.artifact };
}

interface HeapOpener {
  readonly where: readonly Frame[];
  readonly inuse: number;
}

function largestOpener(profile: Profile, own: OwnCode): HeapOpener | undefined {
  const inuse = profile.values[sampleIndexOf(profile, "inuse_objects")];
  const alloc = profile.values[sampleIndexOf(profile, "alloc_objects")];
  const openers = new Map<string, { where: readonly Frame[]; inuse: number; alloc: number }>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const stack = stackOf(profile, sample);
    const at = stack.findLastIndex((frame) => opens.test(frame.function));
    const where = at === -1 ? [] : ownFrames(stack.slice(at + 1), own);
    const name = where[0]?.function;
    if (name === undefined) continue;
    const opener = openers.get(name) ?? { where, inuse: 0, alloc: 0 };
    opener.inuse += inuse?.[sample] ?? 0;
    opener.alloc += alloc?.[sample] ?? 0;
    openers.set(name, opener);
  }
  return [...openers.values()].sort((a, b) => b.inuse - a.inuse || b.alloc - a.alloc)[0];
}

/** How far the estimated number of kept objects may be from the number of descriptors, as a factor. */
const aboutAsMany = 1.6;

/** The own function whose objects in use are nearest in number to the open descriptors; the figures are samples. */
function keeperOfAsMany(profile: Profile, own: OwnCode, open: number): HeapSite | undefined {
  const distance = ({ held }: HeapSite) => Math.abs(Math.log(held.inuseObjects / open));
  return [...heapSites(profile, own).values()]
    .filter((site) => site.isOwn && site.held.inuseObjects > 0 && distance(site) <= Math.log(aboutAsMany))
    .sort((a, b) => distance(a) - distance(b))[0];
}
