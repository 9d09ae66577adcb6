import { randomUUID } from "node:crypto";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";

/** A key that is its holder's alone until it is freed, or until Redis forgets it because it was not renewed. */
export interface Lease {
  /** Aborted when it was lost before it was freed; the reason names it. */
  readonly lost: AbortSignal;
  /** Milliseconds for which it is ours for certain, by the clocks of this process; 0 once it is lost or freed. */
  goodForMs(): number;
  /** Nobody gets it for `restMs` more, 0 by default. A Redis that is away forgets it by itself. */
  free(restMs?: number): Promise<void>;
}

/** What is leased. */
export interface LeaseOf {
  readonly key: string;
  /** In words, for the reason of its loss, e.g. "the lock of the target". */
  readonly name: string;
  /** What others may read of its holder. */
  readonly holder: object;
  /** After this without a renewal it is forgotten. Renewed three times as often. */
  readonly ttlMs: number;
  /** Milliseconds since the epoch after which it is not renewed; default never. */
  readonly expiresAtMs?: number;
}

/** KEYS lease; ARGV token, ttl. */
const renewScript = `
local lease = redis.call("GET", KEYS[1])
if lease and cjson.decode(lease).token == ARGV[1] then return redis.call("PEXPIRE", KEYS[1], ARGV[2]) end
return 0`;

const never = new AbortController().signal;

/**
 * Takes it, or gives undefined where somebody else has it; does not wait. Throws PortError when Redis cannot be reached, and the
 * signal's reason.
 */
export async function takeLease(
  client: RedisClient,
  { key, name, holder, ttlMs, expiresAtMs = Number.POSITIVE_INFINITY }: LeaseOf,
  signal: AbortSignal,
): Promise<Lease | undefined> {
  const token = randomUUID();
  /** `PEXPIRE` with 0 forgets it at once (https://redis.io/docs/latest/commands/pexpire/). */
  const expireIn = (ms: number) => ask(() => client.eval(renewScript, 1, key, token, ms), never);
  const untilEnd = () => Math.min(ttlMs, Math.floor(expiresAtMs - Date.now()));
  const content = JSON.stringify({ ...holder, token });
  const askedAt = now();
  const firstMs = Math.max(1, untilEnd());
  const taken = await ask(() => client.set(key, content, "PX", firstMs, "NX"), signal);
  if (taken !== "OK") return undefined;

  const lost = new AbortController();
  let isOver = false;
  let goodUntil = after(askedAt, firstMs);
  let overdue = expiry();
  const renewal = setInterval(() => {
    void renew().catch(() => {}); // Redis is away for the moment: the next round, or the expiry, decides
  }, ttlMs / 3);
  renewal.unref();

  function expiry(): NodeJS.Timeout {
    return setTimeout(() => lose(`${name} could not be renewed in time`), leftMs(goodUntil)).unref();
  }

  async function renew(): Promise<void> {
    const renewedAt = now();
    const forMs = untilEnd();
    const kept = forMs > 0 && (await expireIn(forMs)) === 1;
    if (isOver) return;
    if (!kept) return lose(`${name} was lost`);
    clearTimeout(overdue);
    goodUntil = after(renewedAt, forMs);
    overdue = expiry();
  }

  function end(): void {
    isOver = true;
    clearInterval(renewal);
    clearTimeout(overdue);
  }

  function lose(reason: string): void {
    end();
    lost.abort(new Error(reason));
  }

  return {
    lost: lost.signal,
    goodForMs: () => (isOver ? 0 : leftMs(goodUntil)),
    async free(restMs = 0) {
      end();
      await expireIn(restMs).catch(() => {});
    },
  };
}

/**
 * A moment by both clocks of this machine. One can be set back, the other stands still while the machine sleeps; Redis counts on
 * through either.
 */
interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

function now(): Moment {
  return { wallMs: Date.now(), monotonicMs: performance.now() };
}

/** Counted from the question: Redis may have counted down for as long as its answer took. */
function after({ wallMs, monotonicMs }: Moment, ms: number): Moment {
  return { wallMs: wallMs + ms, monotonicMs: monotonicMs + ms };
}

function leftMs(until: Moment): number {
  const { wallMs, monotonicMs } = now();
  return Math.max(0, Math.min(until.wallMs - wallMs, until.monotonicMs - monotonicMs));
}
