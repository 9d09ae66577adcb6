import type { Frame } from "../code/frame.ts";
import { hasStandardName, type OwnCode, ownFrames } from "../code/own-code.ts";
import { symbolTable } from "../code/symbol-table.ts";
import type { GoroutineGroup } from "../goroutines/goroutine.ts";
import { memoised } from "../memoised.ts";

/** A call of a client library, other than HTTP/1 and HTTP/2 requests, that is out and waits for its server. */
export interface RemoteCall {
  /** "a gRPC call", to go after "have sent". */
  readonly name: string;
  /**
   * - `answer`: it has been sent, and the answer has not come.
   * - `server`: it has not been sent, because no connection to a server is up.
   * - `room`: the other side takes nothing, so there is no room to send more. However long a stream lives, no single
   *   one of its sends should last.
   */
  readonly awaits: "answer" | "server" | "room";
  /** CPU milliseconds that one such call costs the caller at the very least; see `leastWaitMs`. */
  readonly cpuMs: number;
  /** Who bounds the wait, as an instruction. */
  readonly deadline: string;
  /** Where a server of the same process may answer it: how that is told (self-calls.ts). */
  readonly over?: "gRPC";
}

interface Client extends RemoteCall {
  /** The functions with which the service calls: the outermost of them is looked from. */
  readonly entry: RegExp;
  /** The innermost frame outside the standard library while the call waits. */
  readonly waitsIn: RegExp;
  /** Calls that wait for an event, however long it takes. */
  readonly byDesign?: RegExp;
}

/** A record, message or command travels with others in one system call, so it costs less than an HTTP call does. */
const cpuMsBatched = 0.005;

/** A call that has a system call for itself to write and one to read; less than an HTTP call's, which does more. */
const cpuMsRoundTrip = 0.01;

const goRedis = "(?:^|/)(?:go-redis/(?:redis/)?v\\d+|go-redis/redis|redis(?:\\.|%2e)v\\d+)";

const contextDeadline = (who: string) => `Give the call's context a deadline: ${who} sets none by itself.`;

/**
 * Read in the libraries' sources (a vendored copy ends with the same path): google.golang.org/grpc call.go, stream.go,
 * internal/transport; valyala/fasthttp client.go, header.go; twmb/franz-go pkg/kgo producer.go; IBM/sarama sync_producer.go; segmentio/kafka-go writer.go;
 * nats-io/nats.go nats.go, context.go; nsqio/go-nsq producer.go; quic-go http3/transport.go; redis/rueidis client.go, pipe.go;
 * redis/go-redis redis.go; jackc/pgx conn.go, pgconn; go.mongodb.org/mongo-driver x/mongo/driver/topology connection.go;
 * opentelemetry-go sdk/trace batch_span_processor.go; elastic/go-elasticsearch esutil/bulk_indexer.go.
 */
