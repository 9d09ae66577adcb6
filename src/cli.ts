#!/usr/bin/env node
/** The `gofire` program: wires adapters to ports, runs one command, prints its reply, sets the exit code. */
import type { CommandContext, Ports } from "./commands/context.ts";
import type { Answer } from "./commands/dispatch.ts";
import type { Reply } from "./commands/reply.ts";

const version = process.env.GOFIRE_VERSION ?? "development";
const words = process.argv.slice(2);
/** Progress that is no terminal's is read in logs and mails; two more columns indent what follows the first line. */
const logWidth = 78;

if (words.length === 1 && (words[0] === "--version" || words[0] === "-V")) {
  process.stdout.write(`gofire ${version}\n`);
} else {
  process.exitCode = await main();
}

/** Exit codes: 0 nothing at or above the chosen severity, 1 findings, 2 usage or bad input, 3 evidence missing. */
async function main(): Promise<number> {
  // Loaded only now: a version question must not pay for the rest.
  const [{ dispatch }, { PortError, UsageError }, { ProgressLine }, { wrap }] = await Promise.all([
    import("./commands/dispatch.ts"),
    import("./domain/errors.ts"),
    import("./integrations/terminal/screen.ts"),
    import("./render/wrap.ts"),
  ]);
  const progress = new ProgressLine(process.stderr, (text) => wrap(text, logWidth));
  const stop = new AbortController();
  process.once("SIGINT", () => {
    progress.show("Stopping: keeping what is there. Press Ctrl-C again to leave at once.");
    stop.abort(new UsageError("Stopped."));
  });
  process.once("SIGTERM", () => stop.abort(new UsageError("Stopped.")));
  const context: CommandContext = {
    version,
    signal: stop.signal,
    progress: (line) => progress.show(line),
    log: (line) => progress.log(line),
  };
  try {
    const answer = await dispatch(words, context, ports());
    progress.clear();
    await print(await rendered(answer));
    if (answer.reply.kind === "analysis") {
      for (const problem of answer.reply.problems) process.stderr.write(`gofire: ${problem}\n`);
      if (answer.reply.bundle !== undefined) process.stderr.write(bundleHint(answer.reply.bundle));
    }
    return await exitCodeOf(answer.reply);
  } catch (error) {
    progress.clear();
    if (error instanceof UsageError || error instanceof PortError) {
      process.stderr.write(`gofire: ${error.message}\n`);
      return error instanceof UsageError ? 2 : 3;
    }
    throw error;
  }
}

function ports(): Ports {
  return {
    config: async (file) => {
      const [{ loadConfig }, { analyzers }] = await Promise.all([
        import("./config/load.ts"),
        import("./analyzers/index.ts"),
      ]);
      return loadConfig(
        file,
        analyzers.map((analyzer) => analyzer.meta),
      );
    },
    evidence: async () => (await import("./integrations/artifacts/evidence-source.ts")).evidenceSource(),
    goTargets: async () =>
      (await import("./integrations/go-target/client.ts")).goTargets({ userAgent: `gofire/${version}` }),
    metricsServers: async () =>
      (await import("./integrations/prometheus/client.ts")).prometheusServers({
        userAgent: `gofire/${version}`,
      }),
    artifacts: async (config, stateFolder) => {
      const [{ configuredArtifacts }, { thisHost }] = await Promise.all([
        import("./configured-artifacts.ts"),
        import("./integrations/host/this-host.ts"),
      ]);
      return (await configuredArtifacts(config, thisHost, stateFolder)).artifacts;
    },
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
    ruleRecords: async (stateFolder, tell, signal) =>
      await (await import("./feedback-records.ts")).readRuleRecords(stateFolder, tell, signal),
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
  if (reply.kind === "text") return reply.text;
  const [{ screenOf }, { colourStyle, plainStyle }] = await Promise.all([
    import("./integrations/terminal/screen.ts"),
    import("./render/style.ts"),
  ]);
  const { width, colour } = screenOf(process.stdout, process.env);
  const style = colour ? colourStyle : plainStyle;
  switch (reply.kind) {
    case "analysis":
      if (format === "markdown")
        return (await import("./render/markdown.ts")).analysisMarkdown(reply.analysis);
      return (await import("./render/terminal.ts")).analysisText(reply.analysis, { style, width, verbose });
    case "rules":
      return (await import("./render/rules.ts")).rulesText(reply.rules, style, width);
    case "rule":
      return (await import("./render/rules.ts")).ruleText(reply.rule, style, width);
    case "rule-stats":
      return (await import("./render/rule-stats.ts")).ruleStatsText(reply.stats, reply.where, style, width);
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
    case "doctor":
      return reply.checks;
    case "text":
      return reply.text;
  }
}

async function exitCodeOf(reply: Reply): Promise<number> {
  if (reply.kind === "doctor") return reply.checks.some((check) => check.state === "failed") ? 1 : 0;
  if (reply.kind !== "analysis" || reply.severity === "never") return 0;
  const { analysis, severity } = reply;
  const { counts } = await import("./domain/finding.ts");
  if (analysis.findings.some((finding) => counts(finding, severity))) return 1;
  return analysis.verdict === "inconclusive" || reply.unread > 0 ? 3 : 0;
}

function bundleHint(bundle: string): string {
  return `\nEvidence kept in ${bundle}\nJudge it again with: gofire replay ${bundle}\n`;
}

/** Waits until a slow reader (a pipe) has taken everything; a reader that went away is not an error. */
function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EPIPE" ? resolve() : reject(error),
    );
    process.stdout.write(text, () => resolve());
  });
}
