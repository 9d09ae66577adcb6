import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { KubernetesPods } from "../../src/domain/targets/target-place.ts";
import { kubernetesTargets } from "../../src/integrations/kubernetes/target-source.ts";
import type { FoundTargets, TargetSource } from "../../src/ports/target-source.ts";
import { targetSourceContract } from "../contracts/target-source.ts";
import {
  certificate,
  type KeptPod,
  type KubernetesServer,
  kubeconfigFor,
  kubernetesServer,
} from "./kubernetes-server.ts";
import { closed, listening, portOf } from "./pprof-server.ts";

const never = new AbortController().signal;
const place: KubernetesPods = {
  kind: "kubernetes",
  selector: "app=order",
  port: 6060,
  scheme: "http",
  via: "pod-ip",
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gofire-kubeconfig-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let files = 0;
async function kubeconfig(text: string): Promise<string> {
  const file = join(folder, `config-${files++}`);
  await writeFile(file, text);
  return file;
}

async function sourceAt(
  server: KubernetesServer,
  change: Partial<KubernetesPods> = {},
  words: Parameters<typeof kubeconfigFor>[1] = {},
): Promise<TargetSource> {
  const file = await kubeconfig(kubeconfigFor(server, words));
  return kubernetesTargets(
    { ...place, ...change },
    { servers: { kubeconfig: file }, userAgent: "gofire/test" },
  );
}

async function cluster(
  pods: readonly KeptPod[],
  settings?: Parameters<typeof kubernetesServer>[1],
): Promise<KubernetesServer> {
  const server = await kubernetesServer(pods, settings);
  onTestFinished(() => server.close());
  return server;
}

function order(name: string, change: Partial<KeptPod> = {}): KeptPod {
  return { name, labels: { app: "order" }, ip: "10.1.0.5", ports: { pprof: 6060, http: 8080 }, ...change };
}

async function found(pods: readonly KeptPod[], change: Partial<KubernetesPods> = {}): Promise<FoundTargets> {
  return await (await sourceAt(await cluster(pods), change)).find(never);
}

targetSourceContract("Kubernetes", async (kept) => {
  const server = await kubernetesServer(
    typeof kept === "string" ? [] : kept.map(({ host }, at) => order(`order-${at}`, { ip: host })),
  );
  if (kept === "refuses") server.forbidden = ["list pods"];
  server.isSilent = kept === "is silent";
  return { source: await sourceAt(server), close: () => server.close() };
});

describe("pods of a selector", () => {
  test("are found by name, at their own addresses, ready ones first; what cannot be asked is told", async () => {
    const { targets, leftOut } = await found([
      order("order-10", { ip: "10.1.0.10" }),
      order("order-9", { ip: "10.1.0.9" }),
      order("order-1", { ip: "10.1.0.1", isReady: false }),
      order("order-crash", { waiting: "CrashLoopBackOff" }),
      order("order-new", { phase: "Pending" }),
      order("order-old", { isEnding: true }),
      order("order-job", { phase: "Succeeded" }),
      { name: "cart-1", labels: { app: "cart" } },
      order("order-elsewhere", { namespace: "other" }),
    ]);
    expect(targets).toEqual([
      {
        name: "order-9",
        pod: "order-9",
        node: "node-1",
        aliases: ["10.1.0.9:6060", "10.1.0.9"],
        origin: "http://10.1.0.9:6060",
        prefix: "",
      },
      expect.objectContaining({ name: "order-10" }),
      expect.objectContaining({ name: "order-1", isReady: false }),
    ]);
    expect(leftOut).toBe(
      "3 pods left out: order-crash (CrashLoopBackOff), order-new (Pending), order-old (is being deleted)",
    );
  });

  test("are asked at a port by its name, or at a number that no container has to mention", async () => {
    const pods = [order("order-1", { ports: { pprof: 7070 } }), order("order-2", { ports: {} })];
    const named = await found(pods, { port: "pprof", scheme: "https" });
    expect(named.targets.map(({ origin }) => origin)).toEqual(["https://10.1.0.5:7070"]);
    expect(named.leftOut).toBe("1 pod left out: order-2 (has no port pprof)");
    expect((await found(pods, { port: 9999 })).targets).toHaveLength(2);
  });

  test("have IPv6 addresses, too", async () => {
    const { targets } = await found([order("order-1", { ip: "fd00::5" })]);
    expect(targets[0]).toMatchObject({
      origin: "http://[fd00::5]:6060",
      aliases: ["[fd00::5]:6060", "fd00::5"],
    });
  });

  test("are reached through the API server with its own credentials", async () => {
    const server = await cluster([order("order-1")]);
    const source = await sourceAt(server, { via: "api-server", namespace: "shop", scheme: "https" });
    const { targets } = await source.find(never);
    expect(targets[0]).toMatchObject({
      origin: server.url,
      prefix: "/api/v1/namespaces/shop/pods/https:order-1:6060/proxy",
    });
    expect(await source.passage(never)).toEqual({
      headers: { Authorization: `Bearer ${server.token}` },
      tls: { ca: server.ca },
    });
    expect(await (await sourceAt(server)).passage(never)).toBeUndefined();
  });

  test("come in pages; a list that is gone in the middle is begun anew, and only once", async () => {
    const pods = Array.from({ length: 7 }, (_, at) => order(`order-${at}`));
    const server = await cluster(pods, { mostPerPage: 3 });
    const source = await sourceAt(server);
    expect((await source.find(never)).targets).toHaveLength(7);
    expect(server.asked).toHaveLength(3);
    const { searchParams } = new URL(server.asked[2]?.split(" ")[1] ?? "", server.url);
    expect(Object.fromEntries(searchParams)).toEqual({
      labelSelector: "app=order",
      fieldSelector: "status.phase!=Succeeded,status.phase!=Failed",
      limit: "500",
      continue: "6",
    });
    server.late = 1;
    expect((await source.find(never)).targets).toHaveLength(7);
    expect(server.asked).toHaveLength(8);
    server.late = 2;
    await expect(source.find(never)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/^Kubernetes answered 410: The provided continue parameter is too old/),
    });
  });

  test("beyond a thousand are cut, and that is said", async () => {
    const pods = Array.from({ length: 1_100 }, (_, at) => order(`order-${at}`));
    const { targets, leftOut } = await found(pods);
    expect(targets).toHaveLength(1_000);
    expect(leftOut).toBe("only 1000 are known, there are more");
  });

  test.each([
    ["app=order,tier!=canary", ["order-1"]],
    ["app in (order, cart)", ["cart-1", "order-1", "order-2"]],
    ["tier", ["order-2"]],
  ])("%s", async (selector, names) => {
    const pods = [
      order("order-1"),
      order("order-2", { labels: { app: "order", tier: "canary" } }),
      { name: "cart-1", labels: { app: "cart" } },
    ];
    expect((await found(pods, { selector })).targets.map(({ name }) => name)).toEqual(names);
  });
});

