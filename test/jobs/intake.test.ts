import { describe, expect, test } from "vitest";
import { rememberingReader } from "../../src/jobs/intake.ts";
import { parseAlertNotification } from "../../src/parsers/alerts/alert-notification.ts";
import { alertmanagerBody } from "../parsers/alert-bodies.ts";

function bytesOf(groupKey: string, padding = 0): Uint8Array {
  return Buffer.from(
    JSON.stringify({ ...alertmanagerBody({ alerts: 3, groupKey }), ignored: "x".repeat(padding) }),
  );
}

describe("a reader that remembers", () => {
  test("reads a body once, and every other one for itself", () => {
    let reads = 0;
    const read = rememberingReader((body) => {
      reads++;
      return parseAlertNotification(body);
    });
    const first = read(bytesOf("a"));
    expect(first).toEqual(parseAlertNotification(bytesOf("a")));
    expect(read(bytesOf("a"))).toBe(first);
    expect(reads).toBe(1);
    // The same characters in Latin-1 and UTF-8 are other bytes.
    for (const other of ["b", "ä", "Ã¤", "€"])
      expect(read(bytesOf(other))).toEqual(parseAlertNotification(bytesOf(other)));
    expect(reads).toBe(5);
  });

  test("keeps no garbage, nothing long, and no more than a few megabytes", () => {
    let reads = 0;
    const read = rememberingReader((body) => {
      reads++;
      return parseAlertNotification(body);
    });
    for (let time = 0; time < 2; time++) {
      expect(read(Buffer.from("garbage")).ok).toBe(false);
      expect(read(bytesOf("long", 64 << 10)).ok).toBe(true);
    }
    expect(reads).toBe(4);
    for (let at = 0; at < 200; at++) read(bytesOf(`group ${at}`, 50 << 10));
    reads = 0;
    read(bytesOf("group 199", 50 << 10));
    expect(reads).toBe(0);
    read(bytesOf("group 0", 50 << 10));
    expect(reads).toBe(1);
  });
});
