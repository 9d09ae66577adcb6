import { existsSync, readFileSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { homedir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { PortError, reasonOf, UsageError } from "../../domain/errors.ts";
import type { SourceServers } from "../../ports/target-source.ts";
import type { WebAccess } from "../../ports/web-access.ts";
import { askPlugin } from "./credential-plugin.ts";
import { credentialsMs } from "./limits.ts";

/** An API server, and what lets gofire in as of now. */
export interface Cluster {
  /** Without a slash at its end; may have a path. */
  readonly url: string;
  readonly access: WebAccess;
  /** Of the context; absent when it names none. */
  readonly namespace?: string;
}

/** Where Kubernetes puts a pod's own credentials (kubernetes.io/docs/tasks/run-application/access-api-from-pod). */
const ownToken = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/**
 * The cluster that the configuration names; without a word about it: KUBECONFIG, as kubectl; the cluster that gofire
 * runs in; ~/.kube/config. Credentials are read anew each time, because they expire. Throws UsageError when there is
 * none that can be used, PortError when its credentials cannot be had, and the signal's reason when it is aborted.
 * `podRoot`: where a pod's own files are looked for, instead of the root.
 */
export async function clusterOf(
  { kubeconfig, context }: NonNullable<SourceServers["kubernetes"]>,
  signal: AbortSignal,
  podRoot = "",
): Promise<Cluster> {
  const config = new KubeConfig();
  const from = load(config, kubeconfig, podRoot);
  if (context !== undefined) {
    if (config.getContextObject(context) === null) {
      const names = config.getContexts().map(({ name }) => name);
      throw new UsageError(`${from} has no context "${context}". It has: ${names.join(", ")}.`);
    }
    config.setCurrentContext(context);
  }
  const current = config.getContextObject(config.getCurrentContext());
  const cluster = config.getCurrentCluster();
  if (current === null || cluster === null || config.getCurrentUser() === null) {
    throw new UsageError(
      `${from}: its current context does not lead to a cluster and a user. Name one under kubernetes.context in gofire.yaml; kubectl config get-contexts lists them.`,
    );
  }
  if (!URL.canParse(cluster.server) || !/^https?:/.test(cluster.server)) {
    throw new UsageError(`${from}: "${cluster.server}" is no address of an API server.`);
  }
  if (cluster.skipTLSVerify) {
    throw new UsageError(
      `${from} skips the check of the API server's certificate (insecure-skip-tls-verify), and gofire's credentials would go to anybody: name its authority instead.`,
    );
  }
  return {
    url: cluster.server.replace(/\/$/, ""),
    access: {
      ...(await credentialsOf(config, from, signal)),
      ...(cluster.proxyUrl === undefined ? {} : { proxy: { url: cluster.proxyUrl } }),
    },
    ...(current.namespace === undefined ? {} : { namespace: current.namespace.trim() }),
  };
}

/** Loads what there is, and says from where, for messages. Never what client-node ends with: localhost, without a word. */
function load(config: KubeConfig, kubeconfig: string | undefined, podRoot: string): string {
  const usual = join(homedir(), ".kube", "config");
  const named = process.env["KUBECONFIG"];
  const from =
    kubeconfig ??
    (named !== undefined && named !== "" ? named : existsSync(podRoot + ownToken) ? "this pod" : usual);
  if (from === usual && !existsSync(usual)) {
    throw new UsageError(
      "There is no Kubernetes to ask: gofire does not run in a pod, KUBECONFIG is not set, there is no ~/.kube/config, and gofire.yaml names none under kubernetes.kubeconfig.",
    );
  }
  try {
    if (from === "this pod") config.loadFromCluster(podRoot);
    else if (kubeconfig === undefined && from === named) config.loadFromDefault();
    else config.loadFromFile(from);
  } catch (error) {
    const why = reasonOf(error).split("\n", 1)[0];
    throw new UsageError(`The kubeconfig ${from} cannot be used: ${why}`, { cause: error });
  }
  return from;
}

/** Of the credential plugin that the kubeconfig names, when it names one. */
async function credentialsOf(config: KubeConfig, from: string, signal: AbortSignal): Promise<WebAccess> {
  const options: RequestOptions = {};
  try {
    await withinTime(async (over) => {
      await askPlugin(config, over);
      await config.applyToHTTPSOptions(options);
    }, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UsageError) throw error;
    const why = reasonOf(error).split("\n", 1)[0];
    throw new PortError(
      "unavailable",
      from,
      `Kubernetes could not be asked: no credentials from ${from} (${why})`,
      {
        cause: error,
      },
    );
  }
  const token = ownTokenOf(config, from);
  const { headers = {}, auth, ca, cert, key, passphrase, servername } = options;
  const [, user = "", password = ""] = /^([^:]*):(.*)$/s.exec(auth ?? "") ?? [];
  const tls = {
    ...text("ca", ca),
    ...text("cert", cert),
    ...text("key", key),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(servername === undefined ? {} : { serverName: servername }),
  };
  return {
    headers: {
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value).trim()])),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
    ...(auth === undefined || auth === null
      ? {}
      : { credentials: { kind: "basic", username: user, password } as const }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  };
}

/** A plugin that waits for somebody to log in, or a server of logins, would be waited for without end. */
async function withinTime(work: (over: AbortSignal) => Promise<unknown>, signal: AbortSignal): Promise<void> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(credentialsMs)]);
  await Promise.race([
    work(over),
    new Promise<never>((_resolve, reject) => {
      const give = () => reject(new Error(`they did not come within ${credentialsMs / 1000} s`));
      if (over.aborted) give();
      else over.addEventListener("abort", give, { once: true });
    }),
  ]);
}

/** The library remembers a token file for a minute, for all clusters of the program; it is replaced meanwhile. */
function ownTokenOf(config: KubeConfig, from: string): string | undefined {
  const file: unknown = config.getCurrentUser()?.authProvider?.config?.["tokenFile"];
  if (typeof file !== "string") return undefined;
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    const why = reasonOf(error);
    throw new PortError(
      "unavailable",
      from,
      `Kubernetes could not be asked: no token from ${from} (${why})`,
      {
        cause: error,
      },
    );
  }
}

/** The library reads PEM files into buffers; of several it makes none. */
function text(name: "ca" | "cert" | "key", pem: unknown): Readonly<Record<string, string>> {
  if (typeof pem === "string") return { [name]: pem };
  return Buffer.isBuffer(pem) ? { [name]: pem.toString() } : {};
}
