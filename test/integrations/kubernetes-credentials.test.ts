import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { KubernetesPods } from "../../src/domain/targets/target-place.ts";
import { kubernetesTargets } from "../../src/integrations/kubernetes/target-source.ts";
import type { TargetSource } from "../../src/ports/target-source.ts";
import { until } from "../jobs/bot.ts";
import { type KubernetesServer, kubeconfigFor, kubernetesServer } from "./kubernetes-server.ts";
import { closed, listening, portOf } from "./pprof-server.ts";

const never = new AbortController().signal;
const place: KubernetesPods = {
  kind: "kubernetes",
  namespace: "shop",
  selector: "app=order",
  port: 6060,
  scheme: "http",
  via: "pod-ip",
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gofire-credentials-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  vi.unstubAllEnvs();
});

async function cluster(): Promise<KubernetesServer> {
  const server = await kubernetesServer([{ name: "order-1", labels: { app: "order" }, ip: "10.1.0.5" }]);
  onTestFinished(() => server.close());
  return server;
}

async function names(source: TargetSource, signal = never): Promise<readonly string[]> {
  return (await source.find(signal)).targets.map(({ name }) => name);
}

describe("a pod's own credentials", () => {
  test("are those of its files as of now, though the token is replaced while gofire runs", async () => {
    const server = await cluster();
    const own = join(folder, "pod/var/run/secrets/kubernetes.io/serviceaccount");
    await mkdir(own, { recursive: true });
    const write = async (token: string) => {
      // As the kubelet does: a whole new file takes the place of the old one.
      await writeFile(join(own, "token.new"), token);
      await rename(join(own, "token.new"), join(own, "token"));
    };
    await Promise.all([
      write("first"),
      writeFile(join(own, "ca.crt"), server.ca),
      writeFile(join(own, "namespace"), "shop"),
    ]);
    const { hostname, port } = new URL(server.url);
    vi.stubEnv("KUBECONFIG", "");
    vi.stubEnv("KUBERNETES_SERVICE_HOST", hostname);
    vi.stubEnv("KUBERNETES_SERVICE_PORT", port);
    const { namespace: _namespace, ...anywhere } = place;
    const source = kubernetesTargets(anywhere, {
      servers: {},
      userAgent: "gofire/test",
      podRoot: join(folder, "pod"),
    });
    server.token = "first";
    expect(await names(source)).toEqual(["order-1"]);
    server.token = "second";
    await expect(source.find(never)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("the credentials are missing, wrong or expired"),
    });
    await write("second\n");
    expect(await names(source)).toEqual(["order-1"]);
  });

  test("that may not are refused with the verb and what it was for", async () => {
    const server = await cluster();
    server.forbidden = ["list pods"];
    const file = join(folder, "forbidden");
    await writeFile(file, kubeconfigFor(server));
    const source = kubernetesTargets(place, { servers: { kubeconfig: file }, userAgent: "gofire/test" });
    await expect(source.find(never)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringMatching(
        /Kubernetes answered 403: pods is forbidden: .*cannot list resource "pods".*"shop"/,
      ),
    });
  });
});

/** A dead process that nobody asked for yet is none. */
async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !/\) Z /.test(stat);
}

function credential(status: string): string {
  return `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":${status}}'`;
}

describe("a credential plugin", () => {
  let plugins = 0;
  /** A kubeconfig whose user is what this script says. */
  async function pluginOf(script: string, server: KubernetesServer): Promise<TargetSource> {
    const name = `plugin-${plugins++}`;
    const command = join(folder, name);
    await writeFile(command, `#!/bin/sh\n${script}\n`);
    await chmod(command, 0o755);
    const exec = `{ exec: { apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ${command} } }`;
    const config = kubeconfigFor(server).replace(
      /- \{ name: gofire, user: .*/,
      `- { name: ${name}, user: ${exec} }`,
    );
    const file = join(folder, `${name}.yaml`);
    await writeFile(file, config.replace("user: gofire", `user: ${name}`));
    return kubernetesTargets(place, { servers: { kubeconfig: file }, userAgent: "gofire/test" });
  }

  test("gives the token that lets gofire in", async () => {
    const server = await cluster();
    const source = await pluginOf(credential(`{"token":"${server.token}"}`), server);
    expect(await names(source)).toEqual(["order-1"]);
  });

  test("that fails says so in its own words, and nothing is asked", async () => {
    const server = await cluster();
    const source = await pluginOf("echo 'token expired: run cloud auth login' >&2; exit 1", server);
    await expect(source.find(never)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("token expired: run cloud auth login"),
    });
    expect(server.asked).toEqual([]);
  });

  test("that is no program, or says nothing of use, is told", async () => {
    const server = await cluster();
    const source = await pluginOf("echo hello", server);
    await expect(source.find(never)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/no credentials from .*plugin-/),
    });
  });

  test("is told that nobody answers its questions, and of which version", async () => {
    const server = await cluster();
    const heard = join(folder, "asked");
    const source = await pluginOf(
      `printf %s "$KUBERNETES_EXEC_INFO" > ${heard}\n${credential(`{"token":"${server.token}"}`)}`,
      server,
    );
    expect(await names(source)).toEqual(["order-1"]);
    expect(JSON.parse(await readFile(heard, "utf8"))).toEqual({
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      spec: { interactive: false },
    });
  });

  test("that gives nothing to be let in with is told", async () => {
    const source = await pluginOf(credential("{}"), await cluster());
    await expect(source.find(never)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("gave neither token nor certificate"),
    });
  });

  test("that waits for somebody to log in is killed with what it started when gofire waits no more", async () => {
    const server = await cluster();
    const pids = join(folder, "pids");
    const source = await pluginOf(
      `sleep 600 &\necho $$ $! > ${pids}.new && mv ${pids}.new ${pids}\nwait`,
      server,
    );
    const reason = new Error("five seconds are over");
    const giveUp = new AbortController();
    const given = source.find(giveUp.signal).catch((error: unknown) => error);
    const started = await until(
      async () => await readFile(pids, "utf8").catch(() => undefined),
      "the plugin",
    );
    giveUp.abort(reason);
    expect(await given).toBe(reason);
    for (const pid of started.trim().split(" ").map(Number)) {
      expect(pid).toBeGreaterThan(1);
      await until(async () => ((await isAlive(pid)) ? undefined : true), `the end of ${pid}`);
    }
    expect(server.asked).toEqual([]);
  });
});

test("a proxy of the kubeconfig leads to the API server, in a tunnel that sees no token", async () => {
  const server = await cluster();
  const seen: string[] = [];
  const proxy = createServer();
  proxy.on("connect", (request: IncomingMessage, client: Socket) => {
    seen.push(`${request.url} ${request.headers.authorization ?? "no token"}`);
    const upstream = connect(Number(new URL(server.url).port), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on("error", () => client.destroy());
    client.on("error", () => upstream.destroy());
  });
  await listening(proxy);
  onTestFinished(() => closed(proxy));
  const file = join(folder, "proxied");
  await writeFile(file, kubeconfigFor(server, { cluster: `proxy-url: http://127.0.0.1:${portOf(proxy)}` }));
  const source = kubernetesTargets(place, { servers: { kubeconfig: file }, userAgent: "gofire/test" });
  expect(await names(source)).toEqual(["order-1"]);
  expect(seen).toEqual([`${new URL(server.url).host} no token`]);
});
