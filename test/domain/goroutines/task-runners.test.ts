import { describe, expect, it } from "vitest";
import { ownCode } from "../../../src/domain/code/own-code.ts";
import type { GoroutineGroup } from "../../../src/domain/goroutines/goroutine.ts";
import { stuckCrewOf } from "../../../src/domain/goroutines/task-runners.ts";
import { waitSites } from "../../../src/domain/goroutines/wait-sites.ts";
import { group, seen, snapshot } from "./goroutines.ts";

const own = ownCode([]);
const perform = "github.com/hibiken/asynq.(*processor).perform:446";
const consumer = "github.com/nsqio/go-nsq.(*Consumer).handlerLoop:1";

/** The task queue whose tasks all stand at the first line of the first group, going by those captures. */
function crewIn(...captures: (readonly GoroutineGroup[])[]): string | undefined {
  const [first = snapshot([]), ...later] = captures.map((groups) => snapshot(groups));
  const evidence = seen(first, later);
  const [site] = waitSites(evidence.best.groups.slice(0, 1), own);
  return site === undefined ? undefined : stuckCrewOf(site, evidence, own);
}

function deliver(count: number, outer = perform): GoroutineGroup {
  return group("chan receive", ["shop/mail.(*Mailer).Deliver:86", outer], { count });
}

describe("all tasks of a task queue at one line", () => {
  it("is seen where as many stand there in every capture, and none elsewhere", () => {
    expect(crewIn([deliver(40)], [deliver(40)])).toBe("asynq");
    expect(crewIn([deliver(40, consumer)], [deliver(40, consumer)])).toBe("go-nsq");
  });

  it("is not known from one capture, nor where their number changes or one of them is elsewhere", () => {
    const sending = group("IO wait", ["net.(*conn).Read:1", "shop/mail.(*Mailer).Deliver:90", perform]);
    expect(crewIn([deliver(40)])).toBeUndefined();
    expect(crewIn([deliver(40)], [deliver(38)])).toBeUndefined();
    expect(crewIn([deliver(40)], [deliver(40), sending])).toBeUndefined();
    expect(crewIn([deliver(40), sending], [deliver(40)])).toBeUndefined();
  });

  it("is nothing that idle workers show: of a library, or of the service itself", () => {
    const idle = group("chan receive", [consumer], { count: 8 });
    const worker = group("chan receive", ["shop/mail.(*Pool).work:12"], { count: 40 });
    expect(crewIn([deliver(12, consumer), idle], [deliver(12, consumer), idle])).toBeUndefined();
    expect(crewIn([worker], [worker])).toBeUndefined();
  });
});
