/**
 * `npm run picture BUNDLE`: writes docs/verdict.svg, the terminal picture of the README, from what `gofire replay` really prints.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";

const bundle = process.argv[2];
if (bundle === undefined) {
  process.stderr.write("usage: npm run picture BUNDLE\n");
  process.exit(2);
}
const columns = 88;
const run = spawnSync(process.execPath, ["dist/cli.js", "replay", bundle], {
  encoding: "utf8",
  env: { ...process.env, FORCE_COLOR: "1", COLUMNS: String(columns) },
});
const lines = [
  `\u001b[2m$ gofire replay ${bundle.split("/").at(-1)}\u001b[22m`,
  ...run.stdout.trimEnd().split("\n"),
];

const cell = { width: 8.43, height: 19 };
const margin = 18;
const width = Math.ceil(columns * cell.width) + 2 * margin;
const height = lines.length * cell.height + 2 * margin;
/** SGR code -> what it changes. */
const codes: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  1: { "font-weight": "bold" },
  2: { fill: "#8b949e" },
  22: { "font-weight": undefined, fill: undefined },
  31: { fill: "#ff7b72" },
  32: { fill: "#7ee787" },
  33: { fill: "#e3b341" },
  36: { fill: "#79c0ff" },
  39: { fill: undefined },
};

const text = lines.map(
  (line, index) => `<text x="${margin}" y="${margin + 14 + index * cell.height}">${spans(line)}</text>`,
);
writeFileSync(
  "docs/verdict.svg",
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label()}">
<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6edf3;white-space:pre}</style>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${text.join("\n")}
</svg>
`,
);

/** What the picture says first, for who does not see it. */
function label(): string {
  // oxlint-disable-next-line no-control-regex -- SGR sequences start with ESC
  const plain = lines.slice(1, 6).map((line) => line.replace(/\u001b\[\d+m/g, ""));
  return escaped(plain.join(" ")).replaceAll('"', "&quot;");
}

function spans(line: string): string {
  let style: Record<string, string | undefined> = {};
  // oxlint-disable-next-line no-control-regex -- SGR sequences start with ESC
  const parts = line.split(/\u001b\[(\d+)m/);
  return parts
    .map((part, index) => {
      if (index % 2 === 1) {
        style = { ...style, ...codes[part] };
        return "";
      }
      if (part === "") return "";
      const attributes = Object.entries(style).flatMap(([name, value]) =>
        value === undefined ? [] : [` ${name}="${value}"`],
      );
      return `<tspan${attributes.join("")}>${escaped(part)}</tspan>`;
    })
    .join("");
}

function escaped(content: string): string {
  return content.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
