import { UsageError } from "../../domain/errors.ts";
import type { CaptureLock } from "../../ports/capture-lock.ts";
import type { Host } from "../../ports/host.ts";
import { addressText, parseRedisUrl, type RedisAddress } from "./address.ts";
import { openRedis, type RedisTls } from "./connection.ts";
import { embeddedRedis } from "./embedded.ts";

export interface ChosenRedis {
  readonly address: RedisAddress;
  readonly tls?: RedisTls;
  /** Which one it is and why, in a sentence. */
  readonly because: string;
  /** Ends what was started for this process; the connections to it are closed before. */
  leave(): Promise<void>;
}

/** In the order in which they are looked for. */
export const serverPrograms = ["redis-server", "valkey-server"] as const;

/**
 * `REDIS_URL` when it is set, else a server of our own from PATH with its data below `stateFolder`. Private authorities
 * and client certificates for `rediss` come from the files that REDIS_CA_FILE, REDIS_CERT_FILE and REDIS_KEY_FILE name.
 * Throws UsageError that says what to install when there is neither, PortError when our own does not start.
 */
export async function chooseRedis(
  host: Host,
  stateFolder: string,
  lock: CaptureLock,
  onTrouble: (message: string) => void,
): Promise<ChosenRedis> {
  const named = await namedRedis(host);
  if (named !== undefined) return named;
  const { name, program } = await installedServer(host);
  const folder = `${stateFolder}/redis`;
  const server = await embeddedRedis({ program, folder, lock, onTrouble });
  return {
    address: { kind: "socket", path: server.socketPath },
    because: server.startedHere
      ? `its own ${program} (process ${server.pid}), data in ${folder}; REDIS_URL is not set`
      : `the ${name} that another gofire started (process ${server.pid}), data in ${folder}; REDIS_URL is not set`,
    leave: () => server.leave(),
  };
}

/**
 * What `chooseRedis` would choose, in a sentence, without starting a server; what is wrong with it is told. Throws as
 * `chooseRedis` and `openRedis` do.
 */
export async function lookAtRedis(host: Host, tell: (line: string) => void): Promise<string> {
  const named = await namedRedis(host);
  if (named === undefined) {
    const { program } = await installedServer(host);
    return `gofire serve starts ${program} of its own; REDIS_URL is not set`;
  }
  const { address, tls, because } = named;
  const redis = await openRedis(address, { ...(tls === undefined ? {} : { tls }), onTrouble: tell });
  await redis.close();
  return `${because}: ${redis.server}`;
}

async function namedRedis(host: Host): Promise<ChosenRedis | undefined> {
  const url = host.environment("REDIS_URL");
  if (url === undefined) return undefined;
  const address = parseRedisUrl(url);
  return {
    address,
    ...("tls" in address && address.tls ? { tls: await tlsOf(host) } : {}),
    because: `Redis at ${addressText(address)}, as REDIS_URL says`,
    leave: () => Promise.resolve(),
  };
}

async function installedServer(
  host: Host,
): Promise<{ readonly name: (typeof serverPrograms)[number]; readonly program: string }> {
  for (const name of serverPrograms) {
    const program = await host.findProgram(name);
    if (program !== undefined) return { name, program };
  }
  throw new UsageError(
    `gofire keeps its queue in Redis and found none: set REDIS_URL, or install one (${installWords(host.platform)}).`,
  );
}

/** What a person types to install a server. */
export function installWords(platform: string): string {
  return platform === "darwin"
    ? "brew install redis"
    : "apt-get install redis-server, dnf install valkey, apk add valkey";
}

async function tlsOf(host: Host): Promise<RedisTls> {
  async function file(variable: string): Promise<string | undefined> {
    const name = host.environment(variable);
    return name === undefined ? undefined : await host.readText(name);
  }
  // One after the other: of several files that are missing, the first is named.
  const ca = await file("REDIS_CA_FILE");
  const cert = await file("REDIS_CERT_FILE");
  const key = await file("REDIS_KEY_FILE");
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError("REDIS_CERT_FILE and REDIS_KEY_FILE go together.");
  }
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
