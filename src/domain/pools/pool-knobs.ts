import type { PoolLibrary } from "./pool-waits.ts";

/** What bounds a pool, in the words of its configuration. */
export interface PoolKnob {
  /** The setting that says how many may be in use at a time. */
  readonly name: string;
  /** What the pool lends, after "a"; absent for pools that are only known by their name. */
  readonly lends?: string;
  /** Default and neighbours, as a sentence for the reader who looks for it. */
  readonly note: string;
}

/**
 * Sources: pkg.go.dev/database/sql, github.com/redis/go-redis options.go, github.com/gomodule/redigo redis/pool.go,
 * github.com/jackc/pgx pgxpool/pool.go, go.mongodb.org/mongo-driver options, github.com/valyala/fasthttp client.go,
 * pkg.go.dev/golang.org/x/sync/semaphore.
 */
const knobs: Readonly<Record<PoolLibrary, PoolKnob>> = {
  "database/sql": {
    lends: "database connection",
    name: "SetMaxOpenConns",
    note: "DB.SetMaxOpenConns bounds it (no limit by default); SetMaxIdleConns only decides how many are kept. DB.Stats() tells WaitCount and InUse.",
  },
  "go-redis": {
    lends: "go-redis connection",
    name: "PoolSize",
    note: "Options.PoolSize bounds it (10 per GOMAXPROCS by default, so a smaller GOMAXPROCS means a smaller pool); a wait ends after PoolTimeout, ReadTimeout + 1 s by default. MaxIdleConns does not bound it.",
  },
  redigo: {
    lends: "redigo connection",
    name: "MaxActive",
    note: "Pool.MaxActive bounds it, and with Wait: true callers queue; MaxIdle only decides how many are kept. Get waits for ever, GetContext as long as its context.",
  },
  pgx: {
    lends: "pgx connection",
    name: "MaxConns",
    note: "pgxpool.Config.MaxConns (pool_max_conns) bounds it: by default 4 or the number of CPUs, whichever is larger.",
  },
  mongo: {
    lends: "MongoDB connection",
    name: "maxPoolSize",
    note: "ClientOptions.SetMaxPoolSize bounds it (100 by default).",
  },
  fasthttp: {
    lends: "fasthttp connection",
    name: "MaxConnsPerHost",
    note: "HostClient.MaxConns or Client.MaxConnsPerHost bounds it (512 by default); callers queue for MaxConnWaitTimeout.",
  },
  grpc: {
    lends: "ready connection",
    name: "",
    note: "The channel has no ready connection: WaitForReady calls wait until one is, the others until the first attempt fails.",
  },
  semaphore: {
    lends: "slot of a semaphore",
    name: "NewWeighted",
    note: "The weight given to semaphore.NewWeighted bounds it.",
  },
  unknown: {
    name: "the pool's size",
    note: "The size that the pool was made with bounds it: look at its constructor and configuration.",
  },
};

export function poolKnob(library: PoolLibrary): PoolKnob {
  return knobs[library];
}
