import { UsageError } from "../../domain/errors.ts";

interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

interface Login {
  readonly username?: string;
  readonly password?: string;
  readonly tls: boolean;
}

/** Where Redis is. Holds secrets: print `addressText`. */
export type RedisAddress =
  | (Login & HostAndPort & { readonly kind: "single"; readonly db: number })
  | { readonly kind: "socket"; readonly path: string }
  | (Login & { readonly kind: "cluster"; readonly nodes: readonly HostAndPort[] })
  | (Login & {
      readonly kind: "sentinel";
      readonly nodes: readonly HostAndPort[];
      /** Name of the master that the sentinels watch. */
      readonly master: string;
      readonly db: number;
    });

const forms =
  "redis://HOST:PORT, rediss://HOST:PORT (TLS), unix:/PATH, redis-cluster://HOST:PORT,HOST:PORT " +
  "or redis-sentinel://HOST:PORT,HOST:PORT/MASTER (rediss-cluster://, rediss-sentinel:// with TLS)";

const shape =
  /^(?<scheme>rediss?(?:-cluster|-sentinel)?):\/\/(?:(?<user>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<hosts>[^/?#@]+)(?:\/(?<path>[^?#]*))?$/;

/**
 * Reads `REDIS_URL`. The schemes for lists of nodes are not registered anywhere (redis:// and rediss:// are, at IANA);
 * they are what other clients call them. Throws UsageError; its message does not repeat the URL, which holds secrets.
 */
export function parseRedisUrl(text: string): RedisAddress {
  const socket = /^(?:redis\+)?unix:(?:\/\/)?(?<path>\/.+)$/.exec(text)?.groups?.["path"];
  if (socket !== undefined) return { kind: "socket", path: socket };
  const parts = shape.exec(text)?.groups;
  const scheme = parts?.["scheme"];
  const hosts = parts?.["hosts"];
  if (scheme === undefined || hosts === undefined) throw notAnAddress();
  const [name, ...rest] = (parts?.["path"] ?? "").split("/");
  const login = loginOf(parts?.["user"], parts?.["password"], scheme.startsWith("rediss"));
  if (scheme.endsWith("-cluster")) {
    if (name !== "")
      throw new UsageError(
        "REDIS_URL: a Redis Cluster has no databases by number. Leave out what stands after the last /.",
      );
    return { kind: "cluster", nodes: nodesOf(hosts, 6379), ...login };
  }
  if (scheme.endsWith("-sentinel")) {
    if (name === undefined || name === "") {
      throw new UsageError(
        "REDIS_URL: name the master after the sentinels, as in redis-sentinel://HOST/mymaster.",
      );
    }
    return {
      kind: "sentinel",
      nodes: nodesOf(hosts, 26_379),
      master: decodeURIComponent(name),
      db: databaseOf(rest[0]),
      ...login,
    };
  }
  const [node, second] = nodesOf(hosts, 6379);
  if (node === undefined || second !== undefined) throw notAnAddress();
  return { kind: "single", ...node, db: databaseOf(name), ...login };
}

/** Without secrets, for people. */
export function addressText(address: RedisAddress): string {
  if (address.kind === "socket") return `unix:${address.path}`;
  const scheme = address.tls ? "rediss" : "redis";
  if (address.kind === "single") return `${scheme}://${address.host}:${address.port}/${address.db}`;
  const nodes = address.nodes.map(({ host, port }) => `${host}:${port}`).join(",");
  return address.kind === "cluster"
    ? `${scheme}-cluster://${nodes}`
    : `${scheme}-sentinel://${nodes}/${address.master}/${address.db}`;
}

function nodesOf(hosts: string, defaultPort: number): HostAndPort[] {
  return hosts.split(",").map((node) => {
    const parts = /^(?:\[(?<six>[0-9a-fA-F:.]+)\]|(?<host>[^:[\]]+))(?::(?<port>\d{1,5}))?$/.exec(
      node,
    )?.groups;
    const host = parts?.["six"] ?? parts?.["host"];
    const port = Number(parts?.["port"] ?? defaultPort);
    if (host === undefined || port < 1 || port > 65_535) throw notAnAddress();
    return { host, port };
  });
}

function databaseOf(text: string | undefined): number {
  if (text === undefined || text === "") return 0;
  if (!/^\d{1,5}$/.test(text))
    throw new UsageError("REDIS_URL: the database after the last / must be a number.");
  return Number(text);
}

function loginOf(user: string | undefined, password: string | undefined, tls: boolean): Login {
  return {
    tls,
    ...(user === undefined || user === "" ? {} : { username: decodeURIComponent(user) }),
    ...(password === undefined ? {} : { password: decodeURIComponent(password) }),
  };
}

function notAnAddress(): UsageError {
  return new UsageError(`REDIS_URL cannot be understood. Write ${forms}.`);
}
