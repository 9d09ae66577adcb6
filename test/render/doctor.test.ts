import { expect, it } from "vitest";
import { doctorText } from "../../src/render/doctor.ts";
import { plainStyle } from "../../src/render/style.ts";

it("each mistake of a gofire.yaml has a line of its own, below the first", () => {
  const text = doctorText(
    [
      { name: "node", state: "ok", detail: "Node v20.19.0 on linux x64" },
      {
        name: "config",
        state: "failed",
        detail: "gofire.yaml:3:5: one\ngofire.yaml:9:1: two",
        next: "Mend these.",
      },
    ],
    plainStyle,
    80,
  );
  expect(text).toBe(`ok       node    Node v20.19.0 on linux x64
failed   config  gofire.yaml:3:5: one
                 gofire.yaml:9:1: two
                 → Mend these.

1 of 2 checks failed.
`);
});

it("a long name stands above what is said of it, which keeps its room", () => {
  const text = doctorText(
    [
      { name: "node", state: "ok", detail: "Node v20.19.0 on linux x64" },
      {
        name: "payment https://payment-0.internal:8443",
        state: "failed",
        detail: "connection refused: nothing listens there",
        next: "Ask whoever runs it.",
      },
    ],
    plainStyle,
    60,
  );
  expect(text).toBe(`ok       node           Node v20.19.0 on linux x64
failed   payment https://payment-0.internal:8443
                        connection refused: nothing listens
                        there
                        → Ask whoever runs it.

1 of 2 checks failed.
`);
});
