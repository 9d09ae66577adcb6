/**
 * A run of `gofire` in a terminal: wires adapters to ports, runs one command, prints its reply. What judging captures
 * takes is imported here and becomes few files (scripts/build.mjs); what only some commands need comes with `import()`.
 */
import type { CommandContext, Ports } from "./commands/context.ts";
import { type Answer, dispatch } from "./commands/dispatch.ts";
import type { Reply } from "./commands/reply.ts";
import { loadConfig } from "./config/load.ts";
import { PortError, UsageError } from "./domain/errors.ts";
import { counts } from "./domain/findings/finding.ts";
import { evidenceSource } from "./integrations/artifacts/evidence-source.ts";
import { isUtf8, ProgressLine, screenOf } from "./integrations/terminal/screen.ts";
import { asciiText } from "./render/ascii.ts";
import type { GateReport } from "./render/config-gate.ts";
import { analysisMarkdown } from "./render/markdown.ts";
import { colourStyle, plainStyle, printable, printableLines } from "./render/style.ts";
import { analysisText } from "./render/terminal/analysis.ts";
import { wrap } from "./render/wrap.ts";

/** Progress that is no terminal's is read in logs and mails; two more columns indent what follows the first line. */
const logWidth = 78;

/** Exit codes: 0 nothing at or above the chosen severity, 1 findings, 2 usage or bad input, 3 evidence missing. */
export async function runCommand(words: readonly string[], version: string): Promise<number> {
  const progress = new ProgressLine(process.stderr, process.env, (text) => wrap(text, logWidth));
  const stop = new AbortController();
  process.once("SIGINT", () => {
    progress.show("Stopping: keeping what is there. Press Ctrl-C again to leave at once.");
    stop.abort(new UsageError("Stopped."));
  });
  process.once("SIGTERM", () => stop.abort(new UsageError("Stopped.")));
  const context: CommandContext = {
    version,
    signal: stop.signal,
    progress: (line) => progress.show(spelled(printable(line))),
    log: (line) => progress.log(spelled(printable(line))),
  };
  try {
    const answer = await dispatch(words, context, ports(version));
    progress.clear();
    const text = await rendered(answer);
    const isForPeople = answer.format === "text" && answer.reply.kind !== "file";
    await print(isForPeople ? spelled(text) : text);
    if (answer.reply.kind === "analysis") {
      for (const problem of answer.reply.problems) complain(problem);
      process.stderr.write(bundleHint(answer.reply));
    }
    return exitCodeOf(answer.reply);
  } catch (error) {
    progress.clear();
    if (error instanceof UsageError || error instanceof PortError) {
      complain(error instanceof PortError ? sentence(error) : error.message);
      return error instanceof UsageError ? 2 : 3;
    }
    throw error;
  }
}

/** As this person's terminal can show it. Documents for programs are UTF-8 anywhere. */
function spelled(text: string): string {
  return isUtf8(process.env) ? text : asciiText(text);
}

/** A disk says only what is wrong, not with which file. */
function sentence({ target, message }: PortError): string {
  return message.includes(target) ? message : `${target}: ${message}`;
}

/** Names of files and what servers answered stand in messages. */
function complain(message: string): void {
  process.stderr.write(`gofire: ${spelled(printableLines(message))}\n`);
}

