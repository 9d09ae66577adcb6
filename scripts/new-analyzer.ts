/** `npm run new:analyzer family/name`: makes the folder, two cases to fill in, and the line in the list. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const id = process.argv[2] ?? "";
if (!/^[a-z0-9]+\/[a-z0-9]+(?:-[a-z0-9]+)*$/.test(id)) {
  process.stderr.write("usage: npm run new:analyzer family/name   (lower case, words joined by -)\n");
  process.exit(2);
}
const folderName = id.replace("/", "-");
const folder = `src/analyzers/${folderName}`;
const name = folderName.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
if (existsSync(folder)) {
  process.stderr.write(`${folder}/ is there already: gofire rules explain ${id}\n`);
  process.exit(2);
}

mkdirSync(`${folder}/fixtures/fires-first-case`, { recursive: true });
mkdirSync(`${folder}/fixtures/quiet-first-case`, { recursive: true });
writeFileSync(
  `${folder}/index.ts`,
  `import { defineAnalyzer } from "../../domain/findings/analyzer.ts";

export const ${name} = defineAnalyzer({
  meta: {
    id: "${id}",
    title: "",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: [],
    symptomOf: [],
    thresholds: {},
    docs: { what: "", why: "", next: "", falsePositives: "", references: [] },
  },
  // Asks for what it needs: analyze({ goroutines }, limits). Returns one finding for each thing that is wrong.
  analyze() {
    return [];
  },
});
`,
  { flag: "wx" },
);

const list = "src/analyzers/index.ts";
const lines = readFileSync(list, "utf8").split("\n");
const importLine = `import { ${name} } from "./${folderName}/index.ts";`;
const folderOf = (line: string) => /^import \{ \w+ \} from "\.\/([a-z0-9-]+)\//.exec(line)?.[1];
const next = lines.findIndex((line) => (folderOf(line) ?? "") > folderName);
const last = lines.findLastIndex((line) => line.startsWith("import "));
lines.splice(next === -1 ? last + 1 : next, 0, importLine);
const text = lines
  .join("\n")
  .replace(/analyzers: readonly Analyzer\[\] = \[([^\]]*)\]/, (_, members: string) => {
    const names = [...members.split(",").map((member) => member.trim()), name].filter(
      (member) => member !== "",
    );
    return `analyzers: readonly Analyzer[] = [\n${names
      .toSorted()
      .map((member) => `  ${member},\n`)
      .join("")}]`;
  });
writeFileSync(list, text);
process.stdout.write(
  `${folder}/ is ready. Put raw captures into fixtures/fires-* and fixtures/quiet-*, then: npx vitest run test/analyzers.test.ts test/layout.test.ts && npm run docs\n`,
);
