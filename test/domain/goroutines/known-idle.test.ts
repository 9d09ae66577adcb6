import { describe, expect, it } from "vitest";
import type { WaitReason } from "../../../src/domain/goroutines/goroutine.ts";
import { idleRole, isKnownIdle, isObserver } from "../../../src/domain/goroutines/known-idle.ts";
import { group } from "./goroutines.ts";

const read = [
  "internal/poll.runtime_pollWait",
  "internal/poll.(*FD).Read",
  "net.(*netFD).Read",
  "net.(*conn).Read",
];

const idle: readonly [role: string, wait: WaitReason, stack: readonly string[]][] = [
  [
    "waits for connections",
    "IO wait",
    [
      "runtime.gopark",
      "internal/poll.runtime_pollWait",
      "internal/poll.(*FD).Accept",
      "net.(*netFD).accept",
      "net.(*TCPListener).Accept",
      "net/http.(*Server).Serve",
      "main.main",
    ],
  ],
  [
    "waits for the next request on a kept-alive connection",
    "IO wait",
    [
      ...read,
      "net/http.(*connReader).Read",
      "bufio.(*Reader).fill",
      "bufio.(*Reader).Peek",
      "net/http.(*conn).serve",
    ],
  ],
  [
    "waits for the next connection or request of a fasthttp server",
    "chan receive",
    [
      "runtime.gopark",
      "runtime.chanrecv2",
      "github.com/valyala/fasthttp.(*workerPool).workerFunc",
      "github.com/valyala/fasthttp.(*workerPool).getCh.func1",
    ],
  ],
  [
    "waits for the next connection or request of a fasthttp server",
    "IO wait",
    [
      ...read,
      "bufio.(*Reader).fill",
      "bufio.(*Reader).Peek",
      "github.com/valyala/fasthttp.(*Server).serveConn",
      "github.com/valyala/fasthttp.(*workerPool).workerFunc",
      "github.com/valyala/fasthttp.(*workerPool).getCh.func1",
    ],
  ],
  [
    "watches the connection of a request that is being handled",
    "IO wait",
    [...read, "net/http.(*connReader).backgroundRead"],
  ],
  [
    "keeps a client connection open",
    "IO wait",
    [
      ...read,
      "net/http.(*persistConn).Read",
      "bufio.(*Reader).fill",
      "bufio.(*Reader).Peek",
      "net/http.(*persistConn).readLoop",
    ],
  ],
  ["keeps a client connection open", "select", ["net/http.(*persistConn).writeLoop"]],
  [
    "serves an HTTP/2 connection",
    "select",
    ["golang.org/x/net/http2.(*serverConn).serve", "golang.org/x/net/http2.(*Server).ServeConn"],
  ],
  [
    "serves an HTTP/2 connection",
    "IO wait",
    [
      ...read,
      "io.ReadAtLeast",
      "net/http.http2readFrameHeader",
      "net/http.(*http2Framer).ReadFrame",
      "net/http.(*http2serverConn).readFrames",
    ],
  ],
  [
    "opens or retires database connections",
    "select",
    ["runtime.selectgo", "database/sql.(*DB).connectionOpener"],
  ],
  ["waits for signals", "syscall", ["os/signal.signal_recv", "os/signal.loop"]],
  [
    "is a message broker client loop",
    "select",
    ["github.com/twmb/franz-go/pkg/kgo.(*Client).PollRecords", "shop/orders.poll"],
  ],
  [
    "is a message broker client loop",
    "select",
    ["github.com/segmentio/kafka-go.(*Reader).FetchMessage", "shop/orders.consume"],
  ],
  [
    "is a message broker client loop",
    "sync.Cond.Wait",
    ["sync.(*Cond).Wait", "github.com/nats-io/nats%2ego.(*Conn).waitForMsgs"],
  ],
  ["is a QUIC connection loop", "select", ["github.com/quic-go/quic-go.(*Conn).run"]],
  [
    "is a QUIC connection loop",
    "chan receive",
    [
      "github.com/quic-go/quic-go.(*ReceiveStream).readImpl",
      "github.com/quic-go/quic-go.(*ReceiveStream).Read",
      "github.com/quic-go/quic-go/quicvarint.Read",
      "github.com/quic-go/quic-go/http3.(*frameParser).ParseNext",
      "github.com/quic-go/quic-go/http3.(*RawServerConn).handleControlStream",
    ],
  ],
  [
    "is a Kubernetes client loop",
    "select",
    [
      "k8s.io/apimachinery/pkg/util/wait.BackoffUntil",
      "k8s.io/apimachinery/pkg/util/wait.Until",
      "example.com/operator/controller.(*Controller).Run",
    ],
  ],
  [
    "is a Kubernetes client loop",
    "sync.Cond.Wait",
    [
      "sync.runtime_notifyListWait",
      "sync.(*Cond).Wait",
      "k8s.io/client-go/util/workqueue.(*Typed[...]).Get",
      "example.com/operator/controller.(*Controller).processNext",
    ],
  ],
  ["flushes logs", "select", ["k8s.io/klog/v2.(*flushDaemon).run.func1"]],
  ["flushes logs", "chan receive", ["gopkg.in/natefinch/lumberjack%2ev2.(*Logger).millRun"]],
  [
    "is a gRPC connection loop",
    "select",
    [
      "google.golang.org/grpc/internal/transport.(*controlBuffer).get",
      "google.golang.org/grpc/internal/transport.(*loopyWriter).run",
    ],
  ],
  [
    "is a gRPC client or server loop",
    "select",
    ["google.golang.org/grpc/internal/grpcsync.(*CallbackSerializer).run"],
  ],
  [
    "is a gRPC client or server loop",
    "select",
    ["corp.example/app/vendor/google.golang.org/grpc/internal/grpcsync.(*CallbackSerializer).run"],
  ],
  ["exports statistics", "select", ["go.opencensus.io/stats/view.(*worker).start"]],
  [
    "keeps a database pool healthy",
    "select",
    ["github.com/jackc/pgx/v5/pgxpool.(*Pool).backgroundHealthCheck"],
  ],
  ["waits for a test to end", "chan receive", ["testing.(*T).Run", "testing.runTests.func1", "main.main"]],
  ["belongs to the runtime", "GC", ["runtime.gopark", "runtime.bgsweep"]],
];

