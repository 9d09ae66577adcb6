import { describe, expect, it } from "vitest";
import { goroutineDumpParser } from "../../src/parsers/goroutine-dump/goroutine-dump-parser.ts";
import { capture, failure, feed, feedIntoRoom, whole } from "./feed.ts";
import { groupLine, groupLines, parse, partial, publish, publishLine } from "./goroutine-dumps.ts";

describe("inputs", () => {
  const dump = `goroutine 1 [chan send]:\n${publish}\ngoroutine 2 [chan send]:\n${publish}\ngoroutine 3 [select]:\n${publish}`;
  const dumpLines = [`2 [chan send] ${publishLine}`, `1 [select] ${publishLine}`];

  it("may have carriage returns, no last line feed, no blank lines, or many", () => {
    const expected = parse(dump);
    expect(groupLines(dump)).toEqual(dumpLines);
    expect(parse(dump.replaceAll("\n", "\r\n"))).toEqual(expected);
    expect(parse(dump.trimEnd())).toEqual(expected);
    expect(parse(dump.replaceAll("\n\n", "\n"))).toEqual(expected);
    expect(parse(`\n\n${dump.replaceAll("\n\n", "\n\n\n\n")}\n\n`)).toEqual(expected);
  });

  it("are read the same however they are cut into chunks", () => {
    const expected = parse(dump);
    for (let size = 1; size <= dump.length; size++) expect(parse(dump, size)).toEqual(expected);
    for (let at = 1; at < dump.length; at++) {
      const parser = goroutineDumpParser({ artifact: "goroutines.txt" });
      parser.push(Buffer.from(dump.slice(0, at)));
      parser.push(Buffer.from(dump.slice(at)));
      expect(parser.end()).toEqual(expected);
    }
  });

  it.each([
    ["as it is written", (text: string) => text],
    [
      "with a log writer's words",
      (text: string) => text.replaceAll(/^/gm, "2026-11-23T10:00:00.1Z stderr F "),
    ],
    ["as a string in a log", (text: string) => `level=info msg=${JSON.stringify(text)}\n`],
    ["in reverse order", (text: string) => text.split("\n").toReversed().join("\n")],
  ])("are read the same in the memory that the parser offers, %s", (_name, written) => {
    let id = 1;
    const many = Array.from({ length: 6000 }, () =>
      dump.replaceAll(/goroutine \d/g, () => `goroutine ${id++}`),
    );
    const input = Buffer.from(written(many.join("\n")));
    const expected = parse(input);
    for (const compiled of [true, false]) {
      for (const [roomBytes, partBytes] of [
        [1_000_000, 128 * 1024],
        [100_000, 100_000],
        [70_001, 999],
      ] as const) {
        const parser = goroutineDumpParser({ artifact: "goroutines.txt", compiled });
        expect(feedIntoRoom(parser, input, roomBytes, partBytes)).toEqual(expected);
      }
    }
  });

  it("may be a crash log with noise around the dump", () => {
    const log = `2026/11/23 10:00:00 listening on :8080
panic: an old one that was recovered
2026/11/23 10:04:00 order 7 took 3s
fatal error: all goroutines are asleep - deadlock!
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a1d20]

${dump}exit status 2
2026/11/23 10:05:00 listening on :8080
`;
    const { snapshot, crash } = whole(parse(log));
    expect(snapshot.groups.map(groupLine)).toEqual(dumpLines);
    expect(crash).toMatchObject({
      artifact: "goroutines.txt",
      kind: "fatal error",
      message: "all goroutines are asleep - deadlock!",
      at: { unit: "line", value: 4 },
    });
  });

  it.each([
    ["panic: runtime error: index out of range [5] with length 3 [recovered]", "panic", 5],
    ["SIGQUIT: quit", "signal", 5],
    ["fatal error: concurrent map writes\r", "fatal error", 5],
  ])("tell how the process died: %s", (words, kind, at) => {
    const { crash } = whole(parse(`\n\n\n\n${words}\n\n${dump}`));
    expect(crash).toMatchObject({ kind, message: words.slice(words.indexOf(": ") + 2).trimEnd() });
    expect(crash?.at).toEqual({ unit: "line", value: at });
  });

  it("tell the death once although every thread repeats it, and each goroutine once", () => {
    const busy = "goroutine 9 [running]:\n\tgoroutine running on other thread; stack unavailable\n\n";
    const told = `goroutine 9 [running]:\n${publish}`;
    const text = `panic: oh\n\n${dump}\n${busy}\n-----\n\nSIGQUIT: quit\n\ngoroutine 0 [idle]:\n\n${told}\n${dump}`;
    for (const size of [undefined, 1, 100]) {
      const { crash, snapshot, note } = whole(parse(text, size));
      expect(crash).toMatchObject({ kind: "panic", at: { value: 1 } });
      expect(note).toBeUndefined();
      expect(snapshot.counted).toBe(5);
      expect(snapshot.incomplete).toBeUndefined();
      expect(snapshot.groups.map(groupLine)).toEqual([
        dumpLines[0],
        dumpLines[1],
        "1 [idle] ",
        `1 [running] ${publishLine}`,
      ]);
    }
  });

  it.each([
    ["[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a1d20]", "segmentation violation"],
    ["[signal 0xb code=0x1 addr=0x0 pc=0x4a1d20]", "segmentation violation"],
    ["Exception 0xc0000005 0x0 0x0 0x0", "exception 0xc0000005"],
    [
      "12 MH/s  SIGABRT: abort\nPC=0x1 m=3\nsignal arrived during cgo execution",
      "signal arrived during cgo execution",
    ],
    ["^\\SIGQUIT: quit", "quit"],
  ])("tell of a signal that has no line of its own: %s", (words, message) => {
    expect(whole(parse(`${words}\n\n${dump}`)).crash).toMatchObject({ kind: "signal", message });
    const behind = `panic: oh\n${words}\n\n${dump}`;
    if (!words.startsWith("^")) expect(whole(parse(behind)).crash?.message).toBe("oh");
  });

  it("tell of the signal behind a log writer's words by the words in front of it", () => {
    const log = `fatal error: fault\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x1 pc=0x9]\n\n${dump}`;
    const { crash } = whole(parse(log.replaceAll(/^/gm, "Nov  3 10:00:00 host shop[312]: ")));
    expect(crash).toMatchObject({ kind: "fatal error", message: "fault" });
  });

  it("tell which goroutine stood first behind the last words", () => {
    const { crash } = whole(parse(`SIGSEGV: segmentation violation\n\ngoroutine 0 [idle]:\n\n${dump}`));
    expect(crash?.goroutine).toMatchObject({ state: "chan send", count: 2 });
  });

  it("may have one line of a signal's words written by two threads", () => {
    const { snapshot, note } = whole(parse(`SIGQUIT: quit\n\ngoroutine 0 [idle]:\nSIGQUIT: quit\n\n${dump}`));
    expect(snapshot.counted).toBe(4);
    expect(note).toBeUndefined();
  });

  it.each([
    ["as a log has them", "Nov  3 10:00:00 host shop[312]: "],
    ["alone", ""],
    ["indented", "  "],
  ])("that stand newest first are refused: %s", (_how, before) => {
    const log = `panic: oh\n\n${dump}`.trimEnd().replaceAll(/^/gm, before);
    const reversed = log.split("\n").toReversed().join("\n");
    for (const size of [undefined, 1, 100]) {
      const error = failure(parse(reversed, size));
      expect(error).toMatchObject({ code: "damaged", at: { unit: "line", value: 5 } });
      expect(error.message).toContain("tac FILE | gofire analyze -");
    }
    const one = `panic: oh\n\ngoroutine 7 [running]:\n${publish}`.trimEnd().replaceAll(/^/gm, before);
    expect(failure(parse(one.split("\n").toReversed().join("\n"))).message).toContain("newest first");
  });

  it("may have blanks at the ends of lines, and for tabs in the midst of it", () => {
    expect(groupLines(dump.replaceAll("\n", "   \n"))).toEqual(dumpLines);
    const strange = "runtime: unexpected return pc for runtime.throw called from 0x29da3f0\n";
    const torn = `goroutine 9 [running]:\n${strange}${publish.replaceAll("\t", "    ")}`;
    expect(groupLines(torn)).toEqual([`1 [running] ${publishLine}`]);
    expect(groupLines(`\`${dump.trimEnd()}\`\n`)).toEqual(dumpLines);
  });

  it("may have a log writer's words before every line", () => {
    const died = `panic: boom\n\n${dump}`;
    const expected = parse(died);
    for (const prefix of [
      "2026-11-23T10:00:00.123456789Z stderr F ",
      "Nov  3 10:00:00 host shop[312]: ",
      "shop-1  | ",
    ]) {
      const logged = died.replaceAll(/^/gm, prefix);
      expect(parse(logged)).toEqual(expected);
      expect(parse(logged, 100)).toEqual(expected);
    }
    // The words change their length, and nothing stands behind them on blank lines.
    let second = 8;
    const growing = died.replaceAll(/^/gm, () => `${second++}.5 stderr F `).replaceAll(/ +$/gm, "");
    expect(parse(growing)).toEqual(expected);
  });

  it("take no log message that begins with words for such a log", () => {
    const logged = `2026/11/23 recovered: goroutine 9 [running]:\n${publish}\n${dump}`;
    expect(groupLines(logged)).toEqual([dumpLines[0], `1 [running] ${publishLine}`, dumpLines[1]]);
  });

  it.each([
    ["indented", (text: string) => text.replaceAll(/^/gm, "    ")],
    ["without blanks where a tab was", (text: string) => text.replaceAll("\t", "")],
    ["with blanks for tabs", (text: string) => text.replaceAll("\t", "        ")],
    [
      "indented, with blanks for tabs",
      (text: string) => text.replaceAll("\t", "        ").replaceAll(/^/gm, "  "),
    ],
    ["quoted", (text: string) => text.replaceAll(/^/gm, "> ").replaceAll(/^> $/gm, ">")],
    [
      "behind a log's words, with blanks for tabs",
      (text: string) => text.replaceAll("\t", "    ").replaceAll(/^/gm, "Nov  3 10:00:00 host shop[312]: "),
    ],
    ["on Windows", (text: string) => text.replaceAll("\t", "        ").replaceAll("\n", "\r\n")],
    ["in code marks", (text: string) => `\`${text.replaceAll("\t", "        ")}\``],
  ])("may be copied: %s", (_how, copy) => {
    const died = `panic: boom\n\n${dump}`;
    const expected = parse(died);
    const copied = copy(died);
    for (const size of [undefined, 1, 7, 100]) expect(parse(copied, size)).toEqual(expected);
  });

  it("may be copied by someone who lost the tabs behind the first goroutine's", () => {
    const first = "goroutine 1 [running]:\n\tgoroutine running on other thread; stack unavailable\n\n";
    const copied = `${first}${dump.replace("goroutine 1 ", "goroutine 8 ")}`.replaceAll("\t", "        ");
    expect(groupLines(copied).filter((line) => line.includes("Publish"))).toEqual(dumpLines);
  });

  it("may be strings within the lines of a log", () => {
    const message = JSON.stringify(`=== BEGIN ===\n${dump}=== END ===\n`);
    const log = `level=info msg=ready\nNov 23 dockerd[18]: level=info msg=${message} n=1\nlevel=info msg="goroutine 1 waits"\n`;
    for (const size of [undefined, 7, 100]) expect(parse(log, size)).toEqual(parse(dump));
    const stacks = [1, 2].map(
      (id) => `{"msg":"oh","stack":${JSON.stringify(`goroutine ${id} [running]:\n${publish}`)}}\n`,
    );
    expect(groupLines(`starting\n${stacks.join("")}`)).toEqual([`2 [running] ${publishLine}`]);
  });

  it("within strings have their place in the file that a person sees", () => {
    const [first, second] = [1, 2].map((id) =>
      JSON.stringify(`panic: oh\ngoroutine ${id} [running]:\nmain.f()\n`),
    );
    const log = `ready\nlevel=info msg=${first} n=1\nlevel=info\nlevel=info msg=${second}\n`;
    for (const size of [undefined, 7]) {
      expect(parse(log, size)).toMatchObject({ damage: { at: { unit: "line", value: 2 } } });
    }
    const later = `ready\nmsg=${JSON.stringify(dump)}\n\npanic: oh\n\ngoroutine 4 [running]:\n${publish}`;
    expect(whole(parse(later)).crash?.at.value).toBe(4);
  });

  it("within a string that is not closed are not all there is", () => {
    const log = `ready\nlevel=info msg=${JSON.stringify(dump).slice(0, -60)}\nlevel=info\n`;
    const { snapshot, damage } = partial(log);
    expect(damage).toMatchObject({ code: "damaged", at: { unit: "line", value: 2 } });
    expect(snapshot.incomplete).toContain("breaks off before its closing quotation mark");
  });

  it("tell a panic that was logged by whoever let it pass on", () => {
    const stack = `goroutine 7 [running]:\n${publish}`;
    const log = `E1123 runtime.go:69] Observed a panic: "oh"\n${stack}panic: oh [recovered]\n\tpanic: oh\n\n${stack}`;
    const { snapshot, crash, earlier } = whole(parse(log));
    expect(earlier.map(({ counted }) => counted)).toEqual([1]);
    expect(snapshot.counted).toBe(1);
    expect(crash).toMatchObject({ kind: "panic", message: "oh [recovered]", at: { value: 7 } });
  });

  it.each([
    ["", "empty"],
    ["hello\nworld\n", "not-this-format"],
    ["goroutine profile: total 3\n2 @ 0x1\n", "not-this-format"],
    [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0]), "not-this-format"],
  ])("that are no dump are refused: %j", (input, code) => {
    expect(failure(parse(input))).toMatchObject({ code, at: { unit: "line", value: 1 } });
  });
});

