import type { Frame } from "../domain/code/frame.ts";
import type { ServiceContext } from "../domain/context/service-context.ts";
import type { CaptureRecord } from "../domain/evidence/capture.ts";
import type { Evidence, TargetFacts } from "../domain/evidence/evidence.ts";
import type { Analysis, PublishedContext, PublishedGroup } from "../domain/findings/finding.ts";
import type { GoroutineGroup } from "../domain/goroutines/goroutine.ts";

/** The public document: what was judged and what came of it. */
export function analysisDocument(
  evidence: Partial<Evidence>,
  target: TargetFacts,
  captures: readonly CaptureRecord[],
  judgement: Pick<Analysis, "verdict" | "findings" | "checks" | "config">,
): Analysis {
  const { service, instance, goVersion } = target;
  return {
    schemaVersion: 1,
    target: {
      ...(service === undefined ? {} : { service }),
      ...(instance === undefined ? {} : { instance }),
      ...(goVersion === undefined
        ? {}
        : { goVersion: `go${goVersion.major}.${goVersion.minor}.${goVersion.patch}` }),
    },
    verdict: judgement.verdict,
    captures: captures.map(publishedRecord),
    findings: judgement.findings.map((finding) => ({ ...finding, where: finding.where.map(publishedFrame) })),
    checks: judgement.checks,
    groups: (evidence.goroutines?.best.groups ?? []).map(publishedGroup),
    ...(evidence.context === undefined ? {} : { context: publishedContext(evidence.context) }),
    ...(judgement.config === undefined ? {} : { config: judgement.config }),
  };
}

function publishedContext({ artifact: _artifact, ...context }: ServiceContext): PublishedContext {
  return context;
}

/** Only the contract's own fields: manifests carry more. */
function publishedRecord(record: CaptureRecord): CaptureRecord {
  const { kind, file, bytes, startedAtMs, durationMs, status, reason } = record;
  return {
    kind,
    ...(file === undefined ? {} : { file }),
    bytes,
    ...(startedAtMs === undefined ? {} : { startedAtMs }),
    durationMs,
    status,
    ...(reason === undefined ? {} : { reason }),
  };
}

function publishedGroup({ state, count, waitMinutes, stack, createdBy }: GoroutineGroup): PublishedGroup {
  return {
    state,
    count,
    ...(waitMinutes === undefined ? {} : { waitMinutes }),
    stack: stack.map(publishedFrame),
    ...(createdBy === undefined ? {} : { createdBy: publishedFrame(createdBy) }),
  };
}

function publishedFrame({ function: symbol, file, line }: Frame): Frame {
  return { function: symbol, file, line };
}
