import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";

/** A command by a part of its bytes, and which side of it the sender gets stuck on. */
export interface RedisStop {
  readonly command: string;
  /** Of several such commands, from 1. */
  readonly nth?: number;
  /** - `before`: Redis never hears of it. - `after`: Redis carried it out, and nobody hears the answer. */
  readonly when: "before" | "after";
}

/** A way to Redis on which a sender can be stopped at one exact command, to be killed there. */
export interface RedisGate {
  readonly url: string;
  /** Resolves once a sender is stuck. Whatever it says on that connection from then on is lost. */
  stopAt(stop: RedisStop): Promise<void>;
  /** Drops what senders that are gone had on its way. */
  cut(): void;
  close(): Promise<void>;
}

export async function redisGate(redisSocket: string): Promise<RedisGate> {
  const path = `${redisSocket}.gate`;
  const open = new Set<Socket>();
  let armed: { readonly stop: RedisStop; seen: number; reached(): void } | undefined;

  /** True from the command on that is looked for; it may come in two pieces. */
  function watcher(): (chunk: Buffer) => boolean {
    let tail = "";
    return (chunk) => {
      if (armed === undefined) return false;
      const { command, nth = 1 } = armed.stop;
      const text = tail + chunk.toString("latin1");
      const parts = text.split(command);
      armed.seen += parts.length - 1;
      tail = (parts.at(-1) ?? "").slice(1 - command.length);
      return parts.length > 1 && armed.seen >= nth;
    };
  }

  const server = createServer((sender) => {
    const redis = createConnection(redisSocket);
    const isIt = watcher();
    let isAsking = false;
    let isStuck = false;
    for (const side of [sender, redis]) {
      open.add(side);
      side.on("error", () => {});
      side.once("close", () => {
        open.delete(side);
        sender.destroy();
        redis.destroy();
      });
    }

    function stick(): void {
      isStuck = true;
      armed?.reached();
      armed = undefined;
    }

    sender.on("data", (chunk: Buffer) => {
      if (isStuck) return;
      if (isIt(chunk)) {
        if (armed?.stop.when === "before") {
          stick();
          return;
        }
        isAsking = true;
      }
      redis.write(chunk);
    });
    redis.on("data", (chunk: Buffer) => {
      if (isAsking && !isStuck) stick();
      if (!isStuck) sender.write(chunk);
    });
  });
  server.listen(path);
  await once(server, "listening");

  function cut(): void {
    for (const side of open) side.destroy();
  }

  return {
    url: `unix:${path}`,
    async stopAt(stop) {
      await new Promise<void>((resolve) => {
        armed = { stop, seen: 0, reached: resolve };
      });
    },
    cut,
    async close() {
      const closed = once(server, "close");
      server.close();
      cut();
      await closed;
    },
  };
}
