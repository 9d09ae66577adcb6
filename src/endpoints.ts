/** What `gofire serve` answers by HTTP, and at which of its addresses. */
import type { Answer } from "./integrations/http/listener.ts";
import type { ListenAddress } from "./ports/server.ts";
import type { ServerTls } from "./ports/server-tls.ts";

/** Paths that are answered together. */
export interface Endpoint {
  readonly routes: Readonly<Record<string, Answer>>;
  /** Its own address; the shared one, where health is told, when absent or the same. */
  readonly listen?: ListenAddress | undefined;
  /** Keeps its address to itself: TLS is never shared, because probes and browsers show no certificate. */
  readonly tls?: ServerTls | undefined;
  /** What is told once it is answered at `url` (`http://HOST:PORT`). */
  readonly told?: ((url: string) => string) | undefined;
}

/** Listens at an address and gives its URL. */
type Open = (
  address: ListenAddress,
  routes: Readonly<Record<string, Answer>>,
  tls?: ServerTls,
) => Promise<string>;

/**
 * Opens the shared address with all that is answered there, then the others in their order, and tells of each. Gives the
 * shared one's URL: to `opened` as soon as there is one, and at the end.
 */
export async function openEndpoints(
  shared: ListenAddress,
  endpoints: readonly Endpoint[],
  {
    open,
    opened,
    tell,
  }: {
    readonly open: Open;
    readonly opened: (url: string) => void;
    readonly tell: (line: string) => void;
  },
): Promise<string> {
  const isShared = ({ listen, tls }: Endpoint) =>
    listen === undefined || (tls === undefined && isSame(listen, shared));
  const url = await open(
    shared,
    Object.assign({}, ...endpoints.filter(isShared).map(({ routes }) => routes)),
  );
  opened(url);
  for (const endpoint of endpoints) {
    const { listen, routes, tls } = endpoint;
    const at = listen === undefined || isShared(endpoint) ? url : await open(listen, routes, tls);
    const line = endpoint.told?.(at);
    if (line !== undefined) tell(line);
  }
  return url;
}

function isSame(one: ListenAddress, other: ListenAddress): boolean {
  return one.host === other.host && one.port === other.port;
}
