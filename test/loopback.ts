import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Waits until `url` answers with a success. */
export async function isReady(url: string): Promise<void> {
  const endsAt = Date.now() + 60_000;
  for (;;) {
    const ready = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    if (Date.now() > endsAt) throw new Error(`${url} is not ready after a minute`);
    await sleep(100);
  }
}

/**
 * Below what Linux (32768 up, Documentation/networking/ip-sysctl.rst) and macOS (49152 up) give to connections and to
 * whoever asks for any port: such a port would be somebody else's before the program that it was found for has begun.
 */
const ports = { first: 12_000, count: 10_000 };

/** A node of a Redis Cluster talks to the others on a second port (redis.conf, `cluster-port`). */
export const clusterBusOffset = 10_000;

/** Different ports for programs that cannot choose one themselves; with each of them the ports at `offsets` are free. */
export async function freePorts(count: number, offsets: readonly number[] = [0]): Promise<number[]> {
  const held: Server[] = [];
  const found: number[] = [];
  try {
    while (found.length < count) {
      const port = ports.first + Math.floor(Math.random() * ports.count);
      const servers = await Promise.all(offsets.map((offset) => listening(port + offset)));
      held.push(...servers.filter((server) => server !== undefined));
      if (!servers.includes(undefined)) found.push(port);
    }
    return found;
  } finally {
    await Promise.all(held.map((server) => new Promise((closed) => server.close(closed))));
  }
}

/** Undefined where somebody listens. */
async function listening(port: number): Promise<Server | undefined> {
  const server = createServer().listen(port, "127.0.0.1");
  return await once(server, "listening").then(
    () => server,
    () => undefined,
  );
}
