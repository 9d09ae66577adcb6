import { exampleFile } from "../../config/example-file.ts";
import type { GofireConfig } from "../../config/gofire-config.ts";
import { reasonOf } from "../../domain/errors.ts";
import { counted } from "../../domain/units.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { DoctorCheck } from "../reply.ts";
import { stateFolder } from "../state-folder.ts";

/** Node, Go, and the folder that gofire keeps things in. */
export async function machineChecks(context: CommandContext, ports: Ports): Promise<readonly DoctorCheck[]> {
  return [await nodeCheck(ports), await goCheck(context, ports), await stateCheck(ports)];
}

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

/** Whether gofire.yaml can be read, and what it says; absent where it cannot, or there is none. */
export async function configCheck(
  file: string | undefined,
  ports: Ports,
): Promise<{ readonly check: DoctorCheck; readonly config?: GofireConfig }> {
  const name = "config";
  try {
    const config = await ports.config(file);
    if (config === undefined) {
      const detail = "no gofire.yaml here: snapshot takes addresses only, and every limit is the default";
      return {
        check: {
          name,
          state: "warning",
          detail,
          next: `Copy the example and edit it: cp ${exampleFile()} gofire.yaml`,
        },
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
