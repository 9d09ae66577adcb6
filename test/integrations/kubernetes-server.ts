import { readFileSync } from "node:fs";
import { request as ask, type ClientRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import { closed, listening, portOf } from "./pprof-server.ts";

/** A pod as a test wants it; the rest is as Kubernetes would fill it in. */
export interface KeptPod {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly phase?: "Pending" | "Running" | "Succeeded" | "Failed";
  readonly ip?: string;
  readonly isReady?: boolean;
  readonly isEnding?: boolean;
  /** Ports of its container by name. */
  readonly ports?: Readonly<Record<string, number>>;
  /** Why its container does not run. */
  readonly waiting?: string;
  /** Where its ports really are: port -> URL on loopback. */
  readonly behind?: Readonly<Record<number, string>>;
}

export interface KubernetesServer {
  readonly url: string;
  readonly ca: string;
  /** The only one that is let in. */
  token: string;
  pods: readonly KeptPod[];
  /** Verbs and resources that the token may not: `list pods`, `get pods/proxy`. */
  forbidden: readonly string[];
  /** Answers nothing while it is true. */
  isSilent: boolean;
  /** How many further pages come too late: their list is gone. */
  late: number;
  /** Method and path with query, in the order asked. */
  readonly asked: readonly string[];
  /** Headers that arrived at processes behind the proxy. */
  readonly forwarded: readonly IncomingMessage["headers"][];
  close(): Promise<void>;
}

export function certificate(name: string): string {
  return readFileSync(new URL(`certificates/${name}.pem`, import.meta.url), "utf8");
}

const listParameters = ["labelSelector", "fieldSelector", "limit", "continue"];

/**
 * A Kubernetes API server as far as gofire asks one: it lists pods by labels and fields, in pages, and leads to their
 * ports. Errors are Status documents in the words of the real one (k8s.io/apimachinery/pkg/api/errors,
 * k8s.io/apiserver/pkg/endpoints/handlers/responsewriters, k8s.io/apimachinery/pkg/util/proxy); questions that a real
 * one would have to guess about are refused.
 */
export async function kubernetesServer(
  pods: readonly KeptPod[],
  { token = "of-the-cluster", mostPerPage = 500 }: { token?: string; mostPerPage?: number } = {},
): Promise<KubernetesServer> {
  const asked: string[] = [];
  const forwarded: IncomingMessage["headers"][] = [];
  function answer(request: IncomingMessage, response: ServerResponse): void {
    asked.push(`${request.method} ${request.url}`);
    if (made.isSilent) return;
    const url = new URL(request.url ?? "/", "https://api.test");
    if (request.headers.authorization !== `Bearer ${made.token}`) {
      say(response, 401, "Unauthorized", "Unauthorized");
      return;
    }
    const list = /^\/api\/v1\/namespaces\/([^/]+)\/pods$/.exec(url.pathname);
    const proxy = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/proxy(\/.*)?$/.exec(url.pathname);
    if (list !== null) listing(list[1] ?? "", url.searchParams, response);
    else if (proxy !== null) leading(proxy, url, request, response);
    else say(response, 404, "NotFound", "the server could not find the requested resource");
  }

  function isForbidden(
    verb: string,
    resource: string,
    name: string,
    namespace: string,
    response: ServerResponse,
  ): boolean {
    if (!made.forbidden.includes(`${verb} ${resource}`)) return false;
    const which = name === "" ? "pods" : `pods "${name}"`;
    say(
      response,
      403,
      "Forbidden",
      `${which} is forbidden: User "system:serviceaccount:ops:gofire" cannot ${verb} resource "${resource}" in API group "" in the namespace "${namespace}"`,
    );
    return true;
  }

  function listing(namespace: string, query: URLSearchParams, response: ServerResponse): void {
    if (isForbidden("list", "pods", "", namespace, response)) return;
    const stray = [...query.keys()].find((name) => !listParameters.includes(name));
    if (stray !== undefined) throw new Error(`a list is not asked with ${stray}`);
    const byLabels = labelSelector(query.get("labelSelector") ?? "");
    const byFields = fieldSelector(query.get("fieldSelector") ?? "");
    if (typeof byLabels === "string" || typeof byFields === "string") {
      say(response, 400, "BadRequest", typeof byLabels === "string" ? byLabels : String(byFields));
      return;
    }
    const next = query.get("continue");
    if (next !== null && made.late > 0) {
      made.late--;
      say(
        response,
        410,
        "Expired",
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results.",
      );
      return;
    }
    // A namespace that there is not has no pods, which is no error.
    const all = made.pods
      .filter((pod) => (pod.namespace ?? "shop") === namespace && byLabels(pod) && byFields(pod))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const limit = Math.min(mostPerPage, Number(query.get("limit") ?? all.length) || all.length);
    const start = Number(next ?? 0);
    const left = all.length - start - limit;
    json(response, 200, {
      kind: "PodList",
      apiVersion: "v1",
      metadata: {
        resourceVersion: "4711",
        ...(left > 0 ? { continue: String(start + limit), remainingItemCount: left } : {}),
      },
      items: all.slice(start, start + limit).map(podDocument),
    });
  }

  function leading(
    path: RegExpExecArray,
    url: URL,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const [, namespace = "", id = "", rest = "/"] = path;
    // k8s.io/apimachinery/pkg/util/net, SplitSchemeNamePort
    const [, scheme = "http", name = "", port = ""] =
      /^(?:(https?):)?([a-z0-9.-]+)(?::(\w+))?$/.exec(id) ?? [];
    const pod = made.pods.find((each) => each.name === name && (each.namespace ?? "shop") === namespace);
    if (isForbidden("get", "pods/proxy", name, namespace, response)) return;
    if (pod === undefined) {
      say(response, 404, "NotFound", `pods "${name}" not found`);
      return;
    }
    const behind = pod.behind?.[Number(port)];
    const refused = `error trying to reach service: dial tcp ${pod.ip ?? "10.1.0.1"}:${port}: connect: connection refused`;
    if (behind === undefined || scheme !== "http") {
      say(response, 503, "ServiceUnavailable", refused);
      return;
    }
    // The API server keeps what was meant for it (k8s.io/apiserver/pkg/endpoints/filters, WithAuthentication).
    const { authorization: _authorization, host: _host, ...headers } = request.headers;
    const passed = {
      ...headers,
      "x-forwarded-uri": url.pathname,
      "x-forwarded-host": "api.test",
      "x-forwarded-proto": "https",
    };
    const onward: ClientRequest = ask(`${behind}${rest}${url.search}`, {
      method: request.method ?? "GET",
      headers: passed,
    });
    onward.on("response", (from) => {
      const type = from.headers["content-type"] ?? "";
      const { "transfer-encoding": encoding, ...answered } = from.headers;
      if (answered.location?.startsWith("/") === true) {
        answered.location = url.pathname.slice(0, url.pathname.length - rest.length) + answered.location;
      }
      if (!type.startsWith("text/html")) {
        response.writeHead(from.statusCode ?? 200, {
          ...answered,
          ...(encoding === undefined ? {} : { "transfer-encoding": encoding }),
        });
        from.pipe(response);
        return;
      }
      const chunks: Buffer[] = [];
      from.on("data", (chunk: Buffer) => chunks.push(chunk));
      from.on("end", () => {
        const page = rewritten(Buffer.concat(chunks).toString());
        response.writeHead(from.statusCode ?? 200, {
          ...answered,
          "content-length": Buffer.byteLength(page),
        });
        response.end(page);
      });
    });
    onward.on("error", () => say(response, 503, "ServiceUnavailable", refused));
    response.on("close", () => onward.destroy());
    forwarded.push(passed);
    request.pipe(onward);
  }

  const server = createServer({ cert: certificate("server"), key: certificate("server.key") }, answer);
  await listening(server);
  const made: KubernetesServer = {
    url: `https://127.0.0.1:${portOf(server)}`,
    ca: certificate("ca"),
    token,
    pods,
    forbidden: [],
    isSilent: false,
    late: 0,
    asked,
    forwarded,
    close: () => closed(server),
  };
  return made;
}

/** A kubeconfig that leads there, as a cluster's owner hands it out. */
export function kubeconfigFor(
  { url, ca, token }: Pick<KubernetesServer, "url" | "ca" | "token">,
  { namespace = "shop", cluster = "" }: { namespace?: string; cluster?: string } = {},
): string {
  return `apiVersion: v1
kind: Config
current-context: test
contexts:
  - { name: test, context: { cluster: test, user: gofire, namespace: ${namespace} } }
clusters:
  - name: test
    cluster:
      server: ${url}
      certificate-authority-data: ${Buffer.from(ca).toString("base64")}
      ${cluster}
users:
  - { name: gofire, user: { token: ${token} } }
`;
}

function json(response: ServerResponse, code: number, content: object): void {
  response.writeHead(code, { "content-type": "application/json", "cache-control": "no-cache, private" });
  response.end(JSON.stringify(content));
}

function say(response: ServerResponse, code: number, reason: string, message: string): void {
  json(response, code, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    code,
  });
}

