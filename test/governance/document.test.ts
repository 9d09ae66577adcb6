import { describe, expect, it } from "vitest";
import { isDocumentName, readDocument } from "../../src/governance/document.ts";

function read(name: string, text: string) {
  return readDocument(name, new TextEncoder().encode(text));
}

/** Paths, values and lines, as `path=value:line`. */
function values(name: string, text: string): readonly string[] {
  const result = read(name, text);
  if (!result.ok) throw new Error(`${result.error.message} line ${result.error.at.value}`);
  return [...result.value].map(([path, value]) => `${path}=${value.text}:${value.line}`);
}

function refusal(name: string, text: string): string {
  const result = read(name, text);
  return result.ok ? "read" : `${result.error.code} ${result.error.at.value}: ${result.error.message}`;
}

describe("a configuration file", () => {
  it("is values by path, with lines", () => {
    expect(
      values(
        "order.yaml",
        `# pools
redis:
  max_active: 200 # per pod
  "max idle": 10
  "a.b": x
empty: {}
none:
hosts: [a, b]
env:
  - name: GOGC
    value: "50"
  - name: GOMEMLIMIT
    value: 512MiB
steps:
  - run: 1
  - walk: 2
`,
      ),
    ).toEqual([
      "redis.max_active=200:3",
      'redis["max idle"]=10:4',
      'redis["a.b"]=x:5',
      "empty={}:6",
      "none=null:7",
      "hosts=[a, b]:8",
      "env=[GOGC, GOMEMLIMIT]:10",
      "env[name=GOGC].name=GOGC:10",
      'env[name=GOGC].value="50":11',
      "env[name=GOMEMLIMIT].name=GOMEMLIMIT:12",
      "env[name=GOMEMLIMIT].value=512MiB:13",
      "steps[0].run=1:15",
      "steps[1].walk=2:16",
    ]);
  });

  it("may be JSON, properties or environment variables", () => {
    expect(values("a/app.json", '{"redis": {"max_active": 0}}')).toEqual(["redis.max_active=0:1"]);
    expect(
      values("app.properties", "! comment\nredis.max = 5\nlong: a \\\n  b\npath=c:\\\\\nx y\nflag\n"),
    ).toEqual(["redis.max=5:2", "long=a b:3", "path=c:\\\\:5", "x=y:6", "flag=:7"]);
    expect(values("deploy/.env", "# c\nexport GOGC=50 # half\nNAME='a # b'\n\nEMPTY=\n")).toEqual([
      "GOGC=50:2",
      "NAME=a # b:3",
      "EMPTY=:5",
    ]);
    expect(["prod.env", ".env.prod", "x/env", "a.yml"].every((name) => isDocumentName(name))).toBe(true);
    expect(["main.go", "README.md", "environment"].some((name) => isDocumentName(name))).toBe(false);
  });

  it("may be TOML, whose tables stand anywhere", () => {
    expect(
      values(
        "order.toml",
        `title = "order" # the service
server.port = 8080
[redis]
addr = "redis:6379"
max_active = 0
"max idle" = 1_000
timeout = '5s'
hosts = [ "a", # first
  "b" ]
[redis.tls]
[[workers]]
name = "mail"
count = 0x10
[[workers]]
name = "pdf"
limits = { cpu = "2", since = 2024-05-21T07:32:00Z }
[[steps]]
run = true
[[steps]]
note = """
two
lines"""
[[steps.inner]]
a = []
`,
      ),
    ).toEqual([
      "title=order:1",
      "server.port=8080:2",
      "redis.addr=redis:6379:4",
      "redis.max_active=0:5",
      'redis["max idle"]=1_000:6',
      "redis.timeout=5s:7",
      "redis.hosts=[a, b]:8",
      "redis.tls={}:10",
      "workers=[mail, pdf]:11",
      "workers[name=mail].name=mail:12",
      "workers[name=mail].count=0x10:13",
      "workers[name=pdf].name=pdf:15",
      'workers[name=pdf].limits.cpu="2":16',
      "workers[name=pdf].limits.since=2024-05-21T07:32:00Z:16",
      "steps[0].run=true:18",
      "steps[1].note=two\nlines:20",
      "steps[1].inner[0].a=[]:24",
    ]);
    expect(values("empty.toml", "# nothing\n")).toEqual([]);
    expect(
      values("cm.yaml", "apiVersion: v1\nkind: ConfigMap\ndata:\n  app.toml: |\n    [redis]\n    max = 5\n"),
    ).toContain('data["app.toml"].redis.max=5:6');
  });

  it("is refused as TOML with the line, and without what stands there", () => {
    expect(refusal("a.toml", "ok = 1\npassword = hunter2\n")).toBe(
      "damaged 2: It is not TOML: Unexpected character.",
    );
    expect(refusal("a.toml", "[a]\nb = 1\n[a]\nc = 1\n")).toMatch(/^damaged 3: .*multiple times/);
    expect(refusal("a.toml", `a = ${"[".repeat(101)}${"]".repeat(101)}`)).toBe(
      "too-large 1: It is nested deeper than 100 levels.",
    );
    expect(refusal("a.toml", `a = ${"[".repeat(50_000)}1${"]".repeat(50_000)}`)).toMatch(/^too-large 1: /);
    expect(refusal("a.toml", `a = "${"x".repeat(500_000)}"`)).toMatch(/^too-large 1: /);
    const many = Array.from({ length: 20_001 }, (_, at) => `k${at}=1`).join("\n");
    expect(refusal("a.toml", many)).toBe("too-large 20001: There are more than 20000 values.");
    expect(refusal("a.toml", `# ${"x".repeat(300_000)}`)).toBe(
      "too-large 1: TOML of more than 256 KiB is not read.",
    );
  });

  it("is read inside of a ConfigMap, with the lines of the outer file", () => {
    expect(
      values(
        "cm.yaml",
        `apiVersion: v1
kind: ConfigMap
metadata: { name: order }
data:
  app.yaml: |
    redis:
      max_idle_conns: 20
  level: info
  broken.json: "{"
---
apiVersion: v1
kind: Secret
metadata: { name: order }
stringData:
  a: b
`,
      ),
    ).toEqual([
      "ConfigMap/order.apiVersion=v1:1",
      "ConfigMap/order.kind=ConfigMap:2",
      "ConfigMap/order.metadata.name=order:3",
      'ConfigMap/order.data["app.yaml"].redis.max_idle_conns=20:7',
      "ConfigMap/order.data.level=info:8",
      'ConfigMap/order.data["broken.json"]={:9',
      "Secret/order.apiVersion=v1:11",
      "Secret/order.kind=Secret:12",
      "Secret/order.metadata.name=order:13",
      "Secret/order.stringData.a=b:15",
    ]);
  });

  it("keeps the spelling of what YAML 1.1 and 1.2 read as different things", () => {
    expect(values("a.yaml", "a: no\nb: off\nc: 010\nd: 1_000\ne: 1:30\non: y\n")).toEqual([
      "a=no:1",
      "b=off:2",
      "c=010:3",
      "d=1_000:4",
      "e=1:30:5",
      "on=y:6",
    ]);
  });

  it("is refused with the line of what cannot be told", () => {
    expect(refusal("a.yaml", "a: 1\nb: 2\na: 3\n")).toMatch(/^damaged 3: A name is here for the second time/);
    expect(refusal("a.yaml", "a: &x 1\nb: *x\n")).toMatch(/^damaged 2: Aliases are not read/);
    expect(refusal("a.yaml", "l: &x [1]\nm:\n  - *x\n")).toMatch(/^damaged 3: Aliases are not read/);
    expect(refusal("a.yaml", "base: &x { a: 1 }\nb:\n  <<: *x\n")).toMatch(/^damaged 3: Merge keys/);
    expect(refusal("a.yaml", "? [a]\n: 1\n")).toMatch(/^damaged 1: A name must be plain text/);
    expect(refusal("a.yaml", "a: {{ .Values.x }}\n")).toMatch(/^damaged 1/);
    expect(refusal("a.yaml", `a: ${"[".repeat(200)}${"]".repeat(200)}`)).toMatch(/^too-large 1/);
    expect(refusal("a.yaml", `a: ${"x".repeat(1 << 20)}`)).toBe("too-large 1: It is larger than 1 MiB.");
    expect(refusal("a.env", "A=1\nA=2\n")).toMatch(/^damaged 2/);
    expect(refusal("main.go", "package main")).toMatch(/^not-this-format 1/);
    expect(readDocument("a.yaml", Uint8Array.of(0xff, 0xfe, 0x00)).ok).toBe(false);
    expect(read("a.yaml", "")).toMatchObject({ ok: true });
  });
});
