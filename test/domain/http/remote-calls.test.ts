import { describe, expect, it } from "vitest";
import { ownCode } from "../../../src/domain/code/own-code.ts";
import type { WaitReason } from "../../../src/domain/goroutines/goroutine.ts";
import { remoteCall, remoteCallerFrames } from "../../../src/domain/http/remote-calls.ts";
import { group } from "../goroutines/goroutines.ts";

const grpc = "google.golang.org/grpc";
const kgo = "github.com/twmb/franz-go/pkg/kgo";
const nats = "github.com/nats-io/nats%2ego";
const goRedis = "github.com/redis/go-redis/v9";
const mongo = "go.mongodb.org/mongo-driver/v2";
const rueidis = "github.com/redis/rueidis";

const out: readonly [
  name: string,
  awaits: "answer" | "server" | "room",
  wait: WaitReason,
  stack: readonly string[],
][] = [
  [
    "a gRPC call",
    "answer",
    "select",
    [
      `${grpc}/internal/transport.(*recvBufferReader).readClient`,
      `${grpc}.(*csAttempt).recvMsg`,
      `${grpc}.(*ClientConn).Invoke`,
    ],
  ],
  [
    "a message of a gRPC stream",
    "room",
    "select",
    [
      `${grpc}/internal/transport.(*writeQuota).get`,
      `${grpc}/internal/transport.(*http2Client).write`,
      `${grpc}.(*csAttempt).sendMsg`,
      `${grpc}.(*clientStream).SendMsg`,
      `${grpc}.(*clientStreamWrapper).SendMsg`,
    ],
  ],
  [
    "records to Kafka",
    "answer",
    "sync.WaitGroup.Wait",
    ["sync.(*WaitGroup).Wait", `${kgo}.(*Client).ProduceSync`],
  ],
  ["a record to Kafka", "room", "select", [`${kgo}.(*Client).produce`, `${kgo}.(*Client).Produce`]],
  [
    "a request for metadata to Kafka",
    "answer",
    "chan receive",
    [
      "github.com/IBM/sarama.(*singleFlightMetadataRefresher).Refresh",
      "github.com/IBM/sarama.NewClient",
      "github.com/IBM/sarama.NewSyncProducer",
    ],
  ],
  [
    "an operation to MongoDB",
    "server",
    "select",
    [
      `${mongo}/x/mongo/driver/topology.(*Topology).selectServerFromSubscription`,
      `${mongo}/x/mongo/driver.Operation.Execute`,
      `${mongo}/mongo.(*Collection).FindOne`,
    ],
  ],
  [
    "a query to a database",
    "server",
    "select",
    [
      "github.com/jackc/puddle/v2.(*Pool[...]).initResourceValue",
      "github.com/jackc/puddle/v2.(*Pool[...]).acquire",
      "github.com/jackc/pgx/v5/pgxpool.(*Pool).QueryRow",
    ],
  ],
  ["records to Kafka", "answer", "chan receive", ["github.com/IBM/sarama.(*syncProducer).SendMessage"]],
  ["records to Kafka", "answer", "select", ["github.com/segmentio/kafka-go.(*Writer).WriteMessages"]],
  [
    "a request over NATS",
    "answer",
    "select",
    [`${nats}.(*Conn).requestWithContext`, `${nats}.(*Conn).RequestWithContext`],
  ],
  [
    "a command to Redis",
    "answer",
    "chan receive",
    [`${rueidis}.(*pipe).Do`, `${rueidis}.(*mux).pipeline`, `${rueidis}.(*singleClient).Do`],
  ],
];

describe("remoteCall", () => {
  it.each(out)("knows %s that waits for %s", (name, awaits, wait, stack) => {
    const waiting = group(wait, [...stack, "shop/orders.(*API).place:31", "shop/orders.(*API).Serve:12"]);
    expect(remoteCall(waiting)).toMatchObject({ name, awaits });
    const own = ownCode(waiting.stack, ["shop"]);
    expect(remoteCallerFrames(waiting.stack, own).map((frame) => frame.function)).toEqual([
      "shop/orders.(*API).place",
      "shop/orders.(*API).Serve",
    ]);
  });

  it.each<[string, WaitReason, readonly string[]]>([
    ["a consumer that has nothing to do", "select", [`${kgo}.(*Client).PollRecords`, "shop/orders.poll"]],
    [
      "an open stream that is silent",
      "select",
      [
        `${grpc}/internal/transport.(*recvBufferReader).readClient`,
        `${grpc}.(*clientStream).RecvMsg`,
        "shop/x.watch",
      ],
    ],
    [
      "a call that waits for a connection",
      "select",
      [`${grpc}.(*pickerWrapper).pick`, `${grpc}.(*ClientConn).Invoke`],
    ],
    [
      "a call that waits for a stream of its connection",
      "select",
      [
        `${grpc}/internal/transport.(*http2Client).NewStream`,
        `${grpc}.(*clientStream).newAttemptLocked`,
        `${grpc}.(*ClientConn).Invoke`,
      ],
    ],
    [
      "a command that waits for an event",
      "IO wait",
      [
        `${rueidis}.(*pipe).syncDo`,
        `${rueidis}.(*mux).blocking`,
        `${rueidis}.(*singleClient).Do`,
        "shop/jobs.next",
      ],
    ],
    [
      "a consumer of a Redis list",
      "IO wait",
      [
        "net.(*conn).Read",
        `${goRedis}/internal/proto.(*Reader).ReadReply`,
        `${goRedis}.(*baseClient).process`,
        `${goRedis}.cmdable.BLPop`,
        "shop/jobs.next",
      ],
    ],
    [
      "whoever listens for notifications",
      "IO wait",
      [
        "net.(*conn).Read",
        "github.com/jackc/pgx/v5/pgproto3.(*Frontend).Receive",
        "github.com/jackc/pgx/v5/pgconn.(*PgConn).WaitForNotification",
        "github.com/jackc/pgx/v5.(*Conn).WaitForNotification",
        "shop/events.listen",
      ],
    ],
    [
      "whoever watches a collection",
      "IO wait",
      [
        "net.(*conn).Read",
        `${mongo}/x/mongo/driver/topology.(*connection).read`,
        `${mongo}/mongo.(*ChangeStream).Next`,
        "shop/events.watch",
      ],
    ],
    [
      "a goroutine that waits for a connection of a pool",
      "select",
      [
        `${mongo}/x/mongo/driver/topology.(*pool).checkOut`,
        `${mongo}/mongo.(*Collection).FindOne`,
        "shop/x.one",
      ],
    ],
    ["a call at work", "active", [`${kgo}.(*Client).ProduceSync`, "shop/orders.send"]],
    [
      "own code that the library calls",
      "chan send",
      ["shop/x.onRecord", `${kgo}.(*Client).ProduceSync`, "shop/x.send"],
    ],
  ])("is not %s", (_, wait, stack) => {
    expect(remoteCall(group(wait, stack))).toBeUndefined();
  });
});
