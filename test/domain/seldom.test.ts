import { expect, test } from "vitest";
import { seldom } from "../../src/domain/seldom.ts";

test("a line that is said over and over is told once a minute, with how often it was said", () => {
  const told: string[] = [];
  let nowMs = 0;
  const say = seldom(
    (line) => told.push(line),
    () => nowMs,
  );
  for (; nowMs < 120_000; nowMs += 1_000) {
    say("Redis: away");
    if (nowMs === 5_000) say("Slack: late");
  }
  expect(told).toEqual([
    "Redis: away",
    "Slack: late",
    "Redis: away (and 59 times more since it was told last)",
  ]);
});

test("what differs each time is told each time, and not kept for ever", () => {
  const told: string[] = [];
  const say = seldom(
    (line) => told.push(line),
    () => 0,
  );
  for (let number = 0; number <= 500; number++) say(`capture ${number} failed`);
  say("capture 500 failed");
  say("capture 0 failed");
  expect(told).toHaveLength(502);
});
