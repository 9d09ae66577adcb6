import { expect, test } from "vitest";
import { PortError } from "../../src/domain/errors.ts";
import type { TlsOutcome } from "../../src/domain/tls/probe.ts";
import { judgeTls } from "../../src/domain/tls/report.ts";
import { tlsLook } from "../../src/jobs/tls-look.ts";
import type { TlsPlaces } from "../../src/ports/tls-places.ts";
import { tlsBody } from "../../src/render/slack/tls.ts";
import { fakeChat } from "../fakes/chat.ts";
import { doneWith, goodCertificate, probedAtMs, probeOf } from "../fakes/tls-probe.ts";

const never = new AbortController().signal;
const run = { signal: never, attempt: 1 };
const asked = { host: "order.test", port: "443", channel: "C1", thread: "", intent: "T1", askedAtMs: "0" };

function places(outcome: TlsOutcome): TlsPlaces {
  return { permit() {}, look: (target) => Promise.resolve(judgeTls(probeOf(target, outcome))) };
}

test("a look that a dead worker had answered is answered once", async () => {
  const chat = fakeChat();
  const ports = { chat, cards: { tls: tlsBody }, tlsPlaces: places(doneWith(goodCertificate)) };
  await tlsLook.run(asked, ports, run);
  await tlsLook.run(asked, ports, run);
  expect(chat.messages.filter(({ place }) => place.channel === "C1")).toHaveLength(1);
});

function unknownName(): Promise<never> {
  return Promise.reject(new PortError("not-found", "order.test:443", "order.test has no address"));
}

test("a name that is unknown, and a look that was given up, are answered, too", async () => {
  const chat = fakeChat();
  const ports = { chat, cards: { tls: tlsBody }, tlsPlaces: { permit() {}, look: unknownName } };
  await tlsLook.run(asked, ports, run);
  await tlsLook.gaveUp({ ...asked, intent: "T2" }, "took longer than 60 s", ports, never);
  const texts = chat.messages.map(({ body }) => body.text);
  expect(texts[0]).toContain("order.test has no address");
  expect(texts[1]).toContain("took longer than 60 s");
});

test("what a certificate says neither calls anybody nor formats anything, and many findings come as a file", async () => {
  const evil = "<!channel> *x* <https://evil.test|a>";
  const bad = {
    ...goodCertificate,
    commonName: evil,
    subject: `CN=${evil}`,
    issuer: `CN=${evil}`,
    dnsNames: [evil],
    signature: "SHA1-RSA",
    key: { type: "RSA", bits: 1_024 },
    validToMs: probedAtMs - 1,
  };
  const { authority: _none, ...chain } = { ...doneWith(bad).chain };
  const chat = fakeChat();
  const ports = { chat, cards: { tls: tlsBody }, tlsPlaces: places({ ...doneWith(bad), chain }) };
  await tlsLook.run(asked, ports, run);
  const [answer, file] = chat.messages;
  const written = JSON.stringify(answer?.body);
  expect(written).toContain("FAIL");
  expect(written).not.toMatch(/<!channel>|<https:/);
  expect(file?.place.thread).toBe(answer?.ref.ts);
});