describe("captures of Go 1.26", () => {
  it("are read to the last goroutine", () => {
    const semaphore = "internal/sync.runtime_SemacquireMutex:95 < internal/sync.(*Mutex).lockSlow:149";
    const lock = `${semaphore} < internal/sync.(*Mutex).Lock:70 < sync.(*Mutex).Lock:46`;
    const poll = "internal/poll.runtime_pollWait:351 < internal/poll.(*pollDesc).wait:84";
    const accept =
      "internal/poll.(*pollDesc).waitRead:89 < internal/poll.(*FD).Accept:613 < net.(*netFD).accept:150";
    const listen = "net.(*TCPListener).accept:159 < net.(*TCPListener).Accept:387";
    const dumped =
      "runtime/pprof.writeGoroutineStacks:819 < runtime/pprof.writeGoroutine:782 < runtime/pprof.(*Profile).WriteTo:408";
    expect(groupLines(capture("goroutine-dump-go1.26.txt"))).toEqual([
      `5 [sync.Mutex.Lock] ${lock} < main.park.func1:50 by main.park:50`,
      `5 [sync.Mutex.Lock] ${lock} < main.(*box[...]).set:29 by main.park:51`,
      "5 [sync.RWMutex.RLock] sync.runtime_SemacquireRWMutexR:100 < sync.(*RWMutex).RLock:74 < main.park.func2:52 by main.park:52",
      "5 [chan send] main.park.func3:53 by main.park:53",
      "3 [sleep] time.Sleep:363 < main.park.func12:80 < runtime/pprof.Do:57 by main.park:80",
      `1 [running] ${dumped} < main.write:99 < main.main:105`,
      `1 [sync.Mutex.Lock] ${lock} < sync.(*RWMutex).Lock:150 < main.park.func4:55 by main.park:55`,
      "1 [chan receive (nil chan)] main.park.func5:56 by main.park:56",
      "1 [select (no cases)] main.park.func6:57 by main.park:57",
      "1 [sync.WaitGroup.Wait] sync.runtime_SemacquireWaitGroup:114 < sync.(*WaitGroup).Wait:206 < main.park.func7:61 by main.park:58",
      "1 [sync.Cond.Wait] sync.runtime_notifyListWait:617 < sync.(*Cond).Wait:71 < main.park.func8:66 by main.park:63",
      "1 [sleep] time.Sleep:363 < main.park.func9:70 by main.park:68 locked 1",
      "1 [sleep] time.Sleep:363 < main.park.func10.1:72 < main.each[...]:36 < main.park.func10:72 by main.park:72",
      "1 [coroutine] iter.Pull[...].func2:317 < main.park.func11:76 by main.park:73",
      "1 [runnable] main.park.func13:1 by main.park:82",
      `1 [IO wait] ${poll} < ${accept} < ${listen} by main.park:89`,
      "1 [sleep] time.Sleep:363 < main.park.func11.1:74 < iter.Pull[...].func1:301 by iter.Pull[...]:271",
      "1 [sleep] time.Sleep:363 < main.park.func14:86 by time.goFunc:215",
    ]);
  });

  it.each([
    ["panic", 10, "panic", "boom"],
    ["fatal", 8, "fatal error", "concurrent map writes"],
    ["quit", 6, "signal", "quit"],
  ])("tell how the process died: %s", (name, counted, kind, message) => {
    const { snapshot, crash } = whole(parse(capture(`goroutine-${name}-go1.26.txt`)));
    expect(snapshot.counted).toBe(counted);
    expect(crash).toMatchObject({ kind, message, at: { unit: "line", value: 1 } });
  });
});

