import { symbolTable } from "../code/symbol-table.ts";
import type { GoroutineEvidence } from "../evidence/evidence.ts";
import type { GoroutineGroup } from "./goroutine.ts";
import { isAlsoIn, isRuntimeFrame } from "./goroutine-sites.ts";

/** A channel of a library that the service has to read, or the library takes nothing more. */
export interface Outlet {
  /** "the Successes() channel of sarama's AsyncProducer". */
  readonly name: string;
  /** What to do, as a sentence. */
  readonly next: string;
}

/** IBM/sarama async_producer.go: both send without a select, for each record, as long as Return.Successes or Errors is on. */
const outletNamed = symbolTable<Outlet>([
  [
    {
      name: "the Successes() channel of sarama's AsyncProducer",
      next: "Read the producer's Successes() in a goroutine of its own, or leave Producer.Return.Successes off.",
    },
    /(?:^|\/)(?:IBM|Shopify)\/sarama\.\(\*asyncProducer\)\.returnSuccesses$/,
  ],
  [
    {
      name: "the Errors() channel of sarama's AsyncProducer",
      next: "Read the producer's Errors() in a goroutine of its own, or set Producer.Return.Errors to false.",
    },
    /(?:^|\/)(?:IBM|Shopify)\/sarama\.\(\*asyncProducer\)\.returnErrors?$/,
  ],
]);

/** A library's goroutine that was stuck in every capture because nobody reads what it hands out. */
export function undrainedOutlet(
  evidence: GoroutineEvidence,
): { readonly outlet: Outlet; readonly group: GoroutineGroup } | undefined {
  for (const group of evidence.best.groups) {
    if (group.wait !== "chan send") continue;
    const symbol = group.stack.find((frame) => !isRuntimeFrame(frame))?.function ?? "";
    const outlet = outletNamed(symbol);
    if (outlet !== undefined && evidence.series.every((snapshot) => isAlsoIn(snapshot, group)))
      return { outlet, group };
  }
  return undefined;
}
