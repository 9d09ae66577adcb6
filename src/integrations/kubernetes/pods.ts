import {
  CoreV1Api,
  createConfiguration,
  ResponseContext,
  ServerConfiguration,
  type V1Pod,
  wrapHttpLibrary,
} from "@kubernetes/client-node";
import { PortError, reasonOf } from "../../domain/errors.ts";
import { parseKubernetesStatus } from "../../parsers/kubernetes-status.ts";
import { answerText } from "../web-client/answer-text.ts";
import { askWeb, type WebAnswer } from "../web-client/ask.ts";
import { type Connection, connectTo, usable } from "../web-client/connection.ts";
import { questionHeaders } from "../web-client/headers.ts";
import type { Cluster } from "./cluster.ts";
import { mostBeginnings, pageLimits, pageSize } from "./limits.ts";

/** What is asked for. */
interface PodQuestion {
  readonly namespace: string;
  readonly selector: string;
  /** Most pods that are wanted. */
  readonly most: number;
}

/**
 * Pods that are not over, page by page; `more` says that there are further ones. The library knows the API; questions
 * go through our own client, which is bounded, follows no redirect and says why it got no answer.
 */
export async function listPods(
  cluster: Cluster,
  { namespace, selector, most }: PodQuestion,
  userAgent: string,
  signal: AbortSignal,
): Promise<{ readonly pods: readonly V1Pod[]; readonly more: boolean }> {
  const { origin } = new URL(cluster.url);
  const { tls, proxy } = cluster.access;
  const connection = usable(cluster.url, () =>
    connectTo(
      { origin },
      { ...(tls === undefined ? {} : { tls }), ...(proxy === undefined ? {} : { proxy }), tunnel: true },
    ),
  );
  const headers = questionHeaders(cluster.access, userAgent);
  const api = new CoreV1Api(
    createConfiguration({
      baseServer: new ServerConfiguration(cluster.url, {}),
      httpApi: wrapHttpLibrary({
        async send(request) {
          const { pathname, search } = new URL(request.getUrl());
          const path = pathname + search;
          const text = await asked(connection, { path, headers, shownAs: origin + pathname }, signal);
          const body = {
            text: () => Promise.resolve(text),
            binary: () => Promise.resolve(Buffer.from(text)),
          };
          return new ResponseContext(200, { "content-type": "application/json" }, body);
        },
      }),
    }),
  );

  async function beginning(): Promise<{ pods: V1Pod[]; more: boolean }> {
    const pods: V1Pod[] = [];
    let next: string | undefined;
    do {
      const page = await api.listNamespacedPod({
        namespace,
        labelSelector: selector,
        fieldSelector: "status.phase!=Succeeded,status.phase!=Failed",
        limit: pageSize,
        ...(next === undefined ? {} : { _continue: next }),
      });
      if (!Array.isArray(page.items)) throw strange(cluster.url, "a list of pods without pods");
      pods.push(...page.items);
      // oxlint-disable-next-line no-underscore-dangle -- the library's name: `continue` is a word of the language
      next = page.metadata?._continue;
    } while (next !== undefined && next !== "" && pods.length <= most);
    return { pods, more: next !== undefined && next !== "" };
  }

  try {
    for (let attempt = 1; ; attempt++) {
      try {
        return await beginning();
      } catch (error) {
        // The rest of the list is gone, because somebody waited too long: it is begun anew.
        if (!(error instanceof GoneError) || attempt >= mostBeginnings) throw error;
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PortError) throw error;
    throw strange(cluster.url, reasonOf(error));
  } finally {
    await connection.dispatcher.destroy();
  }
}

class GoneError extends PortError {}

async function asked(
  connection: Connection,
  question: Parameters<typeof askWeb>[1],
  signal: AbortSignal,
): Promise<string> {
  let answer: WebAnswer;
  let text: string;
  try {
    answer = await askWeb(connection, question, pageLimits, signal);
    text = await answerText(answer);
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    const message = `Kubernetes at ${connection.origin} could not be asked: ${error.message}`;
    throw new PortError(error.code, connection.origin, message, { cause: error });
  }
  if (answer.status !== 200) throw refusal(answer, text, connection.origin);
  return text;
}

function refusal({ status, location }: WebAnswer, text: string, target: string): PortError {
  const said = parseKubernetesStatus(text) ?? "";
  const where = location === undefined ? "" : ` to ${location}`;
  const reason =
    status >= 300 && status < 400
      ? `it redirects${where}, which is not followed`
      : status === 401
        ? `it does not know who asks: the credentials are missing, wrong or expired${said === "" ? "" : ` (${said})`}`
        : said !== ""
          ? said
          : "without saying why";
  const message = `Kubernetes answered ${status}: ${reason.slice(0, 300)}`;
  if (status === 410) return new GoneError("unavailable", target, message);
  return new PortError(codeOf(status), target, message);
}

function codeOf(status: number): PortError["code"] {
  if (status === 401 || status === 403) return "forbidden";
  if (status === 404) return "not-found";
  if (status === 429) return "rate-limited";
  return status >= 500 ? "unavailable" : "bad-response";
}

function strange(target: string, what: string): PortError {
  return new PortError(
    "bad-response",
    target,
    `What answers at ${target} is no Kubernetes API server, or one that gofire does not understand: ${what.slice(0, 200)}`,
  );
}
