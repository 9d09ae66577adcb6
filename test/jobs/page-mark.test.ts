import { describe, expect, test } from "vitest";
import { PortError } from "../../src/domain/errors.ts";
import type { Incident } from "../../src/domain/incidents/incident.ts";
import { markPage } from "../../src/jobs/pages/page-mark.ts";
import { refuses } from "../../src/jobs/thread/show-message.ts";
import type { Incidents } from "../../src/ports/incidents.ts";
import { fakeChat } from "../fakes/chat.ts";
import { analysis, incident } from "../render/slack/incidents.ts";

const signal = new AbortController().signal;

/** An incident in the thread of a page, and what stands at the page after each of its states. */
async function marksThrough(states: readonly Partial<Incident>[]) {
  const chat = fakeChat();
  const page = await chat.post({ channel: "C1" }, { text: "page" }, { intent: "page" }, signal);
  let now = incident({
    origin: { kind: "page", intent: "p", page: { title: "ManyGoroutines", sinceMs: 0 } },
    place: { channel: page.channel, thread: page.ts },
  });
  const incidents = {
    update: (_id: string, change: (was: Incident) => Incident) => Promise.resolve((now = change(now))),
  } as Pick<Incidents, "update"> as Incidents;
  const marks: string[] = [];
  for (const state of states) {
    now = { ...now, ...state };
    now = await markPage(now, { chat, incidents }, refuses, signal);
    marks.push([...(chat.messages[0]?.reactions ?? [])].join(" "));
  }
  return marks;
}

describe("the mark at a page", () => {
  test("is taken, then answered, one at a time", async () => {
    const judged = { state: "verdict", analysis: analysis() } as const;
    expect(
      await marksThrough([{ state: "queued" }, { state: "capturing" }, judged, { state: "resolved" }]),
    ).toEqual(["eyes", "eyes", "white_check_mark", "white_check_mark"]);
  });

  test("warns when there is no verdict, also after its alerts ended", async () => {
    expect(await marksThrough([{ state: "queued" }, { state: "failed" }, { state: "resolved" }])).toEqual([
      "eyes",
      "warning",
      "warning",
    ]);
  });

  test("is left alone where the page was deleted", async () => {
    const chat = fakeChat();
    const gone = new PortError("message-deleted", "1.1", "This message is gone.");
    chat.react = () => Promise.reject(gone);
    const one = incident({ origin: { kind: "page", intent: "p" }, place: { channel: "C1", thread: "1.1" } });
    const update = (_id: string, change: (was: Incident) => Incident) => Promise.resolve(change(one));
    const incidents = { update } as Pick<Incidents, "update"> as Incidents;
    expect((await markPage(one, { chat, incidents }, refuses, signal)).pageMark).toBe("eyes");
  });
});