async function refusal(server: KubernetesServer, change: Partial<KubernetesPods> = {}): Promise<unknown> {
  return await (await sourceAt(server, change)).find(never).catch((error: unknown) => error);
}

describe("a cluster that does not answer as it should", () => {
  test("says why in its own words", async () => {
    const server = await cluster([]);
    server.forbidden = ["list pods"];
    expect(await refusal(server)).toMatchObject({
      code: "forbidden",
      message:
        'Kubernetes answered 403: pods is forbidden: User "system:serviceaccount:ops:gofire" cannot list resource "pods" in API group "" in the namespace "shop"',
    });
    server.forbidden = [];
    expect(await refusal(server, { selector: "app=!" })).toMatchObject({
      code: "bad-response",
      message: expect.stringMatching(/^Kubernetes answered 400: unable to parse requirement/),
    });
    const stranger = kubernetesTargets(place, {
      servers: { kubeconfig: await kubeconfig(kubeconfigFor({ ...server, token: "expired" })) },
      userAgent: "gofire/test",
    });
    await expect(stranger.find(never)).rejects.toMatchObject({
      code: "forbidden",
      message:
        "Kubernetes answered 401: it does not know who asks: the credentials are missing, wrong or expired (Unauthorized)",
    });
  });

  test("is told from one that is away, and from something else", async () => {
    const server = await kubernetesServer([]);
    const source = await sourceAt(server);
    await server.close();
    await expect(source.find(never)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(
        /^Kubernetes at https:\/\/127\.0\.0\.1:\d+ could not be asked: connection refused/,
      ),
    });
    for (const [status, body, headers, message] of [
      [200, "<html>", {}, /is no Kubernetes API server/],
      [200, "{}", {}, /is no Kubernetes API server/],
      [
        302,
        "",
        { location: "https://elsewhere.test/" },
        /^Kubernetes answered 302: it redirects to https:\/\/elsewhere/,
      ],
      [500, "oops", {}, /^Kubernetes answered 500: without saying why/],
    ] as const) {
      const other = await listening(
        createServer({ cert: certificate("server"), key: certificate("server.key") }, (_, response) => {
          response.writeHead(status, headers).end(body);
        }),
      );
      onTestFinished(() => closed(other));
      const made = { url: `https://127.0.0.1:${portOf(other)}`, ca: certificate("ca"), token: "t" };
      const odd = kubernetesTargets(place, {
        servers: { kubeconfig: await kubeconfig(kubeconfigFor(made)) },
        userAgent: "gofire/test",
      });
      await expect(odd.find(never)).rejects.toThrow(message);
    }
  });

  test("whose certificate another authority made is not asked", async () => {
    const server = await cluster([order("order-1")]);
    const words = kubeconfigFor(server).replace(/ *certificate-authority-data.*\n/, "");
    const source = kubernetesTargets(place, {
      servers: { kubeconfig: await kubeconfig(words) },
      userAgent: "gofire/test",
    });
    await expect(source.find(never)).rejects.toMatchObject({
      message: expect.stringMatching(/TLS: .*authority/),
    });
    expect(server.asked).toEqual([]);
  });
});

