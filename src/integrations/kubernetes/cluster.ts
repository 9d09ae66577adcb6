import { existsSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { homedir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { PortError, UsageError } from "../../domain/errors.ts";
import type { SourceServers } from "../../ports/target-source.ts";
import type { WebAccess } from "../../ports/web-access.ts";

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
 * none that can be used, PortError when its credentials cannot be had.
 */
export async function clusterOf({
  kubeconfig,
  context,
}: NonNullable<SourceServers["kubernetes"]>): Promise<Cluster> {
  const config = new KubeConfig();
  const from = load(config, kubeconfig);
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
    throw new UsageError(`${from}: its current context does not lead to a cluster and a user.`);
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
      ...(await credentialsOf(config, from)),
      ...(cluster.proxyUrl === undefined ? {} : { proxy: { url: cluster.proxyUrl } }),
    },
    ...(current.namespace === undefined ? {} : { namespace: current.namespace.trim() }),
  };
}

/** Loads what there is, and says from where, for messages. Never what client-node ends with: localhost, without a word. */
function load(config: KubeConfig, kubeconfig: string | undefined): string {
  const usual = join(homedir(), ".kube", "config");
  const named = process.env["KUBECONFIG"];
  const from =
    kubeconfig ?? (named !== undefined && named !== "" ? named : existsSync(ownToken) ? "this pod" : usual);
  if (from === usual && !existsSync(usual)) {
    throw new UsageError(
      "There is no Kubernetes to ask: gofire does not run in a pod, KUBECONFIG is not set, there is no ~/.kube/config, and gofire.yaml names none under kubernetes.kubeconfig.",
    );
  }
  try {
    if (from === "this pod") config.loadFromCluster();
    else if (kubeconfig === undefined && from === named) config.loadFromDefault();
    else config.loadFromFile(from);
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    throw new UsageError(`The kubeconfig ${from} cannot be used: ${why}`, { cause: error });
  }
  return from;
}

/** Runs the credential plugin that the kubeconfig names, when it names one. */
async function credentialsOf(config: KubeConfig, from: string): Promise<WebAccess> {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    throw new PortError(
      "unavailable",
      from,
      `Kubernetes could not be asked: no credentials from ${from} (${why})`,
      {
        cause: error,
      },
    );
  }
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
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    ...(auth === undefined || auth === null
      ? {}
      : { credentials: { kind: "basic", username: user, password } as const }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  };
}

/** The library reads PEM files into buffers; of several it makes none. */
function text(name: "ca" | "cert" | "key", pem: unknown): Readonly<Record<string, string>> {
  if (typeof pem === "string") return { [name]: pem };
  return Buffer.isBuffer(pem) ? { [name]: pem.toString() } : {};
}
