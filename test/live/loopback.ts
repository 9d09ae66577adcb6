import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
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

/** Held at the same time, so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const sockets = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(sockets.map((socket) => once(socket, "listening")));
  const ports = sockets.map((socket) => (socket.address() as AddressInfo).port);
  for (const socket of sockets) socket.close();
  return ports;
}