function ports(version: string): Ports {
  return {
    config: (file) =>
      loadConfig(file, async () =>
        (await import("./analyzers/index.ts")).analyzers.map((analyzer) => analyzer.meta),
      ),
    evidence: () => Promise.resolve(evidenceSource()),
    goTargets: async () =>
      (await import("./integrations/go-target/client.ts")).goTargets({ userAgent: `gofire/${version}` }),
    metricsServers: async () =>
      (await import("./integrations/prometheus/client.ts")).prometheusServers({
        userAgent: `gofire/${version}`,
      }),
    configHistories: async () => ({ open: (await import("./integrations/git/history.ts")).gitHistory }),
    configWriters: async () => ({ open: (await import("./integrations/git/writer.ts")).gitWriter }),
    configFiles: async () => (await import("./integrations/host/config-files.ts")).configFiles,
    targetSources: async () =>
      (await import("./target-sources.ts")).targetSources({ userAgent: `gofire/${version}` }),
    tlsProbes: async () => (await import("./integrations/tls/probe.ts")).tlsProbes(),
    artifacts: async (config, stateFolder) => {
      const [{ configuredArtifacts }, { thisHost }] = await Promise.all([
        import("./configured-artifacts.ts"),
        import("./integrations/host/this-host.ts"),
      ]);
      return (await configuredArtifacts(config, thisHost, stateFolder)).artifacts;
    },
    auditLogs: async () =>
      (await import("./integrations/audit-log/logs.ts")).auditLogs({ userAgent: `gofire/${version}` }),
    captureStore: async (folder) => (await import("./integrations/artifacts/bundle.ts")).captureStore(folder),
    captureLock: async (folder) =>
      (await import("./integrations/artifacts/capture-lock.ts")).captureLock(folder),
    clock: async () => (await import("./integrations/clock/system-clock.ts")).systemClock,
    host: async () => (await import("./integrations/host/this-host.ts")).thisHost,
    lab: async () => (await import("./sandbox/lab-service.ts")).labService(),
    demoWorlds: async () => (await import("./demo-world.ts")).demoWorlds(version),
    chatCheck: async (config, tell, signal) => {
      const [{ slackCheck }, { thisHost }] = await Promise.all([
        import("./serve-parts.ts"),
        import("./integrations/host/this-host.ts"),
      ]);
      return await slackCheck(config, thisHost, version, tell, signal);
    },
    queueCheck: async (tell) => {
      const [{ lookAtRedis }, { thisHost }] = await Promise.all([
        import("./integrations/redis/chosen.ts"),
        import("./integrations/host/this-host.ts"),
      ]);
      return await lookAtRedis(thisHost, tell);
    },
    ruleRecords: async (stateFolder, tell, signal) =>
      await (await import("./feedback-records.ts")).readRuleRecords(stateFolder, tell, signal),
    knownRollbacks: async (ids, stateFolder, tell, signal) =>
      await (await import("./rollback-records.ts")).knownRollbacks(ids, stateFolder, tell, signal),
    serverTls: async (tls) => {
      const [{ readTlsFiles }, { thisHost }] = await Promise.all([
        import("./integrations/http/tls-files.ts"),
        import("./integrations/host/this-host.ts"),
      ]);
      return await readTlsFiles(tls, thisHost, Date.now());
    },
    server: async (config) => {
      const [{ server }, { configuredParts }, { thisHost }] = await Promise.all([
        import("./serve.ts"),
        import("./serve-parts.ts"),
        import("./integrations/host/this-host.ts"),
      ]);
      return server(configuredParts(config, thisHost, version));
    },
  };
}

async function rendered({ reply, format, verbose }: Answer): Promise<string> {
  if (format === "json") return `${JSON.stringify(jsonOf(reply), undefined, 2)}\n`;
  if (reply.kind === "text" || reply.kind === "file") return reply.text;
  const { width, colour } = screenOf(process.stdout, process.env);
  const style = colour ? colourStyle : plainStyle;
  switch (reply.kind) {
    case "analysis":
      return format === "markdown"
        ? analysisMarkdown(reply.analysis)
        : analysisText(reply.analysis, {
            style,
            width,
            verbose,
            ...(reply.folder === undefined ? {} : { folder: reply.folder }),
          });
    case "rules":
      return (await import("./render/rules.ts")).rulesText(reply.rules, style, width);
    case "rule":
      return (await import("./render/rules.ts")).ruleText(reply.rule, style, width);
    case "rule-stats":
      if (format === "markdown")
        return (await import("./render/rule-stats.ts")).ruleStatsMarkdown(reply.stats, reply.where);
      return (await import("./render/rule-stats.ts")).ruleStatsText(reply.stats, reply.where, style, width);
    case "tls":
      return format === "markdown"
        ? (await import("./render/tls-markdown.ts")).tlsMarkdown(reply.report)
        : (await import("./render/tls.ts")).tlsText(reply.report, { style, width, verbose });
    case "config-diff":
      return format === "markdown"
        ? (await import("./render/config-diff.ts")).configDiffMarkdown(reply.diff)
        : (await import("./render/config-diff.ts")).configDiffText(reply.diff, style, width);
    case "config-lint":
      return format === "markdown"
        ? (await import("./render/config-lint.ts")).configLintMarkdown(reply.files)
        : (await import("./render/config-lint.ts")).configLintText(reply.files, style, width);
    case "config-gate":
      return format === "markdown"
        ? (await import("./render/config-gate.ts")).configGateMarkdown(reply.report)
        : (await import("./render/config-gate.ts")).configGateText(reply.report, style, width);
    case "audit":
      return (await import("./render/audit.ts")).auditText(reply.report, style, width);
    case "doctor":
      return (await import("./render/doctor.ts")).doctorText(reply.checks, style, width);
  }
}

