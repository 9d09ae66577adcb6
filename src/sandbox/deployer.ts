import { setTimeout as sleep } from "node:timers/promises";
import { shortRevision } from "../domain/configuration/short-revision.ts";
import { reasonOf } from "../domain/errors.ts";
import type { ConfigRepository } from "./config-repository.ts";

const lookEveryMs = 1_000;

export interface Deployer {
  /** Ends when what it does just now is done. */
  stop(): Promise<void>;
}

/**
 * What a continuous delivery system does: whenever the branch moves, the service gets what its file says there. `apply` that
 * rejects is tried again. `tell` hears what was done, in a sentence. The first look is over when it has started.
 */
export async function startDeployer(
  repository: Pick<ConfigRepository, "tip" | "settings">,
  apply: (settings: Readonly<Record<string, string>>) => Promise<void>,
  tell: (line: string) => void,
): Promise<Deployer> {
  const over = new AbortController();
  let deployed: string | undefined;
  let complaint: string | undefined;

  async function look(): Promise<void> {
    try {
      const tip = await repository.tip();
      if (tip === deployed) return;
      await apply(await repository.settings(tip));
      if (deployed !== undefined) tell(`The deployer has brought ${shortRevision(tip)} to order.`);
      deployed = tip;
      complaint = undefined;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== complaint) tell(`The deployer tries again: ${reason}`);
      complaint = reason;
    }
  }

  async function watch(): Promise<void> {
    while (!over.signal.aborted) {
      await sleep(lookEveryMs, undefined, { signal: over.signal }).catch(() => {});
      if (!over.signal.aborted) await look();
    }
  }

  await look();
  const watching = watch();
  return {
    async stop() {
      over.abort();
      await watching;
    },
  };
}
