import type {
  AppControllerRoute,
  AppViewRoute,
  BullBoardQueues,
  BullBoardRequest,
  ControllerHandlerReturnType,
  IServerAdapter,
  UIConfig,
} from "@bull-board/api/typings/app";

/** What Bull Board wants answered, collected by its adapter interface. */
export interface BoardRoutes {
  /** For createBullBoard. */
  readonly adapter: IServerAdapter;
  isPage(path: string): boolean;
  /** What its page's template needs. */
  pageWords(basePath: string): Readonly<Record<string, string>>;
  /** Undefined: no such route. */
  reply(
    method: string,
    path: string,
    request: Pick<BullBoardRequest, "query" | "body" | "headers">,
  ): Promise<{ readonly status: number; readonly body: unknown } | undefined>;
}

interface Route {
  readonly methods: readonly string[];
  readonly patterns: readonly RegExp[];
  readonly handler: AppControllerRoute["handler"];
}

export function boardRoutes(): BoardRoutes {
  let queues: BullBoardQueues = new Map();
  let uiConfig: UIConfig = {};
  let page: AppViewRoute | undefined;
  let pagePatterns: readonly RegExp[] = [];
  let routes: readonly Route[] = [];
  let answerError = plainError;

  const adapter: IServerAdapter = {
    setQueues(given) {
      queues = given;
      return adapter;
    },
    setUIConfig(given) {
      uiConfig = given;
      return adapter;
    },
    setEntryRoute(route) {
      page = route;
      pagePatterns = listed(route.route).map(patternOf);
      return adapter;
    },
    setApiRoutes(given) {
      routes = given.map((route) => ({
        methods: listed(route.method),
        patterns: listed(route.route).map(patternOf),
        handler: (request) => route.handler(request),
      }));
      return adapter;
    },
    setErrorHandler(handler) {
      answerError = handler;
      return adapter;
    },
    // The page and its files are served by queue-board.ts.
    setViewsPath: () => adapter,
    setStaticPath: () => adapter,
  };

  return {
    adapter,
    isPage: (path) => pagePatterns.some((pattern) => pattern.test(path)),
    pageWords: (basePath) => page?.handler({ basePath, uiConfig }).params ?? {},
    async reply(method, path, request) {
      for (const { methods, patterns, handler } of routes) {
        if (!methods.includes(method)) continue;
        const found = patterns.map((pattern) => pattern.exec(path)).find((match) => match !== null);
        if (found === undefined) continue;
        const { status = 200, body } = await answered(handler, {
          ...request,
          queues,
          uiConfig,
          params: decoded(found.groups ?? {}),
        });
        return { status, body };
      }
      return undefined;
    },
  };

  async function answered(
    handler: AppControllerRoute["handler"],
    request: BullBoardRequest,
  ): Promise<ControllerHandlerReturnType> {
    try {
      return await handler(request);
    } catch (error) {
      return answerError(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function plainError({ message }: Error): ControllerHandlerReturnType {
  return { status: 500, body: { message } };
}

/** "/queue/:queueName" -> a pattern with that group. */
function patternOf(route: string): RegExp {
  return new RegExp(`^${route.replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`);
}

/** Throws URIError for a path that is not well encoded. */
function decoded(groups: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
}

function listed<T>(oneOrMany: T | readonly T[]): readonly T[] {
  return Array.isArray(oneOrMany) ? (oneOrMany as readonly T[]) : [oneOrMany as T];
}
