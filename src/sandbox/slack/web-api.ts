import type { IncomingMessage, ServerResponse } from "node:http";
import type { FaultEffect, Faults } from "./faults.ts";
import type { Fields } from "./fields.ts";
import { parseJson, shown, textOf } from "./fields.ts";
import { answerJson, answerText, fieldsOfBody, fileOfBody, readBody } from "./http.ts";
import type { PendingUploads } from "./methods/files.ts";
import { type ArgumentKind, demandScope, type MethodSpec } from "./methods/method.ts";
import { createRateLimiter } from "./rate-limits.ts";
import { SlackError } from "./slack-error.ts";
import type { Traffic } from "./traffic.ts";
import type { Workspace } from "./workspace.ts";

export interface Tokens {
  readonly bot: string;
  readonly app: string;
}

interface WebApiOptions {
  readonly workspace: Workspace;
  readonly methods: readonly MethodSpec[];
  readonly pending: PendingUploads;
  readonly tokens: Tokens;
  readonly faults: Faults;
  readonly traffic: Traffic;
  readonly limitsRates: boolean;
}

interface Answer {
  readonly status: number;
  readonly fields: Fields;
  readonly headers?: Record<string, string>;
}

/** Answers POST /api/<method> and POST /upload/<file> as Slack would. */
export function createWebApi({
  workspace,
  methods,
  pending,
  tokens,
  faults,
  traffic,
  limitsRates,
}: WebApiOptions) {
  const specs = new Map(methods.map((spec) => [spec.name, spec]));
  const limiter = createRateLimiter(workspace.clock);

  function run(
    spec: MethodSpec | undefined,
    token: string,
    raw: Fields,
    fault: FaultEffect | undefined,
  ): Answer {
    try {
      if (spec === undefined) throw new SlackError("unknown_method");
      checkToken(spec, token, tokens);
      if (spec.scope !== undefined) demandScope(workspace, spec.scope);
      const args = readArguments(spec, raw);
      const key = `${spec.name} ${spec.limitKey?.(args) ?? ""}`;
      const waitS = limitsRates ? limiter.admit(key, spec.limit) : undefined;
      if (waitS !== undefined) return rateLimited(waitS);
      const result = spec.run({ args, workspace, ...(fault === undefined ? {} : { fault }) });
      return { status: 200, fields: { ok: true, ...result } };
    } catch (error) {
      if (!(error instanceof SlackError)) throw error;
      return { status: 200, fields: { ok: false, error: error.code, ...error.more } };
    }
  }

  async function call(method: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const atMs = workspace.clock.nowMs();
    const body = fieldsOfBody(request.headers["content-type"] ?? "", await readBody(request));
    const { token: bodyToken, ...raw } = body;
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? textOf(bodyToken) ?? "";
    const fault = faults.take(method);
    const early = fault === undefined ? undefined : answerOf(fault);
    const failsBefore = fault !== undefined && (!("when" in fault) || fault.when === "before");
    if (fault?.kind === "delay") await passTime(workspace, fault.delayMs);
    const answer = early !== undefined && failsBefore ? early : run(specs.get(method), token, raw, fault);
    const sent = early ?? answer;
    const error = sent.fields.ok === false ? String(sent.fields.error) : undefined;
    traffic.record({
      atMs,
      direction: "from-app",
      name: method,
      args: shownArguments(raw),
      status: sent.status,
      ...(error === undefined ? {} : { error }),
      ...(fault === undefined ? {} : { fault: fault.kind }),
    });
    if (fault?.kind === "reset") return void request.socket.resetAndDestroy();
    if (fault?.kind === "hang") return;
    const scopes = [...workspace.manifest.botScopes].join(",");
    answerJson(response, sent.status, sent.fields, { "x-oauth-scopes": scopes, ...sent.headers });
  }

  async function upload(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const atMs = workspace.clock.nowMs();
    const bytes = await fileOfBody(request.headers["content-type"] ?? "", await readBody(request));
    const fault = faults.take("upload");
    const waiting = pending.get(id);
    const isFit = waiting?.length === bytes.length;
    const failsBefore = fault !== undefined && "when" in fault && fault.when === "before";
    if (waiting !== undefined && isFit && !failsBefore) waiting.bytes = bytes;
    const status = fault?.kind === "status" ? fault.status : isFit ? 200 : 400;
    traffic.record({
      atMs,
      direction: "from-app",
      name: "upload",
      args: { file: id, bytes: bytes.length },
      status,
      ...(status === 200 ? {} : { error: `status ${status}` }),
      ...(fault === undefined ? {} : { fault: fault.kind }),
    });
    if (fault?.kind === "reset") return void request.socket.resetAndDestroy();
    if (fault?.kind === "hang") return;
    answerText(
      response,
      status,
      status === 200 ? `OK - ${bytes.length}` : "Length mismatch or unknown upload",
    );
  }

  return { call, upload };
}

function checkToken(spec: MethodSpec, token: string, tokens: Tokens): void {
  if (token === "") throw new SlackError("not_authed");
  if (token !== tokens.bot && token !== tokens.app) throw new SlackError("invalid_auth");
  const wanted = spec.token === "app" ? tokens.app : tokens.bot;
  if (token !== wanted) throw new SlackError("not_allowed_token_type");
}

/** Arguments in their own types. Unknown ones are refused: a typo must not pass as a success. */
function readArguments(spec: MethodSpec, raw: Fields): Fields {
  const kinds: Readonly<Record<string, ArgumentKind>> = {
    ...spec.optional,
    ...spec.required,
    team_id: "text",
  };
  const args: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(raw)) {
    const kind = kinds[name];
    if (kind === undefined)
      throw new SlackError("invalid_arg_name", {
        response_metadata: { messages: [`[ERROR] unknown argument: ${name}`] },
      });
    args[name] =
      kind === "text" ? shown(value) : typeof value === "string" ? parsed(name, kind, value) : value;
  }
  for (const name of Object.keys(spec.required))
    if (args[name] === undefined || args[name] === "")
      throw new SlackError("invalid_arguments", {
        response_metadata: { messages: [`[ERROR] missing required field: ${name}`] },
      });
  return args;
}

function parsed(name: string, kind: "json" | "number" | "flag", value: string): unknown {
  if (kind === "flag") return value === "true" || value === "1";
  if (kind === "number") return Number(value);
  const json = parseJson(value);
  if (json === undefined)
    throw new SlackError(name === "blocks" ? "invalid_blocks_format" : "invalid_arguments");
  return json;
}

function rateLimited(retryAfterS: number): Answer {
  return {
    status: 429,
    fields: { ok: false, error: "ratelimited" },
    headers: { "retry-after": String(retryAfterS) },
  };
}

/** What the caller sees instead of the true answer. */
function answerOf(fault: FaultEffect): Answer | undefined {
  switch (fault.kind) {
    case "status":
      return { status: fault.status, fields: {} };
    case "error":
      return { status: 200, fields: { ok: false, error: fault.error } };
    case "rate-limited":
      return rateLimited(fault.retryAfterS);
    case "reset":
    case "hang":
      return { status: 0, fields: {} };
    default:
      return undefined;
  }
}

export function passTime(workspace: Workspace, ms: number): Promise<void> {
  return new Promise((resolve) => void workspace.clock.after(ms, resolve));
}

function shownArguments(raw: Fields): Fields {
  return Object.fromEntries(
    Object.entries(raw).map(([name, value]) => [
      name,
      typeof value === "string" ? (parseJson(value) ?? value) : value,
    ]),
  );
}
