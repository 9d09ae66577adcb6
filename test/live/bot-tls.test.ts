import { describe, expect, onTestFinished, test } from "vitest";
import { tlsPlaces } from "../../src/commands/access/tls-places.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import { tlsProbes } from "../../src/integrations/tls/probe.ts";
import { redisProgram } from "../integrations/redis-server.ts";
import { tlsServer } from "../integrations/tls-servers.ts";
import { until } from "../jobs/bot.ts";
import { incidents, type LiveBot, liveBot, mira } from "./bot.ts";

async function botThatMayLookAt(port: number): Promise<LiveBot> {
  const config = parseConfig(`allow: { tls: ["127.0.0.1:${port}"] }`, "gofire.yaml", "/", []);
  const places = tlsPlaces(config, thisHost, tlsProbes());
  const bot = await liveBot("socket", {}, undefined, {}, { tlsPlaces: places });
  onTestFinished(() => bot.close());
  return bot;
}

function isAnswer({ text }: { readonly text: string }): boolean {
  return text.startsWith("FAIL · TLS of");
}

describe.skipIf(redisProgram === undefined)("tls in the chat", () => {
  test("is answered once where it was asked, whatever the certificate says; what is not let in is refused", async () => {
    const port = await tlsServer(["order"]);
    const bot = await botThatMayLookAt(port);
    const { people } = bot.slack;
    const asked = `/gofire tls 127.0.0.1:${port}`;
    await people.type(mira, incidents, asked);
    const answer = await until(() => bot.messages().find(isAnswer), "an answer");
    expect(answer.text).toContain("x509: certificate signed by unknown authority");
    expect(answer.onlyFor).toBeUndefined();
    expect(
      bot
        .messages()
        .filter(({ onlyFor }) => onlyFor === mira)
        .map(({ text }) => text)
        .join(),
    ).toContain("Looking at");

    await people.type(mira, incidents, `@gofire tls https://127.0.0.1:${port}/healthz`, answer.ts);
    const inThread = await until(
      () => bot.messages().find((message) => message.threadTs === answer.ts && isAnswer(message)),
      "an answer in the thread",
    );
    expect(inThread.ts).not.toBe(answer.ts);

    await people.type(mira, incidents, "/gofire tls 127.0.0.1:22");
    const refused = await until(
      () => bot.messages().find(({ text }) => text.includes("allow.tls")),
      "a refusal",
    );
    expect(refused.onlyFor).toBe(mira);
    expect(bot.messages().filter(isAnswer)).toHaveLength(2);
  });
});
