import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseArguments } from "../../src/commands/arguments.ts";
import { commands } from "../../src/commands/index.ts";
import { gofire } from "./gofire.ts";

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };

describe("gofire", () => {
  it("tells its version", async () => {
    expect(await gofire(["--version"])).toEqual({ code: 0, stdout: `gofire ${version}\n`, stderr: "" });
  });

  it("prints the schema of gofire.yaml that is published", async () => {
    const { code, stdout } = await gofire(["config", "schema"]);
    expect(code).toBe(0);
    expect(stdout).toBe(readFileSync("docs/reference/gofire.schema.json", "utf8"));
  });

  it.each([[[]], [["--help"]], [["help"]]])("explains itself: %j", async (words) => {
    const { code, stdout } = await gofire(words);
    expect(code).toBe(0);
    for (const { name, summary } of commands) {
      expect(stdout).toContain(name);
      expect(stdout).toContain(summary);
    }
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it.each(commands.map((command) => [command.name, command] as const))(
    "%s --help fits 80 columns and names every option",
    async (name, command) => {
      const { code, stdout } = await gofire([name, "--help"]);
      expect(code).toBe(0);
      for (const option of Object.keys(command.options)) expect(stdout).toContain(`--${option}`);
      expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    },
  );

  it.each([
    [["snapsot"], /no command "snapsot".*Did you mean gofire snapshot\?/],
    [["version"], /no command "version".*Did you mean gofire --version\?/],
    [["config", "lint"], /Which files or folders/],
    [["config", "schem"], /Did you mean gofire config schema\?/],
    [["analyze"], /PATH is missing/],
    [["analyze", "-dump.txt"], /no option -d\. A path that begins with - is written \.\/-NAME\. See/],
    [["analyze", "x", "--formt", "json"], /no option --formt.*Did you mean --format\?/],
    [["analyze", "x", "--format", "yaml"], /--format is one of text, json, markdown; got "yaml"/],
    [["analyze", "x", "--format"], /--format needs a value: one of text, json, markdown/],
    [["analyze", "does-not-exist"], /does-not-exist/],
    [["analyze", "x", "--rules", ","], /--rules needs a value: ID,ID/],
    [["analyze", "no\u001b[31mred"], /^gofire: no\\x1b\[31mred: no such file or folder\n$/],
    [
      ["replay", "does-not-exist"],
      /no such folder, or no manifest\.json in it, so this is no capture bundle/,
    ],
    [
      ["replay", process.execPath],
      /no such folder, or no manifest\.json in it, so this is no capture bundle/,
    ],
    [["tls", "order.example", "--ca", "none.pem"], /Cannot read none\.pem: no such file or folder/],
    [
      ["analyze", "package.json", "--rules", "goroutine/mutex-pilup"],
      /no rule "goroutine\/mutex-pilup".*Did you mean goroutine\/mutex-pileup\?/,
    ],
    [
      ["analyze", "package.json", "--rules", "goroutine/mutex-pilup,no/such"],
      /no rule "goroutine\/mutex-pilup"\. Did.*no rule "no\/such"\. gofire rules/,
    ],
    [["rules", "explain", "nope"], /There is no rule nope/],
    [["snapshot", "localhost:1", "--gap", "soon"], /--gap is a duration .* got "soon"/],
    [
      ["snapshot", "localhost:1", "--rules", "goroutine/mutex-pilup"],
      /^gofire: There is no rule "goroutine\/mutex-pilup"/,
    ],
    [["snapshot", "order"], /no address, and there is no gofire.yaml/],
    [["snapshot", "localhost:1", "--bearer-env", "GOFIRE_TEST_UNSET"], /GOFIRE_TEST_UNSET is not set/],
    [
      ["snapshot", "localhost:1", "--proxy", "socks5://h:1"],
      /--proxy is an HTTP proxy.*not one of socks5:\/\//,
    ],
    [["completion", "tcsh"], /bash, zsh, fish; not in "tcsh"/],
  ] as const)("refuses %j with exit code 2", async (words, message) => {
    const { code, stdout, stderr } = await gofire(words, { cwd: mkdtempSync(join(tmpdir(), "gofire-cli-")) });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("    at "); // no stack trace
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it.skipIf(process.platform !== "linux")("says so when its answer cannot be written", () => {
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(process.execPath, ["dist/cli.js", "rules"], {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    closeSync(full);
    expect(stderr).toMatch(/^gofire: The answer cannot be written to standard output: ENOSPC/);
    expect(status).toBe(2);
  });

  it("lists what the demo can show without Go", async () => {
    const { stdout } = await gofire(["demo", "--list", "--recorded"]);
    expect(stdout).toMatch(/^Sick\n[^]* {2}redis-pool-zero +\S[^]*\nHealthy[^]* {2}idle-workers /);
    const { stderr } = await gofire(["demo", "--terminal", "--recorded", "--mode", "no-such"]);
    expect(stderr).toContain('no recorded capture of "no-such". gofire demo --list --recorded has all');
  });

  it("keeps to ASCII where the terminal has no more; what programs read is the same anywhere", async () => {
    const plain = { env: { LC_ALL: "C" } };
    const { stdout } = await gofire(["analyze", "--help"], plain);
    expect(stdout).toContain("usage: gofire analyze PATH... [options]");
    const capture = "lab/captures/go1.26.8/idle-workers";
    expect((await gofire(["analyze", capture], plain)).stdout).toMatch(/^PASS {2}shop - [\x20-\x7e\n]*$/);
    for (const words of [
      ["config", "schema"],
      ["completion", "zsh"],
      ["analyze", capture, "--format", "json"],
    ])
      expect(await gofire(words, plain)).toEqual(await gofire(words));
  });

  it("says that --service names nobody in gofire.yaml, and what it may have meant", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "gofire-cli-"));
    writeFileSync(join(cwd, "gofire.yaml"), "services: { order: { modules: [shop] } }\n");
    const capture = `${process.cwd()}/lab/captures/go1.26.8/idle-workers`;
    const { code, stdout, stderr } = await gofire(["analyze", capture, "--service", "ordr"], { cwd });
    expect(stderr).toMatch(
      /gofire\.yaml has no service "ordr", so its defaults apply\. Did you mean order\?/,
    );
    expect(stdout).toMatch(/^PASS/);
    expect(code).toBe(0);
    expect((await gofire(["analyze", capture, "--service", "order"], { cwd })).stderr).toBe("");
  });

  it("refuses a threshold that would have no effect: growth alone makes goroutine/growth speak", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "gofire-cli-"));
    const thresholds = "defaults:\n  thresholds:\n    goroutine/growth:\n      oldCount: 10\n";
    writeFileSync(join(cwd, "gofire.yaml"), thresholds);
    const capture = `${process.cwd()}/lab/captures/go1.26.8/idle-workers`;
    const { code, stderr } = await gofire(["analyze", capture], { cwd });
    expect(stderr).toMatch(/gofire\.yaml:4:7: rule "goroutine\/growth" has no threshold "oldCount"/);
    expect(code).toBe(2);
  });

  it("names the folder that the disk refuses, and says where else its notes can be kept", async () => {
    const { code, stderr } = await gofire(["snapshot", "localhost:1"], {
      env: { XDG_STATE_HOME: `${process.cwd()}/package.json` },
    });
    expect(stderr).toMatch(
      /^gofire: .*\/package\.json\/gofire\/locks: a part of this path is not a folder\. GOFIRE_STATE=FOLDER .*\n$/,
    );
    expect(code).toBe(3);
  });

  it("says where a file breaks off", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "gofire-cli-")), "heap.pb.gz");
    writeFileSync(file, Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]));
    const { code, stderr } = await gofire(["analyze", file]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/heap\.pb\.gz.*(?:offset|line) \d+/);
  });
});

describe("commands", () => {
  it.each(commands.flatMap((command) => command.examples.map((example) => [example.line, command] as const)))(
    "example parses: %s",
    (line, command) => {
      const [name, ...words] = line.split(" ");
      expect(name).toBe(command.name);
      expect(() => parseArguments(command, words)).not.toThrow();
    },
  );

  it("take a list in one option or in several", () => {
    const { analyze } = Object.fromEntries(commands.map((command) => [command.name, command]));
    if (analyze === undefined) throw new Error("there is no analyze");
    for (const words of [
      ["--rules", "a/b,c/d"],
      ["--rules", "a/b", "--rules=c/d,"],
    ]) {
      expect(parseArguments(analyze, ["x", ...words])).toMatchObject({ rules: ["a/b", "c/d"] });
    }
  });

  it("have names and summaries that a list can show", () => {
    expect(new Set(commands.map((command) => command.name)).size).toBe(commands.length);
    for (const { summary, examples, options } of commands) {
      expect(summary).toMatch(/^[A-Z].*[^.]$/);
      expect(examples.length).toBeGreaterThan(0);
      for (const option of Object.values(options)) expect(option.summary).toMatch(/^[^A-Z].*[^.]$/);
    }
  });
});
