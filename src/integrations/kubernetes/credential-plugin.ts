import { spawn } from "node:child_process";
import type { KubeConfig, User } from "@kubernetes/client-node";
import * as z from "zod/mini";
import { UsageError } from "../../domain/errors.ts";

const pluginSettings = z.object({
  apiVersion: z.string(),
  command: z.string(),
  args: z.nullish(z.array(z.string())),
  env: z.nullish(z.array(z.object({ name: z.string(), value: z.string() }))),
  interactiveMode: z.nullish(z.string()),
});
type PluginSettings = z.infer<typeof pluginSettings>;

const given = z.object({
  status: z.object({
    token: z.optional(z.string()),
    clientCertificateData: z.optional(z.string()),
    clientKeyData: z.optional(z.string()),
  }),
});

/** A token and a certificate are a few kilobytes. */
const mostCharacters = 1 << 20;

/**
 * Has the credential plugin of the current user run, where there is one, and what it gives stand in the configuration in
 * its place (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins). The
 * library would run it, too, without end and without a way to stop it. When `signal` is aborted the plugin is killed with
 * everything that it started. Rejects with what the plugin says, UsageError for one that nobody can answer.
 */
export async function askPlugin(config: KubeConfig, signal: AbortSignal): Promise<void> {
  const user = config.getCurrentUser();
  if (user?.exec === undefined || user.exec === null) return;
  const settings = pluginSettings.parse(user.exec);
  if (settings.interactiveMode === "Always") {
    throw new UsageError(
      `${settings.command} asks a person each time (interactiveMode: Always), and gofire is none: give it a kubeconfig with the token of a service account.`,
    );
  }
  const { status } = given.parse(JSON.parse(await outputOf(settings, signal)));
  const { token, clientCertificateData: cert, clientKeyData: key } = status;
  if (token === undefined && cert === undefined)
    throw new Error(`${settings.command} gave neither token nor certificate`);
  const { exec: _exec, ...rest } = user;
  const answered: User = {
    ...rest,
    ...(token === undefined ? {} : { token }),
    ...(cert === undefined ? {} : { certData: base64(cert) }),
    ...(key === undefined ? {} : { keyData: base64(key) }),
  };
  config.users = config.users.map((each) => (each === user ? answered : each));
}

async function outputOf(
  { apiVersion, command, args, env }: PluginSettings,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  const asked = { apiVersion, kind: "ExecCredential", spec: { interactive: false } };
  const plugin = spawn(command, args ?? [], {
    // A process group of its own, so that what it started can be ended with it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify(asked),
    },
  });
  const kill = () => endGroup(plugin.pid);
  signal.addEventListener("abort", kill, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      let said = "";
      let complained = "";
      plugin.stdout.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.length > mostCharacters) kill();
      });
      plugin.stderr.setEncoding("utf8").on("data", (text: string) => {
        if (complained.length < mostCharacters) complained += text;
      });
      plugin.once("error", reject);
      plugin.once("close", (code, by) => {
        if (code === 0) resolve(said);
        else reject(new Error(complained.trim() || `${command} ended with ${by ?? `exit code ${code}`}`));
      });
      signal.addEventListener("abort", () => reject(new Error(`${command} was given up`)), { once: true });
    });
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
