import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openCheckpoint, signedCheckpoint } from "../../src/audit/checkpoint.ts";
import { readVerifier, signerOf, type Verifier } from "../../src/audit/keys.ts";
import { openNote, signedNote } from "../../src/audit/note.ts";
import { seededSigner, testOrigin, testSigner } from "./keys.ts";

/** The example of Go's own package (golang.org/x/mod/sumdb/note, example_test.go and note_test.go). */
const skey = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const text =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const signature =
  "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
const peter = seededSigner(
  "PeterNeumann",
  Buffer.from(skey.split("+").slice(4).join("+"), "base64").subarray(1),
);

function verifier(of = vkey): Verifier {
  const read = readVerifier(of);
  if (typeof read === "string") throw new Error(read);
  return read;
}

describe("a signed note", () => {
  it("is signed to the byte as Go signs it", () => {
    expect(peter.verifier.text).toBe(vkey);
    expect(signedNote(text, peter)).toBe(`${text}\n${signature}\n`);
    expect(openNote(`${text}\n${signature}\n`, verifier())).toEqual({ text });
  });

  it("may have signatures of others", () => {
    const witness = seededSigner("witness.example/w", new Uint8Array(32).fill(1));
    const theirs = signedNote(text, witness).split("\n").at(-2);
    const longOne = `— pq.example ${Buffer.alloc(2_424, 9).toString("base64")}`;
    expect(openNote(`${text}\n${theirs}\n${longOne}\n${signature}\n`, verifier())).toEqual({ text });
    expect(openNote(`${text}\n${theirs}\n`, verifier())).toBe(
      `is not signed by PeterNeumann+c74f20a3, but by ${witness.verifier.shortText}`,
    );
  });

  it.each([
    ["another text", `${text.replace("you", "You")}\n${signature}\n`, /does not verify/],
    ["no signature", text, /is not a signed note/],
    ["no line feed at its end", `${text}\n${signature}`, /is not a signed note/],
    ["a carriage return", `${text}\r\n\n${signature}\n`, /is not a signed note/],
    [
      "a line among the signatures that is none",
      `${text}\n${signature}\nhello\n`,
      /a line that is not a signature/,
    ],
    [
      "a signature in other base64",
      `${text}\n${signature.replace("=", "")}\n`,
      /a line that is not a signature/,
    ],
    [
      "a right signature beside a wrong one of the same key",
      `${text}\n${signature}\n${signature.replace("x08go/ZJ", "x08go/ZK")}\n`,
      /does not verify/,
    ],
    ["a thousand signatures", `${text}\n${`${signature}\n`.repeat(1_000)}`, /more than 100 signatures/],
    ["a megabyte", `${"x".repeat(1_000_000)}\n\n${signature}\n`, /more than 1000000 bytes/],
  ])("with %s is not believed", (_, note, why) => {
    expect(openNote(note, verifier())).toMatch(why);
  });
});

describe("a key", () => {
  it.each([
    [
      "with another character",
      vkey.replace("Arpc", "Brpc").replace("ARpc", "ARpd"),
      /its hash c74f20a3 is not that/,
    ],
    ["with another name", vkey.replace("Peter", "Petra"), /its hash/],
    ["of another kind", "x+00000000+BA==", /not an Ed25519 key/],
    ["that is private", skey, /a key is NAME/],
    ["that is cut", vkey.slice(0, -8), /not an Ed25519 key/],
    ["that is nothing", "", /a key is NAME/],
  ])("%s is told apart", (_, given, why) => {
    expect(readVerifier(given)).toMatch(why);
  });

  it("of RSA signs no log", () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 1_024 });
    expect(() => signerOf(testOrigin, privateKey)).toThrow("This key is rsa, not Ed25519.");
    expect(() => seededSigner("a name", new Uint8Array(32))).toThrow(RangeError);
  });
});

describe("a checkpoint", () => {
  const root = new Uint8Array(32).fill(5);

  it("says origin, size and root", () => {
    const note = signedCheckpoint({ size: 12, root }, testSigner);
    expect(note.split("\n").slice(0, 4)).toEqual([
      testOrigin,
      "12",
      Buffer.from(root).toString("base64"),
      "",
    ]);
    expect(openCheckpoint(note, testSigner.verifier)).toEqual({ size: 12, root: Buffer.from(root) });
  });

  it("may have more lines", () => {
    const note = signedNote(`${testOrigin}\n0\n${Buffer.from(root).toString("base64")}\nmore\n`, testSigner);
    expect(openCheckpoint(note, testSigner.verifier)).toMatchObject({ size: 0 });
  });

  it.each([
    ["of another log", `other.example\n1\n${"A".repeat(43)}=\n`, "is of the log other.example"],
    ["with a size of 01", `${testOrigin}\n01\n${"A".repeat(43)}=\n`, "does not have the lines"],
    [
      "with a size that no number can say",
      `${testOrigin}\n9007199254740993\n${"A".repeat(43)}=\n`,
      "does not have",
    ],
    ["with half a root", `${testOrigin}\n1\nAAAA\n`, "does not have the lines"],
    ["with an empty line", `${testOrigin}\n1\n${"A".repeat(43)}=\n\nx\n`, "does not have the lines"],
    ["with two lines", `${testOrigin}\n1\n`, "does not have the lines"],
  ])("%s is not one of this log", (_, body, why) => {
    expect(openCheckpoint(signedNote(body, testSigner), testSigner.verifier)).toContain(why);
  });
});