describe("idleRole", () => {
  it.each(idle)("%s (%s): %j", (role, wait, stack) => {
    expect(idleRole(group(wait, stack))?.role).toBe(role);
  });

  it.each<[string, WaitReason, readonly string[]]>([
    [
      "a fasthttp server that writes to a client",
      "IO wait",
      [
        "internal/poll.runtime_pollWait",
        "internal/poll.(*FD).Write",
        "net.(*netFD).Write",
        "net.(*conn).Write",
        "bufio.(*Writer).Flush",
        "github.com/valyala/fasthttp.(*Server).serveConn",
        "github.com/valyala/fasthttp.(*workerPool).workerFunc",
      ],
    ],
    [
      "own code below a library's loop",
      "chan send",
      [
        "example.com/operator/controller.(*Controller).sync",
        "k8s.io/apimachinery/pkg/util/wait.BackoffUntil",
      ],
    ],
    [
      "a lock inside a library's loop",
      "sync.Mutex.Lock",
      ["sync.(*Mutex).lockSlow", "google.golang.org/grpc/internal/transport.(*controlBuffer).get"],
    ],
    ["a reader whose response body was not closed", "select", ["net/http.(*persistConn).readLoop"]],
    [
      "a request that came in half",
      "IO wait",
      [
        ...read,
        "net/http.(*connReader).Read",
        "bufio.(*Reader).fill",
        "bufio.(*Reader).ReadSlice",
        "net/textproto.(*Reader).readLineSlice",
        "net/http.readRequest",
        "net/http.(*conn).readRequest",
        "net/http.(*conn).serve",
      ],
    ],
    ["an own worker", "chan receive", ["shop/workers.(*Pool).work"]],
    [
      "a package whose name only ends alike",
      "chan receive",
      ["example.com/notk8s.io/klogger.(*flushDaemon).run"],
    ],
    ["a goroutine that has not run yet", "active", []],
    [
      "a request in a call of a broker's client",
      "sync.WaitGroup.Wait",
      [
        "sync.(*WaitGroup).Wait",
        "github.com/twmb/franz-go/pkg/kgo.(*Client).ProduceSync",
        "shop/orders.(*Sink[...]).Send",
        "net/http.HandlerFunc.ServeHTTP",
        "net/http.(*conn).serve",
      ],
    ],
    [
      "a worker whose record finds no room in a broker's client",
      "select",
      [
        "github.com/twmb/franz-go/pkg/kgo.(*Client).produce",
        "github.com/twmb/franz-go/pkg/kgo.(*Client).Produce",
        "shop/orders.(*Sink).run",
      ],
    ],
    [
      "a worker in a call of a broker's client",
      "select",
      [
        "github.com/nats-io/nats%2ego.(*Conn).requestWithContext",
        "github.com/nats-io/nats%2ego.(*Conn).RequestWithContext",
        "shop/quotes.Quotes.Price",
      ],
    ],
    [
      "a worker that the synchronous producer of sarama keeps",
      "chan receive",
      ["github.com/IBM/sarama.(*syncProducer).SendMessage", "shop/orders.(*Outbox).flush"],
    ],
    [
      "a request in a function that a library's loop runs, too",
      "select",
      ["k8s.io/client-go/tools/cache.WaitForCacheSync", "shop/api.ready", "net/http.HandlerFunc.ServeHTTP"],
    ],
    [
      "a span that waits for room in the exporter's queue",
      "select",
      [
        "go.opentelemetry.io/otel/sdk/trace.(*batchSpanProcessor).enqueueBlockOnQueueFull",
        "go.opentelemetry.io/otel/sdk/trace.(*recordingSpan).End",
        "shop/worker.run",
      ],
    ],
    [
      "whoever waits for the cache to take what was set",
      "chan receive",
      ["github.com/dgraph-io/ristretto/v2.(*Cache[...]).Wait", "shop/thumbs.(*Thumbs).Put"],
    ],
  ])("does not excuse %s", (_, wait, stack) => {
    expect(idleRole(group(wait, stack))).toBeUndefined();
    expect(isKnownIdle(group(wait, stack))).toBe(false);
  });
});

describe("isObserver", () => {
  it("finds the goroutine that writes the capture", () => {
    expect(
      isObserver(
        group("active", [
          "runtime/pprof.writeGoroutineStacks",
          "net/http/pprof.handler.ServeHTTP",
          "net/http.(*conn).serve",
        ]),
      ),
    ).toBe(true);
    expect(isObserver(group("active", ["example.com/pprof.serve"]))).toBe(false);
  });
});
