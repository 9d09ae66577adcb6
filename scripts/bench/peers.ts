/** Programs that others use for the same work, built in a temporary folder; nothing of them is kept. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Peers {
  /** DataDog's gostackparse with the grouping that its users write. */
  readonly gostackparse: string;
  readonly panicparse: string;
  /** What `go tool pprof` starts: of the go command in front of it neither time nor memory is pprof's. */
  readonly pprof: string;
  /** Script that decodes with pprof-format and sums flat and cum by function. */
  readonly pprofFormat: string;
}

/** Needs Go and npm, and reaches the Go module proxy and the npm registry. */
export function buildPeers(folder: string): Peers {
  const go = join(folder, "go");
  mkdirSync(join(go, "gsp"), { recursive: true });
  writeFileSync(join(go, "go.mod"), "module peers\n\ngo 1.21\n");
  writeFileSync(join(go, "gsp/main.go"), gostackparseMain);
  writeFileSync(join(go, "tools.go"), toolsFile);
  const env = { ...process.env, GOFLAGS: "-mod=mod" };
  const run = (...args: string[]) =>
    execFileSync("go", args, { cwd: go, env, stdio: ["ignore", "inherit", "inherit"] });
  run("get", "github.com/DataDog/gostackparse@latest", "github.com/maruel/panicparse/v2@latest");
  run("build", "-o", join(folder, "gostackparse"), "./gsp");
  run("build", "-o", join(folder, "panicparse"), "github.com/maruel/panicparse/v2");
  run("build", "-o", join(folder, "pprof"), "cmd/pprof");

  const js = join(folder, "js");
  mkdirSync(js, { recursive: true });
  writeFileSync(join(js, "package.json"), '{"private":true,"type":"module"}\n');
  execFileSync("npm", ["install", "--silent", "pprof-format@2.3.2"], {
    cwd: js,
    stdio: ["ignore", "inherit", "inherit"],
  });
  writeFileSync(join(js, "top.js"), pprofFormatTop);
  return {
    gostackparse: join(folder, "gostackparse"),
    panicparse: join(folder, "panicparse"),
    pprof: join(folder, "pprof"),
    pprofFormat: join(js, "top.js"),
  };
}

const toolsFile = `//go:build tools

package peers

import _ "github.com/maruel/panicparse/v2"
`;

const gostackparseMain = `package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/DataDog/gostackparse"
)

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	goroutines, errs := gostackparse.Parse(bufio.NewReaderSize(file, 1<<20))
	groups := map[string]int{}
	for _, g := range goroutines {
		var key strings.Builder
		key.WriteString(g.State)
		for _, frame := range g.Stack {
			fmt.Fprintf(&key, "\\n%s %s:%d", frame.Func, frame.File, frame.Line)
		}
		groups[key.String()]++
	}
	fmt.Println(len(goroutines), len(groups), len(errs))
}
`;

const pprofFormatTop = `import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Profile } from "pprof-format";

const profile = Profile.decode(gunzipSync(readFileSync(process.argv[2])));
const strings = profile.stringTable.strings;
const functions = new Map(profile.function.map((f) => [f.id, strings[Number(f.name)]]));
const locations = new Map(profile.location.map((l) => [l.id, l.line.map((line) => functions.get(line.functionId))]));
const index = profile.sampleType.length - 1;
const flat = new Map();
const cum = new Map();
for (const sample of profile.sample) {
  const value = Number(sample.value[index]);
  const seen = new Set();
  let leaf = true;
  for (const id of sample.locationId) {
    for (const name of locations.get(id) ?? []) {
      if (leaf) flat.set(name, (flat.get(name) ?? 0) + value);
      leaf = false;
      if (!seen.has(name)) cum.set(name, (cum.get(name) ?? 0) + value);
      seen.add(name);
    }
  }
}
const top = [...cum].sort((a, b) => b[1] - a[1]).slice(0, 20);
console.log(top.map(([name, value]) => \`\${value} \${flat.get(name) ?? 0} \${name}\`).join("\\n"));
`;