type Fits = (pod: KeptPod) => boolean;

/** Equality and sets (k8s.io/apimachinery/pkg/labels, Parse). A string says why it cannot be read. */
function labelSelector(text: string): Fits | string {
  if (text === "") return () => true;
  const requirements: Fits[] = [];
  for (const [whole] of text.matchAll(/(?:[^,(]|\([^)]*\))+/g)) {
    const equal = /^\s*([\w./-]+)\s*(==|!=|=)\s*([\w.-]*)\s*$/.exec(whole);
    const set = /^\s*([\w./-]+)\s+(in|notin)\s+\(([^)]*)\)\s*$/.exec(whole);
    const there = /^\s*(!?)([\w./-]+)\s*$/.exec(whole);
    if (equal !== null) {
      const [, label = "", operator, value] = equal;
      requirements.push(({ labels = {} }) => (labels[label] === value) === (operator !== "!="));
    } else if (set !== null) {
      const [, label = "", operator, values = ""] = set;
      const listed = values.split(",").map((value) => value.trim());
      requirements.push(({ labels = {} }) => listed.includes(labels[label] ?? "") === (operator === "in"));
    } else if (there !== null) {
      const [, not, label = ""] = there;
      requirements.push(({ labels = {} }) => (labels[label] === undefined) === (not === "!"));
    } else {
      return `unable to parse requirement: found '${whole.trim()}', expected: identifier`;
    }
  }
  return (pod) => requirements.every((fits) => fits(pod));
}

