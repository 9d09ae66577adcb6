import { PortError } from "../../src/domain/errors.ts";
import type { TargetPlace } from "../../src/domain/targets/target-place.ts";
import type {
  FoundTarget,
  SourceServers,
  TargetSource,
  TargetSources,
} from "../../src/ports/target-source.ts";
import type { WebAccess } from "../../src/ports/web-access.ts";

/** What a source answers in a test: targets in any order, or why there are none. */
export type FoundScript = () => readonly FoundTarget[] | PortError | Promise<readonly FoundTarget[]>;

/** A source that answers from a script, as the contract wants it. */
export function fakeTargetSource(script: FoundScript, passage?: WebAccess): TargetSource {
  return {
    async find(signal) {
      signal.throwIfAborted();
      const found = await script();
      signal.throwIfAborted();
      if (found instanceof PortError) throw found;
      const targets = found.toSorted(
        (a, b) => Number(a.isReady === false) - Number(b.isReady === false) || (a.name < b.name ? -1 : 1),
      );
      return { targets };
    },
    passage: () => Promise.resolve(passage),
  };
}

export interface FakeTargetSources extends TargetSources {
  /** What was opened, in order. */
  readonly opened: { readonly place: TargetPlace; readonly servers: SourceServers }[];
}

/** The same source for every place. */
export function fakeTargetSources(script: FoundScript = () => [], passage?: WebAccess): FakeTargetSources {
  const opened: FakeTargetSources["opened"] = [];
  return {
    opened,
    open(place, servers) {
      opened.push({ place, servers });
      return Promise.resolve(fakeTargetSource(script, passage));
    },
  };
}
