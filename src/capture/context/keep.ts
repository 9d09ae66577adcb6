import type { ServiceContext } from "../../domain/context/service-context.ts";
import { counted } from "../../domain/units.ts";
import { serviceContextDocument } from "../../parsers/service-context.ts";
import type { Clock } from "../../ports/clock.ts";
import type { GoTarget } from "../../ports/go-target.ts";
import type { MetricsServer } from "../../ports/metrics-server.ts";
import { keepBeside, patiently } from "../beside.ts";
import { momentAsked } from "../moment.ts";
import type { OnProgress } from "../progress.ts";
import type { CaptureRequest } from "../request.ts";
import type { Story } from "../story.ts";
import { gatherContext } from "./gather.ts";

/** Where the past of a service can be asked about, and how its series are known there. */
export interface ContextSource {
  readonly server: MetricsServer;
  /** Labels that the service's series have, by the configuration. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Labels of the alert that asked. */
  readonly alert?: Readonly<Record<string, string>>;
  /** When that alert began to fire, milliseconds since the epoch. */
  readonly sinceMs?: number;
}

/** A context that is gathered while the process is captured. */
export interface Gathering {
  /**
   * Waits for it until `untilMs` (monotonic) at most, keeps it in the bundle if there is one, and tells of it. Undefined
   * when nobody was asked. Throws only when the store fails.
   */
  end(untilMs: number): Promise<ServiceContext | undefined>;
}

const file = "context.json.gz";

export function beginContext(
  source: ContextSource | undefined,
  request: CaptureRequest,
  { target, clock }: { readonly target: GoTarget; readonly clock: Clock },
  story: Story,
  signal: AbortSignal,
  onProgress: OnProgress,
): Gathering {
  if (source === undefined) return { end: () => Promise.resolve(undefined) };
  if (request.exclude.includes("context")) {
    return {
      async end() {
        await story.skip("context", "left out by the request");
        return undefined;
      },
    };
  }
  const over = new AbortController();
  const startedAtMs = clock.nowMs();
  const startedAt = clock.monotonicMs();
  const { server, labels, alert, sinceMs } = source;
  onProgress({ type: "started", kind: "context", expectedMs: 0 });
  let tookMs = 0;
  const gathering = gatherContext(
    {
      server,
      atMs: momentAsked(sinceMs, startedAtMs),
      names: namesOf(target),
      ...(request.service === undefined ? {} : { service: request.service }),
      ...(labels === undefined ? {} : { labels }),
      ...(alert === undefined ? {} : { alert }),
    },
    clock,
    AbortSignal.any([signal, over.signal]),
  ).finally(() => {
    tookMs = Math.round(clock.monotonicMs() - startedAt);
  });
  // Whoever never asks how it ended must not be brought down by it.
  gathering.catch(() => {});

  return {
    async end(untilMs) {
      await patiently(gathering, untilMs, clock, signal);
      over.abort();
      const { context, answered, unanswered } = await gathering;
      const status = unanswered === 0 ? "ok" : answered === 0 ? "failed" : "partial";
      const reason =
        status === "ok"
          ? {}
          : {
              reason: `${counted(unanswered, "question")} unanswered: ${context.missing[0]?.missing ?? "no reason known"}`,
            };
      const record = { kind: "context", startedAtMs, durationMs: tookMs, status, ...reason } as const;
      await keepBeside(story, record, file, serviceContextDocument.text(context));
      return { artifact: file, ...context };
    },
  };
}

/** What the process is called: by the configuration, and by where it listens. */
function namesOf({ instance, url }: GoTarget): readonly string[] {
  const authority = /^https?:\/\/(?<authority>[^/]+)/.exec(url)?.groups?.["authority"];
  return [...new Set([...(authority === undefined ? [] : [authority]), instance])];
}
