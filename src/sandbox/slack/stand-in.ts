import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Lever } from "../../ports/demo-world.ts";
import { type ExpectedRefusal, pingsBy, problemsOf } from "./checks.ts";
import { realClock, type SandboxClock } from "./clock.ts";
import { createDeliveries } from "./deliveries/deliveries.ts";
import { createHttpOutlet } from "./deliveries/http-outlet.ts";
import { createSocketOutlet, type SocketOutlet } from "./deliveries/socket-outlet.ts";
import { createFaults, type Faults } from "./faults.ts";
import { readAppManifest } from "./manifest.ts";
import { chatMethods } from "./methods/chat.ts";
import { fileMethods, type PendingUploads } from "./methods/files.ts";
import type { MethodSpec } from "./methods/method.ts";
import { viewMethods } from "./methods/views.ts";
import { workspaceMethods } from "./methods/workspace-methods.ts";
import { createPeople, type People } from "./people/people.ts";
import { tiers } from "./rate-limits.ts";
import { createRouter } from "./router.ts";
import { shopWorkspace, type WorkspaceSeed } from "./seed.ts";
import { createTraffic, type Traffic } from "./traffic.ts";
import { createWebApi, type Tokens } from "./web-api.ts";
import { createWorkspace, type Workspace } from "./workspace.ts";

export interface SlackStandInOptions {
  /** The app's manifest, parsed; scopes, events and commands are enforced from it. */
  readonly manifest: unknown;
  /** Default: `shopWorkspace`. */
  readonly seed?: WorkspaceSeed;
  readonly clock?: SandboxClock;
  /** Port on 127.0.0.1; 0, the default, picks a free one. */
  readonly port?: number;
  /** Signed requests to this URL; Socket Mode when left out. May be set later with `deliverTo`. */
  readonly requestUrl?: string;
  /** Default true. */
  readonly limitsRates?: boolean;
  /** How long acknowledgements may take, and triggers live; Slack's three seconds when absent. */
  readonly patienceMs?: number;
  /** Buttons beside the workspace, for a demo: what the people in it cannot do in Slack. */
  readonly levers?: readonly Lever[];
  /** Beside the workspace: what people must know about this one. */
  readonly notice?: string;
}

/** A Slack workspace on this machine, strict where Slack is. Stop it with `close`. */
export interface SlackStandIn {
  /** Page for people; also the base of everything else. Without a slash at its end. */
  readonly url: string;
  /** For `clientOptions.slackApiUrl`. */
  readonly apiUrl: string;
  readonly tokens: Tokens;
  readonly signingSecret: string;
  readonly people: People;
  readonly workspace: Workspace;
  readonly faults: Faults;
  readonly traffic: Traffic;
  /** Socket Mode's connections. */
  readonly sockets: SocketOutlet;
  /** From now on deliveries are signed HTTP requests to this URL. */
  deliverTo(requestUrl: string): void;
  /** Deliveries that wait for an acknowledgement or another attempt. */
  pendingDeliveries(): number;
  /** See `problemsOf`. */
  problems(expected?: readonly ExpectedRefusal[]): readonly string[];
  /** Everyone the app's messages call, as written. */
  pings(): readonly string[];
  close(): Promise<void>;
}

export async function startSlackStandIn(options: SlackStandInOptions): Promise<SlackStandIn> {
  const clock = options.clock ?? realClock();
  const { seed = shopWorkspace, patienceMs } = options;
  const workspace = createWorkspace(seed, readAppManifest(options.manifest), clock, patienceMs);
  const faults = createFaults();
  const traffic = createTraffic(clock, () => workspace.changed({ kind: "traffic" }));
  const pending: PendingUploads = new Map();
  const tokens: Tokens = { bot: "xoxb-sandbox-bot", app: "xapp-sandbox-app" };
  const signingSecret = "sandbox-signing-secret";
  const server = createServer();
  const sockets = createSocketOutlet(workspace, server);
  let http = options.requestUrl === undefined ? undefined : httpTo(options.requestUrl);

  function httpTo(requestUrl: string) {
    return createHttpOutlet({ workspace, requestUrl, signingSecret });
  }

  const outlet = {
    send: (delivery: Parameters<SocketOutlet["send"]>[0]) => (http ?? sockets).send(delivery),
    close() {},
  };
  const deliveries = createDeliveries(workspace, outlet, faults, traffic);
  const people = createPeople(workspace, deliveries);
  const methods = [
    ...chatMethods,
    ...workspaceMethods,
    ...viewMethods,
    ...fileMethods(pending),
    openMethod(sockets),
  ];
  const limitsRates = options.limitsRates ?? true;
  const webApi = createWebApi({ workspace, methods, pending, tokens, faults, traffic, limitsRates });
  const levers = options.levers ?? [];
  const { notice } = options;
  const router = createRouter({ workspace, webApi, people, faults, traffic, sockets, levers, notice });
  server.on("request", router);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  workspace.baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url: workspace.baseUrl,
    apiUrl: `${workspace.baseUrl}/api/`,
    tokens,
    signingSecret,
    people,
    workspace,
    faults,
    traffic,
    sockets,
    deliverTo(requestUrl) {
      http = httpTo(requestUrl);
    },
    pendingDeliveries: () => deliveries.pending,
    problems: (expected) => problemsOf(workspace, traffic, expected),
    pings: () => pingsBy(workspace),
    async close() {
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function openMethod(sockets: SocketOutlet): MethodSpec {
  return {
    name: "apps.connections.open",
    token: "app",
    limit: tiers.tier3,
    required: {},
    optional: {},
    run: () => ({ url: sockets.newUrl() }),
  };
}
