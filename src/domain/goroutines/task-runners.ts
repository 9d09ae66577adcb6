import type { OwnCode } from "../code/own-code.ts";
import type { GoroutineEvidence } from "../evidence/evidence.ts";
import type { GoroutineGroup } from "./goroutine.ts";
import { countIn } from "./pile-up.ts";
import { siteGrowth, type WaitSite } from "./wait-sites.ts";

/**
 * Functions of task queues that call the service's handler with one task or message. What is called by them has work:
 * an idle worker of theirs waits in the library's own code. Seen: hibiken/asynq processor.go; read: nsqio/go-nsq
 * consumer.go, riverqueue/river internal/jobexecutor.
 */
const runners: readonly (readonly [library: string, runner: RegExp])[] = [
  ["asynq", /(?:^|\/)github\.com\/hibiken\/asynq\.\(\*processor\)\.perform$/],
  ["go-nsq", /(?:^|\/)github\.com\/nsqio\/go-nsq\.\(\*Consumer\)\.handlerLoop$/],
  ["river", /(?:^|\/)github\.com\/riverqueue\/river\/internal\/jobexecutor\.\(\*JobExecutor\)\.Execute$/],
];

/** Which task queue called the goroutines' code, or in whose loop they wait for the next task. */
export function taskRunner({ stack }: GoroutineGroup): string | undefined {
  for (const { function: symbol } of stack) {
    const found = runners.find(([, runner]) => runner.test(symbol));
    if (found !== undefined) return found[0];
  }
  return undefined;
}

/**
 * The task queue all of whose tasks stand at `site`, as many in every capture; undefined when any of them is elsewhere,
 * when their number changes, or when there is only one capture.
 */
export function stuckCrewOf(site: WaitSite, evidence: GoroutineEvidence, own: OwnCode): string | undefined {
  const [first] = site.groups;
  const library = first === undefined ? undefined : taskRunner(first);
  if (library === undefined || !site.groups.every((group) => taskRunner(group) === library)) return undefined;
  const growth = siteGrowth(evidence, site, own);
  const isWhole =
    growth?.counts.every((count) => count === site.count) &&
    [evidence.best, ...evidence.series].every(
      (snapshot) => countIn(snapshot, (group) => taskRunner(group) === library) === site.count,
    );
  return isWhole === true ? library : undefined;
}
