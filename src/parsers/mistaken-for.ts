const drawn =
  "it is what a flame graph or a timeline is drawn from; give gofire the profile that it was made from";

/** What people hand over in place of a capture, by its first bytes, and what to do with it. */
const beginnings: readonly (readonly [begins: string, what: string])[] = [
  ["\x1f\x8b", "it is gzip within gzip more often than is unpacked"],
  ["\x28\xb5\x2f\xfd", "it is compressed with zstd; unpack it first (zstd -d)"],
  ["\xfd7zXZ\0", "it is compressed with xz; unpack it first (xz -d)"],
  ["BZh", "it is compressed with bzip2; unpack it first (bzip2 -d)"],
  ["PK\x03\x04", "it is a zip archive; unpack it first"],
  ["H4sI", "it is compressed and in base64; decode it first (base64 -d)"],
  [
    "\x1f\xef\xbf\xbd",
    "it was compressed, and some program took it for text and changed its bytes: fetch it again, into a file (curl -o FILE)",
  ],
  ["PERFILE2", "it is a recording by perf; capture the Go program itself: gofire snapshot URL"],
  ["FLR\0", "it is a recording of a Java program (JFR), and only Go programs are judged"],
  ["JAVA PROFILE ", "it is a heap dump of a Java program, and only Go programs are judged"],
  ["heap_v2/", "it is a heap profile by jemalloc, of memory that is not Go's: jeprof PROGRAM FILE shows it"],
  // Header words 0 and 3, then the version 0, of eight bytes each (gperftools, docs/cpuprofile-fileformat.html).
  [
    `${"\0".repeat(8)}\x03${"\0".repeat(15)}`,
    "it is a CPU profile by gperftools, which knows no goroutines: go tool pprof -top PROGRAM FILE shows it",
  ],
  ['{"$schema":"https://www.speedscope.app/', drawn],
  ['{"flamebearer":', drawn],
  ['{"traceEvents":', drawn],
  ['{"nodes":[{"id":', "it is of a program in JavaScript, and only Go programs are judged"],
  ['{"snapshot":{"meta":', "it is of a program in JavaScript, and only Go programs are judged"],
  ["\x7fELF", "it is a program or a core dump; dlv core PROGRAM CORE shows the goroutines of a core dump"],
];
/** Where a tar header has its magic (POSIX.1-2017, pax, "ustar Interchange Format"). */
const tarMagic = { at: 257, word: "ustar" };
const svgStart = /^\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype svg|svg)[\s>]/i;
const htmlStart = /^\s*<(?:!doctype|html|head|body|\?xml)/i;

/** Says what the input is when it is something well known that no parser reads. */
export function mistakenFor(head: Uint8Array): string | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 512)).toString("latin1");
  if (svgStart.test(text)) return "it is a picture (SVG); give gofire the profile that it was drawn from";
  if (htmlStart.test(text)) {
    return "it is an HTML page, not a capture: a login or error page answered, or the URL was wrong";
  }
  if (text.startsWith(tarMagic.word, tarMagic.at)) return "it is a tar archive; unpack it first";
  return beginnings.find(([begins]) => text.startsWith(begins))?.[1];
}

/** What other tools print about goroutines, by a line of it, and what to do: stacks, states or ids are lost in it. */
const printed: readonly (readonly [line: RegExp, what: string])[] = [
  [
    /^(?:\* |  )?Goroutine \d+ - (?:User|Runtime|Start|Go): .*$/m,
    "it is a list of goroutines by Delve; let the process write its own dump: kill -QUIT PID, or GET /debug/pprof/goroutine?debug=2",
  ],
  [
    /^Type: \w+$(?=\n(?:Time|Duration|Showing|-{9}|DefaultSampleType))/m,
    "it was printed by go tool pprof; give gofire the profile that this was read from",
  ],
  [
    /^PeriodType: \w.*$(?=\n(?:Period|Time): )|^digraph ".*" \{$(?=\nnode \[)|^positions: instr line$(?=\nevents: )/m,
    "it was printed by go tool pprof; give gofire the profile that this was read from",
  ],
  [
    /^(?:[^\s;]+;)+[^\s;]+ \d+$(?=\n|$)/m,
    "these are folded stacks, as flame graphs are drawn from; give gofire the profile that they were made from",
  ],
  [
    /^heap profile: +\d+: +\d+ \[ *\d+: +\d+\] @ (?:heapprofile|heap_v2\/\d+|growthz)$/m,
    "it is a heap profile by tcmalloc, of memory that is not Go's: go tool pprof -top PROGRAM FILE shows it",
  ],
  [/^Full thread dump .*:$/m, "it is a thread dump of a Java program, and only Go programs are judged"],
  [
    /^Thread (?:0x)?[\dA-F]+ \((?:idle|active|active\+gil)\)(?:: ".*")?$/m,
    "it is a dump of a Python program by py-spy, and only Go programs are judged",
  ],
  [
    /^WARNING: DATA RACE$/m,
    "it is a report of the race detector, which names both sides of the race itself; a dump of the goroutines is not in it",
  ],
  [
    /^\d+: (?:running|runnable|syscall|select|chan |IO wait|semacquire|sleep|sync\.|GC |finalizer|idle).*$(?=\n[ \t]+\S+[ \t]+\S+\.go:\d+[ \t])/m,
    "it is a summary by panicparse (pp); give gofire the dump that it was made from",
  ],
  [
    /^goroutine \d+ \[[^\]]*\]:? \d+ times: .*$/m,
    "it is a summary by goroutine-inspect; give gofire the dump that it was made from",
  ],
];

/** Says what text without a dump in it is, by its first bytes, and at which line (1-based) that shows. */
export function printedBy(
  head: Uint8Array,
): { readonly what: string; readonly line: number; readonly text: string } | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
    .toString("utf8")
    .replaceAll("\r", "");
  for (const [pattern, what] of printed) {
    const found = pattern.exec(text);
    if (found !== null) {
      return { what, line: text.slice(0, found.index).split("\n").length, text: found[0] };
    }
  }
  return undefined;
}
