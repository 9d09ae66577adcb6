import type { GofireConfig } from "../config/gofire-config.ts";
import { reasonOf } from "../domain/errors.ts";
import { counted } from "../domain/units.ts";
import { defineCommand } from "./command.ts";
import type { CommandContext, Ports } from "./context.ts";
import { alertChecks } from "./doctor/alerts.ts";
import { artifactChecks } from "./doctor/artifacts.ts";
import { auditChecks } from "./doctor/audit.ts";
import { chatChecks } from "./doctor/chat.ts";
import { configHistoryChecks } from "./doctor/config-history.ts";
import { gateChecks } from "./doctor/gate.ts";
import { prometheusChecks } from "./doctor/prometheus.ts";
import { queueChecks } from "./doctor/queue.ts";
import { rollbackChecks } from "./doctor/rollback.ts";
import { targetChecks } from "./doctor/targets.ts";
import type { DoctorCheck } from "./reply.ts";
import { stateFolder } from "./state-folder.ts";

export const doctor = defineCommand({
  name: "doctor",
  summary: "Tell what works on this machine and what is missing",
  usage: "[options]",
  examples: [
    {
      line: "doctor",
      does: "this machine, gofire.yaml, and all that it names",
    },
    { line: "doctor --offline", does: "this machine and gofire.yaml alone" },
  ],
  whoMayUse: "anyone",
  effect: "read",
  operands: { placeholder: "", min: 0, max: 0 },
  options: {
    config: {
      kind: "text",
      placeholder: "FILE",
      short: "c",
      summary: "configuration instead of ./gofire.yaml",
    },
    offline: {
      kind: "flag",
      summary: "ask nobody: no Slack, Redis, Prometheus, target, nor where evidence is kept",
    },
    format: { kind: "choice", choices: ["text", "json"], short: "f", summary: "how to print" },
  },
  async run(context, { config: file, offline }, ports) {
    const checks: DoctorCheck[] = [
      await nodeCheck(ports),
      await goCheck(context, ports),
      await stateCheck(ports),
    ];
    const { check, config } = await configCheck(file, ports);
    checks.push(check);
    checks.push(...(await alertChecks(config, ports)));
    checks.push(...gateChecks(config));
    checks.push(...(await auditChecks(config, file, context, ports)));
    if (!offline) {
      checks.push(...(await chatChecks(config, context, ports)));
      checks.push(...(await queueChecks(config, context, ports)));
      checks.push(...(await artifactChecks(config, context, ports)));
      checks.push(...(await prometheusChecks(config, context, ports)));
      checks.push(...(await configHistoryChecks(config, context, ports)));
      checks.push(...(await rollbackChecks(config, context, ports)));
    }
    if (config !== undefined && !offline) checks.push(...(await targetChecks(config, context, ports)));
    return { kind: "doctor", checks };
  },
});

/** `engines` of package.json. */
const leastNode = { major: 20, minor: 19 } as const;

async function nodeCheck(ports: Ports): Promise<DoctorCheck> {
  const { nodeVersion, platform } = await ports.host();
  const [major = 0, minor = 0] = nodeVersion.replace(/^v/, "").split(".").map(Number);
  const good = major > leastNode.major || (major === leastNode.major && minor >= leastNode.minor);
  const detail = `Node ${nodeVersion} on ${platform}`;
  return good
    ? { name: "node", state: "ok", detail }
    : {
        name: "node",
        state: "failed",
        detail,
        next: `Install Node ${leastNode.major}.${leastNode.minor} or later.`,
      };
}

async function goCheck({ signal }: CommandContext, ports: Ports): Promise<DoctorCheck> {
  const host = await ports.host();
  const go = await host.findProgram("go");
  const version = go === undefined ? undefined : await host.programVersion(go, ["version"], signal);
  if (version !== undefined) return { name: "go", state: "ok", detail: version };
  return {
    name: "go",
    state: "warning",
    detail:
      "no Go toolchain on PATH: the demo replays a recording, and the go tool pprof lines cannot be pasted here",
    next: "Optional: install Go 1.22 or later from https://go.dev/dl/",
  };
}

async function stateCheck(ports: Ports): Promise<DoctorCheck> {
  const host = await ports.host();
  const folder = stateFolder(host);
  const problem = await host.whyNotWritable(folder);
  if (problem === undefined) return { name: "state", state: "ok", detail: `${folder} can be written to` };
  return {
    name: "state",
    state: "failed",
    detail: `${folder}: ${problem}`,
    next: "Set GOFIRE_STATE to a folder that this user may write to.",
  };
}

async function configCheck(
  file: string | undefined,
  ports: Ports,
): Promise<{ readonly check: DoctorCheck; readonly config?: GofireConfig }> {
  const name = "config";
  try {
    const config = await ports.config(file);
    if (config === undefined) {
      const detail = "no gofire.yaml here: snapshot takes addresses only, and every limit is the default";
      return {
        check: { name, state: "warning", detail, next: "cp gofire.example.yaml gofire.yaml, then edit it" },
      };
    }
    const services = Object.values(config.services);
    const targets = services.reduce((sum, service) => sum + service.targets.length, 0);
    const found = services.filter(({ discover }) => discover !== undefined).length;
    const detail = `${config.file}: ${counted(services.length, "service")}, ${counted(targets, "target")}${
      found === 0 ? "" : `, ${counted(found, "place")} to look for more`
    }`;
    return { check: { name, state: "ok", detail }, config };
  } catch (error) {
    return {
      check: { name, state: "failed", detail: reasonOf(error), next: "Mend the places named above." },
    };
  }
}
