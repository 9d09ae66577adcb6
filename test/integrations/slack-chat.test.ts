import { PortError } from "../../src/domain/errors.ts";
import { type ChatWorld, chatContract, type Mishap } from "../contracts/chat.ts";
import { type ChatFault, fakeChat } from "../fakes/chat.ts";
import { slackWorld } from "./slack-world.ts";

chatContract("Slack", () => slackWorld());

chatContract("the fake chat", async () => {
  await Promise.resolve();
  const channels = { home: "C1", unseen: "C2", archived: "C3" };
  const people = { member: "U1", outsider: "U2" };
  const chat = fakeChat({
    unseen: [channels.unseen],
    archived: [channels.archived],
    outsiders: [people.outsider],
  });
  const world: ChatWorld = {
    chat,
    channels,
    people,
    nowMs: () => Date.now(),
    elapse: () => {},
    shown: (channel) =>
      chat.messages
        .filter(({ ref }) => ref.channel === channel)
        .map(({ ref, place: { thread }, body, files, reactions }) => ({
          ts: ref.ts,
          ...(thread === undefined ? {} : { thread }),
          text: body.text,
          files,
          reactions: [...reactions],
        })),
    whispers: (channel) =>
      chat.whispers
        .filter(({ place }) => place.channel === channel)
        .map(({ userId, text }) => ({ userId, text })),
    spoil(call, mishap) {
      chat.fault = (method) => {
        if (method !== call) return undefined;
        chat.fault = () => undefined;
        return faultOf(mishap);
      };
    },
    close: () => Promise.resolve(),
  };
  return world;
});

function faultOf(mishap: Mishap): ChatFault {
  const when = mishap.endsWith("after") ? "after" : "before";
  if (mishap === "limited") {
    return { when, error: new PortError("rate-limited", "chat", "429", { retryAfterMs: 2_000 }) };
  }
  const code = mishap.startsWith("hang") ? "timeout" : "unavailable";
  return { when, error: new PortError(code, "chat", mishap) };
}