/** The fields of pods (kubernetes/pkg/apis/core/v1/conversion.go, AddFieldLabelConversionsForPod). */
function fieldSelector(text: string): Fits | string {
  const requirements: Fits[] = [];
  for (const part of text.split(",").filter((each) => each !== "")) {
    const [, field, operator, value] = /^([\w.]+)(!=|==?)(.*)$/.exec(part) ?? [];
    if (field === undefined) return `invalid field selector: '${part}'; can't understand '${part}'`;
    if (field !== "status.phase" && field !== "metadata.name") {
      return `field label not supported: ${field}`;
    }
    requirements.push((pod) => {
      const own = field === "metadata.name" ? pod.name : (pod.phase ?? "Running");
      return (own === value) === (operator !== "!=");
    });
  }
  return (pod) => requirements.every((fits) => fits(pod));
}

function podDocument({
  name,
  namespace = "shop",
  labels = {},
  phase = "Running",
  ip = "10.1.0.1",
  isReady = true,
  isEnding = false,
  ports = {},
  waiting,
}: KeptPod): object {
  const isUp = phase === "Running" && waiting === undefined;
  const time = "2024-05-21T03:00:00Z";
  return {
    metadata: {
      name,
      namespace,
      uid: `uid-of-${name}`,
      resourceVersion: "4242",
      creationTimestamp: time,
      labels,
      ...(isEnding ? { deletionTimestamp: time, deletionGracePeriodSeconds: 30 } : {}),
      managedFields: [
        { manager: "kubelet", operation: "Update", apiVersion: "v1", time, fieldsType: "FieldsV1" },
      ],
    },
    spec: {
      containers: [
        {
          name: "order",
          image: "shop/order:1",
          ports: Object.entries(ports).map(([port, containerPort]) => ({
            name: port,
            containerPort,
            protocol: "TCP",
          })),
          resources: {},
        },
        { name: "sidecar", image: "mesh/proxy:1", resources: {} },
      ],
      nodeName: "node-1",
    },
    status: {
      phase,
      conditions: [
        { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: time },
        {
          type: "Ready",
          status: isReady && isUp ? "True" : "False",
          lastProbeTime: null,
          lastTransitionTime: time,
        },
      ],
      ...(phase === "Pending" ? {} : { hostIP: "10.0.0.1", podIP: ip, podIPs: [{ ip }], startTime: time }),
      containerStatuses:
        phase === "Pending"
          ? []
          : [
              {
                name: "order",
                ready: isReady && isUp,
                restartCount: 0,
                image: "shop/order:1",
                imageID: "",
                state:
                  waiting === undefined ? { running: { startedAt: time } } : { waiting: { reason: waiting } },
              },
              {
                name: "sidecar",
                ready: true,
                restartCount: 0,
                image: "mesh/proxy:1",
                imageID: "",
                state: { running: { startedAt: time } },
              },
            ],
    },
  };
}

/** As the API server's proxy writes HTML anew (k8s.io/apimachinery/pkg/util/proxy/transport.go): in double quotes. */
function rewritten(page: string): string {
  return page
    .replaceAll(/(<a [^>]*)href='([^']*)'/g, '$1href="$2"')
    .replaceAll(/href=([^"'> ]+)/g, 'href="$1"');
}
