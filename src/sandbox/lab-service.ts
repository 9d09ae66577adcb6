import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { UsageError } from "../domain/errors.ts";
import type { LabMode, LabService, RunningLab } from "../ports/lab-service.ts";

const run = promisify(execFile);

const startDeadlineMs = 20_000;
const stopDeadlineMs = 5_000;
const crashDeadlineMs = 30_000;

/** The lab of this checkout: its Go module and its recorded captures. `go` is the toolchain to build with. */
export function labService({ go = "go" }: { readonly go?: string } = {}): LabService {
  const lab = labFolder();
  let binary: string | undefined;

  return {
    async recorded(mode) {
      return lab === undefined ? undefined : await newestRecording(join(lab, "captures"), mode);
    },

    async recordedModes() {
      if (lab === undefined) return [];
      const captures = join(lab, "captures");
      const modes = JSON.parse(await readFile(join(captures, "modes.json"), "utf8")) as LabMode[];
      const folders = await Promise.all(modes.map(({ name }) => newestRecording(captures, name)));
      return modes.filter((_, at) => folders[at] !== undefined);
    },

    async build(signal) {
      const goVersion = await versionOf(go, signal);
      if (lab === undefined || goVersion === undefined) return undefined;
      const folder = await mkdtemp(join(tmpdir(), "gofire-lab-"));
      // While a process exits nothing is waited for any more.
      process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
      binary = join(folder, "shop");
      // -trimpath: a recording must not tell whose machine it was made on. GOTOOLCHAIN: the module's language
      // version must not make the go command fetch another toolchain.
      await run(go, ["build", "-trimpath", "-o", binary, "./cmd/shop"], {
        cwd: lab,
        signal,
        env: { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "" },
      });
      const { stdout } = await run(binary, ["-list"], { signal });
      return { modes: JSON.parse(stdout) as LabMode[], goVersion };
    },

    start(mode, signal) {
      if (binary === undefined) throw new UsageError("The lab service was not built.");
      return startLab(binary, mode, signal);
    },

    async lastWords(mode, signal) {
      if (binary === undefined) throw new UsageError("The lab service was not built.");
      const child = spawn(binary, ["-stdin", "-mode", mode], { stdio: ["pipe", "ignore", "pipe"], signal });
      const chunks: Buffer[] = [];
      child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
      const timer = setTimeout(() => child.kill("SIGKILL"), crashDeadlineMs);
      await new Promise<void>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", () => resolve());
      });
      clearTimeout(timer);
      return Buffer.concat(chunks).toString();
    },
  };
}

/** Of the newest Go that it was recorded with. */
async function newestRecording(captures: string, mode: string): Promise<string | undefined> {
  const versions = (await readdir(captures)).filter((name) => name.startsWith("go"));
  const folders = versions
    .map((version) => join(captures, version, mode))
    .filter((folder) => existsSync(folder));
  return folders.toSorted().at(-1);
}

/** lab/ of the checkout that this file belongs to, whether it runs from src/ or from dist/. */
function labFolder(): string | undefined {
  for (
    let folder = dirname(fileURLToPath(import.meta.url));
    folder !== dirname(folder);
    folder = dirname(folder)
  ) {
    if (existsSync(join(folder, "lab/go.mod"))) return join(folder, "lab");
  }
  return undefined;
}

async function versionOf(go: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { stdout } = await run(go, ["env", "GOVERSION"], {
      signal,
      env: { ...process.env, GOTOOLCHAIN: "local" },
    });
    return stdout.trim();
  } catch {
    return undefined; // no such program
  }
}

/** What the service prints as its first line. */
interface Greeting {
  readonly http: string;
  readonly debug: string;
  readonly go: string;
}

async function startLab(binary: string, mode: string, signal: AbortSignal): Promise<RunningLab> {
  // -stdin: the service ends when this process does, even when it is killed.
  const child = spawn(binary, ["-stdin", "-mode", mode], { stdio: ["pipe", "pipe", "ignore"] });
  try {
    const greeting = await greetingOf(child, signal);
    const ask = async (method: string, path: string) => {
      const response = await fetch(`http://${greeting.http}/lab/${path}`, { method });
      if (!response.ok) throw new UsageError(`The shop refuses: ${(await response.text()).trim()}`);
      return await response.json();
    };
    const change = async (method: "POST" | "DELETE", mode: string) =>
      void (await ask(method, `modes/${encodeURIComponent(mode)}`));
    return {
      debugUrl: `http://${greeting.debug}`,
      shopUrl: `http://${greeting.http}`,
      goVersion: greeting.go,
      enter: (next) => change("POST", next),
      leave: (next) => change("DELETE", next),
      async configure(settings) {
        const known = (await ask("GET", "settings")) as Readonly<Record<string, string>>;
        for (const name of Object.keys(known)) {
          const value = settings[name];
          if (value === undefined || value === known[name]) continue;
          await ask("PUT", `settings/${encodeURIComponent(name)}?value=${encodeURIComponent(value)}`);
        }
      },
      stop: () => stopped(child),
    };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

function greetingOf(child: ChildProcess, signal: AbortSignal): Promise<Greeting> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new UsageError("The lab service did not come up within 20 s.")),
      startDeadlineMs,
    );
    const settle = (act: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      act();
    };
    const aborted = () => settle(() => reject(signal.reason as Error));
    signal.addEventListener("abort", aborted);
    child.once("error", (error) => settle(() => reject(error)));
    child.once("exit", (code) =>
      settle(() => reject(new UsageError(`The lab service ended with code ${code} before it was up.`))),
    );
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).once("line", (line) =>
        settle(() => resolve(JSON.parse(line) as Greeting)),
      );
    }
  });
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const hardStop = setTimeout(() => child.kill("SIGKILL"), stopDeadlineMs);
  await ended;
  clearTimeout(hardStop);
}
