import { describe, expect, it } from "vitest";
import { httpClientRole } from "../../../src/domain/http/http-client-roles.ts";
import { httpServerRole } from "../../../src/domain/http/http-server-roles.ts";
import { streamQueue } from "../../../src/domain/http/http2-streams.ts";
import { group, snapshot } from "../goroutines/goroutines.ts";

const poll = ["internal/poll.runtime_pollWait", "internal/poll.(*pollDesc).wait"];
const read = [...poll, "internal/poll.(*pollDesc).waitRead", "net.(*conn).Read"];

describe("httpClientRole", () => {
  it.each([
    [
      "open-body",
      group("select", ["runtime.gopark", "runtime.selectgo", "net/http.(*persistConn).readLoop"]),
    ],
    ["open-body", group("active", ["net/http.(*persistConn).readLoop"])], // debug=1 hides the select
    [
      "reads-connection",
      group("IO wait", [...read, "bufio.(*Reader).Peek", "net/http.(*persistConn).readLoop"]),
    ],
    ["reads-connection", group("chan receive", ["runtime.chanrecv1", "net/http.(*persistConn).readLoop"])],
    [
      "awaits-response",
      group("select", ["runtime.selectgo", "net/http.(*persistConn).roundTrip", "shop/a.Get"]),
    ],
    [
      "wants-connection",
      group("select", ["net/http.(*Transport).getConn", "net/http.(*Transport).roundTrip"]),
    ],
    ["dials", group("chan receive", ["net/http.(*persistConn).addTLS", "net/http.(*Transport).dialConn"])],
    ["awaits-stream-response", group("select", ["net/http.(*http2ClientConn).RoundTrip", "net/http.send"])], // 1.19
    ["awaits-stream-response", group("select", ["net/http.(*http2ClientConn).roundTrip"])],
    ["awaits-stream-response", group("select", ["net/http/internal/http2.(*ClientConn).roundTrip"])], // 1.27
    ["awaits-stream-response", group("select", ["golang.org/x/net/http2.(*ClientConn).roundTrip"])],
    ["open-stream", group("select", ["net/http/internal/http2.(*clientStream).writeRequest"])],
    [
      "wants-stream",
      group("sync.Cond.Wait", [
        "sync.(*Cond).Wait",
        "net/http.(*http2ClientConn).awaitOpenSlotForStreamLocked",
        "net/http.(*http2clientStream).writeRequest",
      ]),
    ],
    [
      "reads-shared-connection",
      group("IO wait", [
        ...read,
        "net/http.(*http2clientConnReadLoop).run",
        "net/http.(*http2ClientConn).readLoop",
      ]),
    ],
    ["reads-body", group("select", ["net/http.(*body).Read", "net/http.(*bodyEOFSignal).Read", "io.Copy"])],
    ["watches-dial", group("select", ["net.(*netFD).connect.func2"])],
    ["watches-dial", group("select", ["crypto/tls.(*Conn).handshakeContext.func2"])],
    [undefined, group("IO wait", [...read, "bufio.(*Reader).Peek", "net/http.(*conn).serve"])],
    [undefined, group("select", ["shop/orders.(*Feed).deliver"])],
  ])("%s", (role, one) => {
    expect(httpClientRole(one)).toBe(role);
  });
});

describe("httpServerRole", () => {
  const request = "net/http.(*conn).readRequest";
  it.each([
    [
      "reads-headers",
      group("IO wait", [...read, "net/textproto.(*Reader).ReadMIMEHeader", "net/http.readRequest", request]),
    ],
    [
      "reads-headers",
      group("IO wait", [...read, "net/textproto.readMIMEHeader", "net/http.readRequestLimit", request]),
    ], // 1.27
    [
      "awaits-request",
      group("IO wait", [...read, "net/textproto.(*Reader).ReadLine", "net/http.readRequest", request]),
    ],
    [
      "handshakes",
      group("IO wait", [...read, "crypto/tls.(*Conn).readClientHello", "crypto/tls.(*Conn).serverHandshake"]),
    ],
    [
      "writes-response",
      group("IO wait", [
        ...poll,
        "internal/poll.(*pollDesc).waitWrite",
        "net/http.checkConnErrorWriter.Write",
        "shop/x.Send",
      ]),
    ],
    ["writes-response", group("select", ["net/http.(*http2serverConn).writeDataFromHandler", "shop/x.Send"])],
    [undefined, group("IO wait", [...read, "bufio.(*Reader).Peek", "net/http.(*conn).serve"])],
    [undefined, group("active", ["crypto/ecdsa.Sign", "crypto/tls.(*Conn).serverHandshake"])],
    [undefined, group("IO wait", [...read, "net/http.(*response).ReadFrom"])], // reads its source, not the client
  ])("%s", (role, one) => {
    expect(httpServerRole(one)).toBe(role);
  });
});

describe("streamQueue", () => {
  it("counts those who wait for the header lock behind the one that waits for a stream", () => {
    const queue = streamQueue(
      snapshot([
        group("select", ["net/http.(*http2clientStream).writeRequest:8857"], { count: 250 }),
        group("select", ["net/http.(*http2clientStream).writeRequest:8760"], { count: 110 }),
        group("sync.Cond.Wait", [
          "sync.(*Cond).Wait",
          "net/http.(*http2ClientConn).awaitOpenSlotForStreamLocked:9057",
          "net/http.(*http2clientStream).writeRequest:8773",
        ]),
      ]),
    );
    expect(queue.count).toBe(111);
    expect(queue.sent).toBe(250);
  });

  it("is empty when every request has its stream", () => {
    const sent = group("select", ["net/http.(*http2clientStream).writeRequest:8857"], { count: 40 });
    expect(streamQueue(snapshot([sent]))).toEqual({ groups: [], count: 0, sent: 40 });
  });
});
