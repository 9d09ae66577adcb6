import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MessageRef } from "../../src/domain/chat/message.ts";
import { contentTypeOf } from "../../src/domain/evidence/content-type.ts";
import { oneChunk } from "../../src/domain/one-chunk.ts";
import { fileStore } from "../../src/integrations/artifacts/file-store.ts";
import { readStoredCapture } from "../../src/integrations/artifacts/stored-capture.ts";
import { resvgRasteriser } from "../../src/integrations/pictures/rasteriser.ts";
import { flameGraphPictures } from "../../src/jobs/thread/pictures.ts";
import { repliesFor } from "../../src/jobs/thread/thread.ts";
import type { Artifacts } from "../../src/ports/artifacts.ts";
import { analysisMarkdown } from "../../src/render/markdown.ts";
import type { SlackStandIn } from "../../src/sandbox/slack/stand-in.ts";
import { openSlack } from "../../src/slack.ts";
import type { Recorded } from "./recorded.ts";

/** Posts the card and all that follows it in the thread, as the bot does: the same client, pictures and files. */
export async function postThread(
  slack: SlackStandIn,
  channel: string,
  { incident, analysis, folder }: Recorded,
): Promise<MessageRef> {
  const { signal } = new AbortController();
  const state = await mkdtemp(join(tmpdir(), "gofire-thread-"));
  const side = await openSlack(
    {
      slack: { mode: "socket", listen: { host: "127.0.0.1", port: 0 }, apiUrl: slack.apiUrl },
      access: { rights: {}, givenBy: { users: [], groups: [], channels: [] } },
      botToken: slack.tokens.bot,
      version: "0",
    },
    "worker",
    (line) => process.stderr.write(`${line}\n`),
  );
  try {
    const artifacts = await fileStore(state);
    const bundle = await stored(artifacts, folder, incident.id, signal);
    const findings = `incidents/${incident.id}/findings.md`;
    await artifacts.put(
      findings,
      oneChunk(analysisMarkdown(analysis)),
      { contentType: contentTypeOf(findings) },
      signal,
    );
    const pictures = await flameGraphPictures({
      artifacts,
      rasteriser: resvgRasteriser(),
      readCapture: (key) => readStoredCapture(artifacts, key, signal),
    }).draw({ bundle, analysis, modules: [] }, `incidents/${incident.id}/pictures/`, signal);
    const place = { channel };
    const card = await side.chat.post(place, side.cards.card(incident), { intent: incident.id }, signal);
    for (const reply of repliesFor({ ...incident, bundle }, analysis, findings, pictures)) {
      const files = await Promise.all(
        reply.files.map(async ({ artifact, name, title, altText }) => ({
          name,
          title,
          contentType: contentTypeOf(name),
          bytes: (await artifacts.stat(artifact, signal))?.bytes ?? 0,
          open: () => artifacts.get(artifact, signal),
          ...(altText === undefined ? {} : { altText }),
        })),
      );
      const thread = { channel, thread: card.ts };
      await side.chat.upload(thread, files, side.cards.comment(reply), { intent: reply.intent }, signal);
    }
    return card;
  } finally {
    await side.close();
    await rm(state, { recursive: true, force: true });
  }
}

/** The recorded bundle as the artifacts of an incident. */
async function stored(
  artifacts: Artifacts,
  folder: string,
  id: string,
  signal: AbortSignal,
): Promise<string> {
  const prefix = `incidents/${id}/bundle-1/`;
  for (const name of readdirSync(folder)) {
    const content = readFileSync(join(folder, name));
    await artifacts.put(prefix + name, oneChunk(content), { contentType: contentTypeOf(name) }, signal);
  }
  return prefix;
}
