import { defineCommand } from "./command.ts";
import type { CommandContext, Ports } from "./context.ts";
import type { DoctorCheck } from "./reply.ts";
import { type NamedTarget, targetsOfService } from "./targets.ts";

export const doctor = defineCommand({
  name: "doctor",
  summary: "Tell what works on this machine and what is missing: programs, configuration, targets",
  usage: "[options]",
  examples: [
    { line: "doctor", does: "this machine, gofire.yaml, and every target it names" },
    { line: "doctor --offline", does: "without asking the targets" },
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
    offline: { kind: "flag", summary: "do not ask any target" },
    format: { kind: "choice", choices: ["text", "json"], short: "f", summary: "how to print" },
  },
  async run(context, { config: file, offline }, ports) {
    const checks: DoctorCheck[] = [
      await nodeCheck(ports),
      await goCheck(context, ports),
      await stateCheck(ports),
    ];
    const configuration = await configCheck(file, ports);
    checks.push(configuration.check);
    if (!offline)
      checks.push(
        ...(await Promise.all(configuration.targets.map((target) => targetCheck(target, context, ports)))),
      );
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
  const [host, { stateFolder }] = await Promise.all([ports.host(), import("./state-folder.ts")]);
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
): Promise<{ check: DoctorCheck; targets: readonly NamedTarget[] }> {
  const name = "config";
  try {
    const config = await ports.config(file);
    if (config === undefined) {
      return {
        check: {
          name,
          state: "warning",
          detail: "no gofire.yaml here: snapshot takes URLs only, and every limit is the default",
          next: "cp gofire.example.yaml gofire.yaml, then edit it",
        },
        targets: [],
      };
    }
    const services = Object.keys(config.services);
    const targets = services.flatMap((service) => targetsOfService(config, service));
    return {
      check: { name, state: "ok", detail: `${services.length} services, ${targets.length} targets` },
      targets,
    };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { check: { name, state: "failed", detail, next: "Mend the places named above." }, targets: [] };
  }
}

const probeLimits = { deadlineMs: 2_000, maxBytes: 1 << 20 };

async function targetCheck(
  target: NamedTarget,
  { signal }: CommandContext,
  ports: Ports,
): Promise<DoctorCheck> {
  const name = `${target.service} ${target.instance ?? ""}`.trim();
  try {
    const [{ explainRefusal }, goTargets] = await Promise.all([import("../capture/answers.ts"), ports.goTargets()]);
    const goTarget = goTargets.open(target.address, target.access);
    try {
      const answer = await goTarget.index(probeLimits, signal);
      for await (const _chunk of answer.body); // read to the end, so that the connection closes in peace
      if (answer.status === 200) {
        return { name, state: "ok", detail: `${goTarget.url} answers in ${Math.round(answer.headerMs)} ms` };
      }
      const { reason } = explainRefusal({ ...answer, kind: "index", text: "" });
      return { name, state: "failed", detail: goTarget.url, next: reason };
    } finally {
      await goTarget.close();
    }
  } catch (error) {
    return {
      name,
      state: "failed",
      detail: error instanceof Error ? error.message : String(error),
      next: "Is the service up, and may this machine reach its debug port?",
    };
  }
}
