import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Another toolchain can be named, to record or try against an older Go. */
const go = process.env["GO"] ?? "go";

/** How the lab's own module is built and tested, whatever a machine's settings are. */
export const goCommand = {
  program: go,
  options: {
    cwd: fileURLToPath(new URL("../../lab", import.meta.url)),
    env: { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "" },
  },
};

/** False where there is no Go toolchain: live tests are then skipped, and vitest says so. */
export const hasGo = spawnSync(go, ["version"], { stdio: "ignore" }).status === 0;
if (!hasGo && process.env["GOFIRE_REQUIRE_GO"] === "1") {
  throw new Error("GOFIRE_REQUIRE_GO is set and there is no Go toolchain on PATH");
}

/** Where `go install` puts programs; "" where there is no Go. */
export function goPath(): string {
  const { status, stdout } = spawnSync(go, ["env", "GOPATH"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : "";
}

export interface LiveLab {
  readonly pid: number;
  readonly debugUrl: string;
  readonly shopUrl: string;
  signal(name: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void;
  stop(): Promise<void>;
}

interface Greeting {
  readonly http: string;
  readonly debug: string;
  readonly pid: number;
}

export interface BuiltLab {
  start(...flags: string[]): Promise<LiveLab>;
  /** Ahead of other programs where that is permitted, so that they disturb a measurement less. */
  startAhead(...flags: string[]): Promise<LiveLab>;
  remove(): void;
}

/** Builds lab/ once. */
export function buildLab(): BuiltLab {
  const folder = mkdtempSync(join(tmpdir(), "gofire-live-lab-"));
  const binary = join(folder, "shop");
  execFileSync(go, ["build", "-o", binary, "./cmd/shop"], goCommand.options);
  return {
    start: (...flags) => start(binary, flags),
    // Runs it all the same when the priority is refused (POSIX: nice).
    startAhead: (...flags) => start("nice", ["-n", "-15", binary, ...flags]),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function start(program: string, words: readonly string[]): Promise<LiveLab> {
  // With -stdin it ends when this process does.
  const child = spawn(program, [...words, "-stdin"], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([
    once(lines, "line"),
    once(child, "exit").then(([code]) => {
      throw new Error(`the lab ended with code ${code} before it was up`);
    }),
  ])) as [string];
  const greeting = JSON.parse(line) as Greeting;
  const ended = once(child, "exit");
  return {
    pid: greeting.pid,
    debugUrl: `http://${greeting.debug}`,
    shopUrl: `http://${greeting.http}`,
    signal: (name) => void child.kill(name),
    async stop() {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await ended;
    },
  };
}
