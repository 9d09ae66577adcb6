import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Test files that take half a minute and more, the longest first (as last measured on two cores). */
export const longest: readonly string[] = [
  "test/jobs/seeded.test.ts",
  "test/jobs/seeded-kills.test.ts",
  "test/jobs/killed.test.ts",
  "test/jobs/slack-faults.test.ts",
  "test/live/shadow.test.ts",
  "test/screenshots.test.ts",
  "test/live/pager.test.ts",
  "test/parsers/pprof-fuzz.test.ts",
  "test/jobs/peer.test.ts",
  "test/jobs/storm/killed.test.ts",
  "test/live/doors.test.ts",
  "test/live/context.test.ts",
  "test/live/demo.test.ts",
  "test/live/storm.test.ts",
  "test/parsers/goroutine-dump-fuzz.test.ts",
  "test/live/bot-burst.test.ts",
];

/**
 * Begins with the files that take longest: one of them, last, would run alone while the other workers have nothing
 * left. A machine that has never run the tests knows only how large files are, and size says nothing about time.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files);
    const place = ({ moduleId }: TestSpecification) => {
      const at = longest.indexOf(relative(this.ctx.config.root, moduleId));
      return at < 0 ? longest.length : at;
    };
    return usual.toSorted((one, other) => groupOf(one) - groupOf(other) || place(one) - place(other));
  }
}

/** Groups follow each other as they are configured. */
function groupOf({ project }: TestSpecification): number {
  return project.config.sequence.groupOrder;
}
