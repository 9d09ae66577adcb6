import { nextStep } from "../domain/findings/next-step.ts";
import { printable, type Style } from "./style.ts";
import { wrap } from "./wrap.ts";

const number = "1. ".length;

/** What to do next, numbered, behind the word "next", which stands at `indent` and is `labelWidth` wide. */
export function nextLines(
  steps: readonly string[],
  { indent, labelWidth, width, style }: StepLayout,
  told: (command: string) => string = (command) => command,
): readonly string[] {
  const margin = " ".repeat(indent + labelWidth + number);
  return steps.flatMap((step, index) => {
    const { words, command } = nextStep(step);
    const label =
      index === 0 ? style.dim("next") + " ".repeat(labelWidth - "next".length) : " ".repeat(labelWidth);
    const [first = "", ...more] = wrap(printable(words), width - margin.length);
    return [
      `${" ".repeat(indent)}${label}${index + 1}. ${first}`,
      ...more.map((line) => margin + line),
      // In one line, however long: in two it cannot be pasted.
      ...(command === undefined ? [] : [margin + printable(told(command))]),
    ];
  });
}

interface StepLayout {
  readonly indent: number;
  readonly labelWidth: number;
  /** Of all, in columns. */
  readonly width: number;
  readonly style: Style;
}
