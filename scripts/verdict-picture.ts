/** The terminal picture of the README: what `gofire replay` prints for a recorded capture, in colour. */
import { analyzers } from "../src/analyzers/index.ts";
import { runAnalyzers } from "../src/analyzers/run.ts";
import { readEvidence } from "../src/integrations/artifacts/read.ts";
import { analysisDocument } from "../src/render/document.ts";
import { colourStyle } from "../src/render/style.ts";
import { analysisText } from "../src/render/terminal/analysis.ts";

const bundle = "lab/captures/go1.26.8/redis-pool-zero";
const columns = 88;

const cell = { width: 8.43, height: 19 };
const margin = 18;
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

/** An SVG. */
export async function verdictPicture(): Promise<string> {
  const { evidence, target, captures } = await readEvidence([bundle]);
  const analysis = analysisDocument(
    evidence,
    target,
    captures,
    runAnalyzers(analyzers, evidence, target, {}),
  );
  const printed = analysisText(analysis, { style: colourStyle, width: columns, verbose: false });
  const lines = [
    `\u001b[2m$ gofire replay ${bundle.split("/").at(-1)}\u001b[22m`,
    ...printed.trimEnd().split("\n"),
  ];
  const width = Math.ceil(columns * cell.width) + 2 * margin;
  const height = lines.length * cell.height + 2 * margin;
  const text = lines.map(
    (line, index) => `<text x="${margin}" y="${margin + 14 + index * cell.height}">${spans(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label(lines)}">
<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6edf3;white-space:pre}</style>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${text.join("\n")}
</svg>
`;
}

/** What the picture says first, for who does not see it. */
function label(lines: readonly string[]): string {
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
