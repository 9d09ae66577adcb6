/** What people hand over in place of a capture, by its first bytes, and what to do with it. */
const beginnings: readonly (readonly [begins: string, what: string])[] = [
  ["\x1f\x8b", "it is gzip within gzip more often than is unpacked"],
  ["\x28\xb5\x2f\xfd", "it is compressed with zstd; unpack it first (zstd -d)"],
  ["\xfd7zXZ\0", "it is compressed with xz; unpack it first (xz -d)"],
  ["BZh", "it is compressed with bzip2; unpack it first (bzip2 -d)"],
  ["PK\x03\x04", "it is a zip archive; unpack it first"],
  ["\x7fELF", "it is a program or a core dump; dlv core PROGRAM CORE shows the goroutines of a core dump"],
];
/** Where a tar header has its magic (POSIX.1-2017, pax, "ustar Interchange Format"). */
const tarMagic = { at: 257, word: "ustar" };
const htmlStart = /^\s*<(?:!doctype|html|head|body|\?xml)/i;

/** Says what the input is when it is something well known that no parser reads. */
export function mistakenFor(head: Uint8Array): string | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 512)).toString("latin1");
  if (htmlStart.test(text)) {
    return "it is an HTML page, not a capture: a login or error page answered, or the URL was wrong";
  }
  if (text.startsWith(tarMagic.word, tarMagic.at)) return "it is a tar archive; unpack it first";
  return beginnings.find(([begins]) => text.startsWith(begins))?.[1];
}
