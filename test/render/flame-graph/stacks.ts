import type { Frame } from "../../../src/domain/code/frame.ts";
import type { GoroutineGroup } from "../../../src/domain/goroutines/goroutine.ts";
import type { Profile } from "../../../src/domain/profiles/profile.ts";
import { goroutineStacks, type Stacks } from "../../../src/render/flame-graph/stacks.ts";

/** A function of the service's own, of a dependency, or of Go, by how its name begins. */
export function frameOf(name: string): Frame {
  const path = name.slice(0, name.indexOf("."));
  if (["runtime", "sync", "net/http"].includes(path)) {
    return { function: name, file: `/usr/local/go/src/${path}/x.go`, line: 10 };
  }
  if (path.startsWith("dep/")) {
    return { function: `example.com/${name}`, file: `/go/pkg/mod/example.com/${path}@v1.2.3/x.go`, line: 20 };
  }
  return { function: `shop/${name}`, file: `/src/shop/${path}/${path}.go`, line: 88 };
}

/** `a.Run > b.Wait 12` a line: calls from the outermost on, and how many goroutines stand there. */
export function stacksOf(text: string): Stacks {
  return goroutineStacks(
    text
      .trim()
      .split("\n")
      .map((line) => {
        const at = line.trimEnd().lastIndexOf(" ");
        const calls = line.slice(0, at).split(">");
        return groupOf(
          calls.map((call) => frameOf(call.trim())),
          Number(line.slice(at)),
        );
      }),
  );
}

export function groupOf(outermostFirst: readonly Frame[], count: number): GoroutineGroup {
  return {
    state: "select",
    wait: "select",
    count,
    stack: outermostFirst.toReversed(),
    elidedFrames: 0,
    lockedToThread: 0,
    exemplars: [],
    waitedMutexes: new Map(),
  };
}

/** A profile of stacks (calls from the outermost on), every call a location of its own. */
export function profileOf(
  stacks: readonly { calls: readonly number[]; value: number }[],
  functions: number,
): Profile {
  const sampleStart = new Uint32Array(stacks.length + 1);
  for (const [index, { calls }] of stacks.entries()) {
    sampleStart[index + 1] = (sampleStart[index] ?? 0) + calls.length;
  }
  return {
    artifact: "test",
    sampleTypes: [{ type: "goroutine", unit: "count" }],
    defaultSampleIndex: 0,
    period: 1,
    frames: Array.from({ length: functions }, (_, id) => frameOf(`pkg.F${id}`)),
    locationStart: Uint32Array.from({ length: functions + 1 }, (_, id) => id),
    locationFrames: Uint32Array.from({ length: functions }, (_, id) => id),
    sampleCount: stacks.length,
    fileSampleCount: stacks.length,
    sampleStart,
    sampleLocations: Uint32Array.from(stacks.flatMap(({ calls }) => calls.toReversed())),
    values: [Float64Array.from(stacks, ({ value }) => value)],
    exactValues: [undefined],
  };
}

/** Runs work that yields to its end. */
export function whole<T>(work: Generator<undefined, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