describe("a kubeconfig", () => {
  const server = { url: "https://127.0.0.1:1", ca: "x", token: "t" };

  test.each([
    [
      kubeconfigFor(server, { cluster: "insecure-skip-tls-verify: true" }),
      undefined,
      /skips the check of the API server's certificate/,
    ],
    [kubeconfigFor(server), "prod", /has no context "prod"\. It has: test\./],
    ["{", undefined, /^The kubeconfig .* cannot be used: /],
    ["{}", undefined, /its current context does not lead to a cluster and a user/],
    [kubeconfigFor({ ...server, url: "ftp://a" }), undefined, /"ftp:\/\/a" is no address of an API server/],
  ])("that cannot be used is refused in words (%#)", async (text, context, message) => {
    const servers = { kubeconfig: await kubeconfig(text), ...(context === undefined ? {} : { context }) };
    const source = kubernetesTargets(place, { servers, userAgent: "gofire/test" });
    await expect(source.find(never)).rejects.toThrow(message);
    await expect(source.find(never)).rejects.toMatchObject({ name: "UsageError" });
  });

  test("that is not there is named", async () => {
    const source = kubernetesTargets(place, {
      servers: { kubeconfig: "/nowhere/config" },
      userAgent: "gofire/test",
    });
    await expect(source.find(never)).rejects.toThrow(
      /^The kubeconfig \/nowhere\/config cannot be used: ENOENT/,
    );
  });

  test("names the namespace where gofire.yaml does not", async () => {
    const api = await cluster([order("order-1", { namespace: "other" }), order("order-2")]);
    const other = await (await sourceAt(api, {}, { namespace: "other" })).find(never);
    expect(other.targets.map(({ name }) => name)).toEqual(["order-1"]);
  });
});
