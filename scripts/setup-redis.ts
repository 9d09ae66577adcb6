/**
 * `npx tsx scripts/setup-redis.ts`: makes sure that there is a Redis to use, and says which. Uses REDIS_URL, else a
 * redis-server or valkey-server on PATH, else installs one with the system's package manager when that can be done
 * without asking for a password, else says exactly what to type and ends with 1.
 *
 * With `--for-tests` a server that runs elsewhere does not count, since tests start and kill their own, and where there is
 * none it says what to type and that the tests of it are skipped, and ends with 0.
 */
import { spawnSync } from "node:child_process";
import { thisHost } from "../src/integrations/host/this-host.ts";
import { installWords, serverPrograms } from "../src/integrations/redis/chosen.ts";
import { scriptOptions } from "./options.ts";

interface Installer {
  readonly program: string;
  readonly needsRoot: boolean;
  /** Run one after the other. */
  readonly steps: readonly (readonly string[])[];
}

const installers: readonly Installer[] = [
  {
    program: "apt-get",
    needsRoot: true,
    steps: [
      ["apt-get", "update", "-qq"],
      ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "redis-server"],
    ],
  },
  { program: "dnf", needsRoot: true, steps: [["dnf", "install", "-y", "-q", "valkey"]] },
  { program: "apk", needsRoot: true, steps: [["apk", "add", "--quiet", "valkey"]] },
  { program: "brew", needsRoot: false, steps: [["brew", "install", "--quiet", "redis"]] },
];

const { "for-tests": forTests = false } = scriptOptions({ "for-tests": { type: "boolean" } });
process.exitCode = await main();

async function main(): Promise<number> {
  if (!forTests && thisHost.environment("REDIS_URL") !== undefined)
    return said("Redis: the one that REDIS_URL names.");
  const present = await serverOnPath();
  if (present !== undefined) return said(`Redis: ${present}`);
  const installer = await firstUsable();
  if (installer !== undefined) {
    said(`Redis: none on PATH; installing one with ${installer.program}…`);
    for (const step of installer.steps) run(step, installer.needsRoot);
    const installed = await serverOnPath();
    if (installed !== undefined) return said(`Redis: ${installed}`);
  }
  if (forTests)
    return said(
      `Redis: none, so the tests of it are skipped. To run them: ${installWords(process.platform)}`,
    );
  process.stderr.write(
    `gofire keeps its queue in Redis, and there is none here. Install one (${installWords(process.platform)}) or set REDIS_URL.\n`,
  );
  return 1;
}

function said(line: string): number {
  process.stdout.write(`${line}\n`);
  return 0;
}

async function serverOnPath(): Promise<string | undefined> {
  for (const name of serverPrograms) {
    const program = await thisHost.findProgram(name);
    if (program !== undefined) return program;
  }
  return undefined;
}

async function firstUsable(): Promise<Installer | undefined> {
  for (const installer of installers) {
    if ((await thisHost.findProgram(installer.program)) === undefined) continue;
    if (!installer.needsRoot || isRoot() || sudoAsksNothing()) return installer;
  }
  return undefined;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function sudoAsksNothing(): boolean {
  return spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0;
}

/** Debian would start the server as a system service, which nobody asked for: gofire starts its own. */
function run(words: readonly string[], needsRoot: boolean): void {
  const [program = "", ...rest] = needsRoot && !isRoot() ? ["sudo", "-n", ...words] : words;
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  spawnSync(program, rest, { stdio: ["ignore", 2, 2], env: environment });
}