describe("an incomplete dump", () => {
  const first = `goroutine 1 [chan send]:\n${publish}\n`;

  it.each(["goroutine 2 [chan send]:\nshop/orders.(*Not", "goroutine 2 [chan send]:\n"])(
    "is read as far as it goes: %j",
    (tail) => {
      const result = parse(first + tail);
      if (!result.ok) throw new Error(result.error.message);
      expect(result.value.snapshot.counted).toBe(2);
    },
  );

  it.each([
    ["behind a header", "", true],
    ["between two calls", "main.f(0x1)\n\t/src/main.go:9 +0x1d\n", true],
    ["within the offset of a call", "main.f(0x1)\n\t/src/main.go:9 +0x1", true],
    [
      "behind the calls, where the creator would follow",
      "main.main.func1()\n\t/src/main.go:12 +0x1d\n",
      true,
    ],
    ["behind the creator", publish, false],
    [
      "behind the main goroutine",
      "main.f(0x1)\n\t/src/main.go:9 +0x1d\nmain.main()\n\t/src/main.go:30 +0x1d\n",
      false,
    ],
    ["behind what main does at its start", "main.init.0()\n\t/src/main.go:9 +0x1d\n", false],
    [
      "behind a thread's own stack",
      "runtime.futex(0x1)\n\t/go/src/runtime/sys.s:9 +0x1\nruntime.mstart()\n\t/go/src/runtime/asm.s:9 +0x1\n",
      false,
    ],
    [
      "behind what C code called",
      "main.f(0x1)\n\t/src/main.go:9 +0x1d\n_cgoexp_f3_f(0x1)\n\t_cgo_gotypes.go:9 +0x1\n",
      false,
    ],
    [
      "behind one whose stack is told elsewhere",
      "\tgoroutine running on other thread; stack unavailable\n",
      false,
    ],
  ])("is cut or whole by what it ends with: %s", (_where, body, isCut) => {
    const result = parse(`${first}goroutine 2 [chan send]:\n${body}`);
    if (!result.ok) throw new Error(result.error.message);
    expect(result.value.snapshot.incomplete).toBe(
      isCut ? "the dump ends in the middle of a goroutine" : undefined,
    );
  });

  it("says so when it ends within a call, a place or a header", () => {
    const whole = `goroutine 2 [chan send]:\n${publish}`;
    const [inCall, inPlace, inCreator] = ["{0xc0000b4000", "notifier.go:", "service.go"].map((word) =>
      partial(first + whole.slice(0, whole.indexOf(word))),
    );
    for (const cut of [inCall, inPlace, inCreator]) {
      expect(cut?.snapshot.counted).toBe(2);
      expect(cut?.snapshot.incomplete).toBe("the dump ends in the middle of a goroutine");
      expect(cut?.damage).toMatchObject({ code: "damaged", at: { unit: "line", value: 7 } });
    }
    expect(inCall?.snapshot.groups.map(groupLine)).toEqual([
      `1 [chan send] ${publishLine}`,
      "1 [chan send]  elided -1",
    ]);
    for (const tail of ["goroutine 2 [chan s", "goroutine 2", "goroutine ", "gorou"]) {
      const result = parse(first + tail);
      if (!result.ok) throw new Error(result.error.message);
      expect(result.value.snapshot.counted).toBe(1);
      expect(result.value.snapshot.incomplete).toContain("has no whole header and is not counted");
    }
  });

  it("of exactly 64 MiB was cut by the runtime, wherever it ends", () => {
    const goroutine = Buffer.from(`goroutine 123 [chan send, 3 minutes]:\n${publish}\n`);
    const chunk = Buffer.concat(Array.from({ length: 4096 }, () => goroutine));
    const parser = goroutineDumpParser({ artifact: "goroutines.txt" });
    let left = 64 * 1024 * 1024;
    for (; left > 0; left -= Math.min(left, chunk.length)) parser.push(chunk.subarray(0, left));
    const result = parser.end();
    if (!result.ok) throw new Error(result.error.message);
    const { snapshot } = result.value;
    const written = (64 * 1024 * 1024) / goroutine.length;
    expect(snapshot.counted).toBe(Math.ceil(written));
    expect(snapshot.incomplete).toBe(
      "Go stops a goroutine dump at 64 MiB (67,108,864 bytes), and this one is cut there",
    );
    expect(snapshot.groups.map((group) => group.count)).toEqual([Math.floor(written), 1]);
  });
});

