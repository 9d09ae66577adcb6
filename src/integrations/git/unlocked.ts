import { setTimeout as sleep } from "node:timers/promises";
import { PortError } from "../../domain/errors.ts";
import type { GitRun } from "./program.ts";

const mostTries = 8;
const waitMs = 100;

/** Tries again what another git, of this process or another, has locked meanwhile: git gives up at once. */
export async function unlocked(run: Pick<GitRun, "signal">, act: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await act();
      return;
    } catch (error) {
      if (tries === mostTries || !(error instanceof PortError) || !/\block\b|\.lock/.test(error.message))
        throw error;
      await sleep(waitMs * tries, undefined, { signal: run.signal });
    }
  }
}
