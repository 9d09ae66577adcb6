/** What a setting is about, by what it is called. */
export type KeyKind =
  | "pool-size"
  | "idle-connections"
  | "timeout"
  | "address"
  | "gc"
  | "memory-limit"
  | "cpu"
  | "workers"
  | "log"
  | "tls"
  | "cache"
  | "http2-streams"
  | "open-files"
  | "image";

/**
 * Names as the libraries and platforms have them: database/sql (SetMaxOpenConns, SetMaxIdleConns), go-redis (PoolSize,
 * MinIdleConns, PoolTimeout), redigo (MaxActive, MaxIdle), pgxpool (pool_max_conns), mongo (maxPoolSize), net/http
 * (MaxConnsPerHost, MaxIdleConnsPerHost, ReadHeaderTimeout), golang.org/x/net/http2 (MaxConcurrentStreams), runtime (GOGC,
 * GOMEMLIMIT, GOMAXPROCS), Kubernetes (resources.limits.cpu, image). Matched against a path in lower case whose words are
 * joined by "_", with one in front and one behind.
 */
const names: readonly (readonly [KeyKind, RegExp])[] = [
  ["idle-connections", /_(?:max|min)_idle_|_idle_conn/],
  [
    "pool-size",
    /_pool_(?:size|max|limit|capacity)|_max_(?:active|open|pool_size|connections?|conns?|in_use|in_flight)_|_max_(?:open_)?conn(?:ection)?s?_|_(?:connections?|conns?)_(?:max|limit)_|_semaphore_|_max_concurrency_/,
  ],
  ["timeout", /_(?:\w*timeout\w*|deadline|retry|retries|max_attempts|backoff|keep_?alive)_/],
  [
    "address",
    /(?<!_per)_(?:url|uri|dsn|addr|address|addrs|addresses|hosts?|hostname|endpoints?|upstreams?|servers?|brokers?|port|nameservers?|resolver|ndots)_$/,
  ],
  ["gc", /_(?:gogc|gc_percent)_/],
  ["memory-limit", /_gomemlimit_|_memory_limit_|_(?:limits|requests)_memory_|_mem_limit_/],
  ["cpu", /_(?:gomaxprocs|max_procs|maxprocs)_|_cpu_(?:limit|quota)_|_(?:limits|requests)_cpu_|_cpus_/],
  [
    "workers",
    /_(?:workers?|concurrency|parallelism|threads|goroutines|queue_(?:size|length|depth|len)|batch_size|buffer(?:_size)?)_/,
  ],
  ["log", /_(?:log|logs|logger|logging)_|_log_?level_/],
  [
    "tls",
    /_(?:tls|mtls|cert|certs|certificate|ca_file|ca_bundle|ciphers?|cipher_suites|server_name|insecure_skip_verify)_/,
  ],
  ["cache", /_cache_|_cache_size_|_lru_/],
  ["http2-streams", /_max_concurrent_streams_/],
  ["open-files", /_(?:nofile|ulimits?|max_open_files)_/],
  ["image", /_image(?:_tag|_digest)?_$|_image_/],
];

/** What a setting may be about; several, because names are: `redis.pool.timeout`. */
export function keyKinds(path: string): ReadonlySet<KeyKind> {
  const text = wordsOf(path);
  return new Set(names.flatMap(([kind, name]) => (name.test(text) ? [kind] : [])));
}

/** `data["app.yaml"].redis.maxActive` -> `_data_app_yaml_redis_max_active_` */
export function wordsOf(path: string): string {
  // The value of `env[name=X]` is called X; `name` and `value` say nothing.
  const plain = path.replace(/\[(?:name|key|id)=([^\]]*)\]\.(?:name|value)$/, ".$1");
  const parted = plain.replace(/([a-z\d])([A-Z])/g, "$1_$2").toLowerCase();
  return `_${parted.replace(/[^a-z\d]+/g, "_")}_`.replace(/_+/g, "_");
}