describe("bounds", () => {
  const goroutines = [1, 2, 3, 1].map((n) => `goroutine ${n} [select]:\n${publish.replace(":41", `:${n}`)}`);

  it("on distinct stacks stop the reading and keep what was read", () => {
    const parser = goroutineDumpParser({ artifact: "a", limits: { maxGroups: 2 } });
    const result = feed(parser, goroutines.join("\n"));
    if (!result.ok) throw new Error(result.error.message);
    expect(result.value.snapshot).toMatchObject({ counted: 2, total: 2 });
    expect(result.value.snapshot.incomplete).toBe(
      "reading stopped at a bound: there are more than 2 distinct stacks",
    );
    expect(result.damage).toMatchObject({ code: "too-large", at: { unit: "line", value: 13 } });
  });

  it("on bytes stop the reading", () => {
    const parser = goroutineDumpParser({ artifact: "a", limits: { maxBytes: 1000 } });
    const result = feed(parser, goroutines.join("\n").repeat(3), 100);
    if (!result.ok) throw new Error(result.error.message);
    expect(result.damage?.code).toBe("too-large");
    expect(result.value.snapshot.incomplete).toContain("longer than 1,000 bytes");
  });

  it("on one goroutine cut it and go on with the next", () => {
    const limits = { maxGoroutineBytes: 32 * 1024 };
    const endless = `goroutine 9 [select]:\nmain.f(${"0x1, ".repeat(20_000)})\n\t/src/main.go:9 +0x1\n`;
    const parser = goroutineDumpParser({ artifact: "a", limits });
    const result = feed(parser, `${endless}\n${goroutines[0]}`, 1000);
    if (!result.ok) throw new Error(result.error.message);
    expect(result.value.snapshot.counted).toBe(2);
    expect(result.damage).toMatchObject({ code: "too-large", at: { unit: "line", value: 1 } });
    expect(result.value.snapshot.incomplete).toBe("line 1: A goroutine is longer than 32,768 bytes");
    expect(result.value.snapshot.groups.map(groupLine)[1]).toBe(
      `1 [select] ${publishLine.replace(":41", ":1")}`,
    );
  });

  it("hold for one line of a hundred megabytes in small chunks", () => {
    const parser = goroutineDumpParser({ artifact: "a" });
    const chunk = Buffer.alloc(64 * 1024, "x");
    for (let i = 0; i < 1600; i++) parser.push(chunk);
    parser.push(Buffer.from(`\n${goroutines[0]}`));
    expect(whole(parser.end()).snapshot.counted).toBe(1);
  });
});