const clients: readonly Client[] = [
  {
    name: "a gRPC call",
    awaits: "answer",
    cpuMs: 0.05,
    deadline: contextDeadline("gRPC"),
    entry: /(?:^|\/)google\.golang\.org\/grpc\.(?:\(\*ClientConn\)\.Invoke|Invoke)$/,
    // In NewStream it has not been sent: http/h2-stream-limit speaks of those.
    waitsIn: /(?:^|\/)google\.golang\.org\/grpc\/internal\/transport\.(?!\(\*http2Client\)\.NewStream$)/,
    over: "gRPC",
  },
  {
    name: "a message of a gRPC stream",
    awaits: "room",
    cpuMs: cpuMsBatched,
    deadline: "Give the stream's context a deadline, or cancel it when a send does not return in time.",
    entry: /(?:^|\/)google\.golang\.org\/grpc\.\(\*clientStream\w*\)\.SendMsg$/,
    waitsIn: /(?:^|\/)google\.golang\.org\/grpc\/internal\/transport\.\(\*writeQuota\)\.get$/,
  },
  {
    name: "an HTTP request",
    awaits: "answer",
    cpuMs: cpuMsRoundTrip,
    deadline:
      "Set ReadTimeout of fasthttp's Client or HostClient, or call DoTimeout or DoDeadline: it has no timeout by default.",
    entry: /(?:^|\/)valyala\/fasthttp\.(?:\(\*(?:Client|HostClient|LBClient)\)\.)?(?:Do\w*|Get\w*|Post\w*)$/,
    waitsIn: /(?:^|\/)valyala\/fasthttp\.\(\*ResponseHeader\)\.tryRead$/,
  },
  {
    name: "an HTTP/3 request",
    awaits: "server",
    cpuMs: 0.05,
    deadline:
      "Set http.Client.Timeout or a context deadline on the call; quic.Config.HandshakeIdleTimeout (5 s by default) bounds this wait, not how often callers try again.",
    entry:
      /(?:^|\/)quic-go\/http3\.\(\*(?:Transport|RoundTripper)\)\.RoundTrip(?:Opt)?$|^net\/http\.(?:\(\*Client\)\.)?(?:Do|Get|Head|Post|PostForm)$/,
    waitsIn:
      /(?:^|\/)quic-go\/http3\.\(\*(?:Transport|RoundTripper)\)\.(?:doRoundTripOpt|roundTripOpt|RoundTripOpt)$/,
  },
  {
    name: "an HTTP/3 request",
    awaits: "answer",
    cpuMs: 0.05,
    deadline:
      "Set http.Client.Timeout or a context deadline on the call: http3.Transport has no timeout for a response.",
    entry:
      /(?:^|\/)quic-go\/http3\.\(\*(?:Transport|RoundTripper|ClientConn)\)\.RoundTrip(?:Opt)?$|^net\/http\.(?:\(\*Client\)\.)?(?:Do|Get|Head|Post|PostForm)$/,
    waitsIn: /(?:^|\/)quic-go\.\(\*(?:ReceiveStream|receiveStream|outgoingStreamsMap(?:\[.*\])?)\)\./,
  },
  {
    name: "a record to Kafka",
    awaits: "room",
    cpuMs: cpuMsBatched,
    deadline:
      "Give the record's context a deadline, or drop what finds no room with TryProduce: Produce waits while kgo.MaxBufferedRecords wait for brokers.",
    entry: /(?:^|\/)twmb\/franz-go\/pkg\/kgo\.\(\*Client\)\.(?:Produce|ProduceSync)$/,
    waitsIn: /(?:^|\/)twmb\/franz-go\/pkg\/kgo\.\(\*Client\)\.produce$/,
  },
  {
    name: "records to Kafka",
    awaits: "answer",
    cpuMs: cpuMsBatched,
    deadline:
      "Give the call a context deadline, or bound it by kgo.RecordDeliveryTimeout: franz-go tries for ever otherwise.",
    entry:
      /(?:^|\/)twmb\/franz-go\/pkg\/kgo\.\(\*Client\)\.(?:ProduceSync|Flush|Ping|Request|CommitOffsetsSync|Commit\w+)$/,
    waitsIn: /(?:^|\/)twmb\/franz-go\/pkg\/kgo\./,
  },
  {
    name: "records to Kafka",
    awaits: "answer",
    cpuMs: cpuMsBatched,
    deadline:
      "Bound it by Config.Net.ReadTimeout, Producer.Timeout and Producer.Retry: the synchronous producer takes no context.",
    entry: /(?:^|\/)(?:IBM|Shopify)\/sarama\.\(\*syncProducer\)\.SendMessages?$/,
    waitsIn: /(?:^|\/)(?:IBM|Shopify)\/sarama\./,
  },
  {
    name: "a request for metadata to Kafka",
    awaits: "answer",
    cpuMs: cpuMsBatched,
    deadline:
      "Bound it by Config.Net.DialTimeout and ReadTimeout and Metadata.Timeout, and make one client for the process, not one for each request.",
    entry:
      /(?:^|\/)(?:IBM|Shopify)\/sarama\.New(?:\w*Producer|\w*Client|\w*Consumer|ConsumerGroup|ClusterAdmin)$/,
    waitsIn: /(?:^|\/)(?:IBM|Shopify)\/sarama\./,
  },
  {
    name: "records to Kafka",
    awaits: "answer",
    cpuMs: cpuMsBatched,
    deadline:
      "Give the call a context deadline, and bound it by the Writer's WriteTimeout, ReadTimeout and MaxAttempts.",
    entry: /(?:^|\/)segmentio\/kafka-go\.\(\*Writer\)\.WriteMessages$/,
    waitsIn: /(?:^|\/)segmentio\/kafka-go\./,
  },
  {
    name: "a request over NATS",
    awaits: "answer",
    cpuMs: cpuMsBatched,
    deadline: contextDeadline("RequestWithContext"),
    entry:
      /(?:^|\/)nats-io\/nats(?:\.|%2e)go\.\(\*Conn\)\.(?:Request|RequestMsg|RequestWithContext|RequestMsgWithContext|Flush|FlushWithContext)$/,
    waitsIn: /(?:^|\/)nats-io\/nats(?:\.|%2e)go\.\(\*Conn\)\./,
  },
  {
    name: "a message to NSQ",
    awaits: "answer",
    cpuMs: cpuMsBatched,
    deadline:
      "Bound it by Config.ReadTimeout and WriteTimeout (a minute and a second by default), or publish with PublishAsync.",
    entry: /(?:^|\/)nsqio\/go-nsq\.\(\*Producer\)\.(?:Publish|MultiPublish|DeferredPublish)$/,
    waitsIn: /(?:^|\/)nsqio\/go-nsq\.\(\*Producer\)\./,
  },
  {
    name: "a command to Redis",
    awaits: "answer",
    cpuMs: cpuMsBatched,
    deadline: "Give the command a context deadline; ClientOption.ConnWriteTimeout bounds the others.",
    entry:
      /(?:^|\/)redis\/rueidis\.\(\*(?:singleClient|clusterClient|sentinelClient|standalone)\)\.(?:Do|DoMulti|DoCache|DoMultiCache)$/,
    waitsIn: /(?:^|\/)redis\/rueidis\.\(\*(?:pipe|ring|queuedCmd|flowBuffer)\)\./,
    byDesign: /(?:^|\/)redis\/rueidis\.\(\*mux\)\.blocking(?:Multi)?$/,
  },
  {
    name: "a command to Redis",
    awaits: "answer",
    cpuMs: cpuMsRoundTrip,
    deadline:
      "Set Options.ReadTimeout (3 s by default) and let ContextTimeoutEnabled heed the context's deadline.",
    entry: new RegExp(`${goRedis}\\.`),
    waitsIn: new RegExp(`${goRedis}/internal/proto\\.`),
    byDesign: new RegExp(
      `${goRedis}\\.(?:cmdable\\.(?:B(?:L|R|Z)\\w*(?:Pop|Move)\\w*|XRead\\w*|Wait\\w*)|\\(\\*PubSub\\)\\.\\w+|\\(\\*\\w+\\)\\.(?:B(?:L|R|Z)\\w*(?:Pop|Move)\\w*|XRead\\w*))$`,
    ),
  },
  {
    name: "a query to a database",
    awaits: "answer",
    cpuMs: cpuMsRoundTrip,
    deadline:
      "Give the query's context a deadline, and set the server's statement timeout: drivers have none by default.",
    entry:
      /^database\/sql\.\(\*(?:DB|Conn|Tx|Stmt|Rows?)\)\.[A-Z]\w*$|(?:^|\/)jackc\/pgx(?:\/v\d+)?(?:\/pgxpool|\/pgconn)?\.\(\*\w+\)\.[A-Z]\w*$/,
    waitsIn:
      /(?:^|\/)(?:jackc\/pgx(?:\/v\d+)?\/(?:pgconn|pgproto3)|jackc\/chunkreader(?:\/v\d+)?|lib\/pq|go-sql-driver\/mysql|(?:microsoft|denisenkom)\/go-mssqldb)[./]/,
    byDesign:
      /(?:^|\/)jackc\/pgx(?:\/v\d+)?(?:\/pgconn)?\.\(\*(?:Conn|PgConn)\)\.(?:WaitForNotification|ReceiveMessage|CopyTo)$/,
  },
  {
    name: "a query to a database",
    awaits: "server",
    cpuMs: cpuMsRoundTrip,
    deadline:
      "Set connect_timeout (pgconn.Config.ConnectTimeout): without it a connection that is not answered is waited for as long as the caller's context lasts.",
    entry: /(?:^|\/)jackc\/pgx(?:\/v\d+)?\/pgxpool\.\(\*Pool\)\.[A-Z]\w*$/,
    waitsIn: /(?:^|\/)jackc\/puddle(?:\/v\d+)?\.\(\*Pool(?:\[.*\])?\)\.initResourceValue$/,
  },
  {
    name: "an operation to MongoDB",
    awaits: "server",
    cpuMs: cpuMsRoundTrip,
    deadline:
      "Give the operation's context a deadline, or set ClientOptions.SetTimeout; SetServerSelectionTimeout (30 s by default) bounds this wait.",
    entry: /(?:^|\/)go\.mongodb\.org\/mongo-driver(?:\/v\d+)?\/mongo\.(?:\(\*?\w+\)|\w+)\.[A-Z]\w*$/,
    waitsIn:
      /(?:^|\/)go\.mongodb\.org\/mongo-driver(?:\/v\d+)?\/x\/mongo\/driver\/topology\.\(\*Topology\)\.[sS]electServer\w*$/,
  },
  {
    name: "an operation to MongoDB",
    awaits: "answer",
    cpuMs: cpuMsRoundTrip,
    deadline: "Give the operation's context a deadline, or set ClientOptions.SetTimeout for all.",
    entry: /(?:^|\/)go\.mongodb\.org\/mongo-driver(?:\/v\d+)?\/mongo\.(?:\(\*?\w+\)|\w+)\.[A-Z]\w*$/,
    waitsIn:
      /(?:^|\/)go\.mongodb\.org\/mongo-driver(?:\/v\d+)?\/x\/mongo\/driver\/topology\.\(\*[cC]onnection\)\./,
    byDesign: /(?:^|\/)go\.mongodb\.org\/mongo-driver(?:\/v\d+)?\/mongo\.\(\*ChangeStream\)\./,
  },
  {
    name: "a span to the batch processor of OpenTelemetry",
    awaits: "room",
    cpuMs: cpuMsBatched,
    deadline:
      "Leave WithBlocking off, so that spans are dropped while the exporter's backend does not answer.",
    entry: /(?:^|\/)go\.opentelemetry\.io\/otel\/sdk\/trace\.\(\*recordingSpan\)\.End$/,
    waitsIn:
      /(?:^|\/)go\.opentelemetry\.io\/otel\/sdk\/trace\.\(\*batchSpanProcessor\)\.enqueueBlockOnQueueFull$/,
  },
  {
    name: "a flush to the exporter of OpenTelemetry",
    awaits: "answer",
    cpuMs: cpuMsBatched,
    deadline: "Give ForceFlush a context with a deadline, and do not flush in requests.",
    entry: /(?:^|\/)go\.opentelemetry\.io\/otel\/sdk\/trace\.\(\*TracerProvider\)\.ForceFlush$/,
    waitsIn: /(?:^|\/)go\.opentelemetry\.io\/otel\/sdk\/trace\.\(\*batchSpanProcessor\)\.ForceFlush$/,
  },
  {
    name: "a document to Elasticsearch's bulk indexer",
    awaits: "room",
    cpuMs: cpuMsBatched,
    deadline:
      "Give Add's context a deadline: it waits for as long as the indexer's workers wait for Elasticsearch.",
    entry: /(?:^|\/)elastic\/go-elasticsearch(?:\/v\d+)?\/esutil\.\(\*bulkIndexer\)\.Add$/,
    waitsIn: /(?:^|\/)elastic\/go-elasticsearch(?:\/v\d+)?\/esutil\.\(\*bulkIndexer\)\.Add$/,
  },
];