/** The public document where there is one, else the reply's own content. */
function jsonOf(reply: Reply): unknown {
  switch (reply.kind) {
    case "analysis":
      return reply.analysis;
    case "rules":
      return reply.rules;
    case "rule":
      return reply.rule;
    case "rule-stats":
      return reply.stats;
    case "tls":
      return reply.report;
    case "config-diff":
      return reply.diff;
    case "config-lint":
      return reply.files;
    case "config-gate":
    case "audit":
      return reply.report;
    case "doctor":
      return reply.checks;
    case "text":
    case "file":
      return reply.text;
  }
}

function exitCodeOf(reply: Reply): number {
  if (reply.kind === "doctor") return reply.checks.some((check) => check.state === "failed") ? 1 : 0;
  if (reply.kind === "audit") return reply.report.problems.length > 0 ? 1 : 0;
  if (reply.kind === "tls") return { pass: 0, fail: 1, inconclusive: 3 }[reply.report.verdict];
  if (reply.kind === "config-diff") {
    if (reply.diff.changes.length > 0) return 1;
    return reply.diff.uncompared.length > 0 ? 3 : 0;
  }
  if (reply.kind === "config-lint") {
    if (reply.files.some(({ problems }) => problems.length > 0)) return 1;
    return reply.files.some(({ unread }) => unread !== undefined) ? 3 : 0;
  }
  if (reply.kind === "config-gate") return gateExitCode(reply.report);
  if (reply.kind !== "analysis" || reply.severity === "never") return 0;
  const { analysis, severity } = reply;
  if (analysis.findings.some((finding) => counts(finding, severity))) return 1;
  return analysis.verdict === "inconclusive" || reply.unread > 0 ? 3 : 0;
}

/** Whoever cannot be asked has approved nothing, and has not refused either. */
function gateExitCode({ states, log }: GateReport): number {
  const isDone = states.every(({ verdict }) => verdict === "not-applicable" || verdict === "approved");
  if (isDone) return 0;
  const isAnswered = log !== undefined && log.problems.length === 0;
  return isAnswered || states.some(({ verdict }) => verdict === "refused") ? 1 : 3;
}

function bundleHint({ bundle, bundleIsLoose }: Extract<Reply, { kind: "analysis" }>): string {
  if (bundle === undefined) return "";
  if (bundleIsLoose === undefined) {
    return `\nEvidence kept in ${bundle}\nJudge it again with: gofire replay ${bundle}\n`;
  }
  return `\nEvidence kept in ${bundle}, without the manifest, for which there was no room\nJudge it again with: gofire analyze ${bundle}\n`;
}

/** Waits until a slow reader (a pipe) has taken everything; a reader that went away is not an error. */
function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // The callback hears of it, too.
    process.stdout.on("error", () => {});
    process.stdout.write(text, (error: NodeJS.ErrnoException | null | undefined) => {
      if (error === null || error === undefined || error.code === "EPIPE") resolve();
      else reject(new UsageError(`The answer cannot be written to standard output: ${error.message}`));
    });
  });
}