/** Most goroutines wait in none: one look tells. */
const isWaitOfSome = symbolTable(clients.map(({ waitsIn }) => [true, waitsIn] as const));

/** Undefined for goroutines that wait for nothing of the kind, calls that wait for a connection and open streams included. */
export function remoteCall({ wait, stack }: GoroutineGroup): RemoteCall | undefined {
  if (wait === "active" || wait === "GC" || wait === "sleep") return undefined;
  return clientOf(stack);
}

const clientOf = memoised(findClient);

function findClient(stack: GoroutineGroup["stack"]): Client | undefined {
  const innermost = stack.find((frame) => !hasStandardName(frame.function))?.function;
  if (innermost === undefined || isWaitOfSome(innermost) !== true) return undefined;
  return clients.find(
    ({ waitsIn, entry, byDesign }) =>
      waitsIn.test(innermost) &&
      stack.some((frame) => entry.test(frame.function)) &&
      !(byDesign !== undefined && stack.some((frame) => byDesign.test(frame.function))),
  );
}

/** The own frames that stand outside the call, innermost first; generated stubs only where there is nothing else. */
export function remoteCallerFrames(stack: readonly Frame[], own: OwnCode): Frame[] {
  const entry = clientOf(stack)?.entry;
  const at = entry === undefined ? -1 : stack.findLastIndex((frame) => entry.test(frame.function));
  const frames = at === -1 ? [] : ownFrames(stack.slice(at + 1), own);
  const written = frames.filter(({ file }) => !file.endsWith(".pb.go"));
  return written.length > 0 ? written : frames;
}
