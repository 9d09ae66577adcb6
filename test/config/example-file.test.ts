import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { expect, it } from "vitest";
import { exampleFile } from "../../src/config/example-file.ts";

it("finds the example from wherever gofire is called", () => {
  expect(exampleFile()).toBe("gofire.example.yaml");
  expect(exampleFile(join(process.cwd(), ".."))).toMatch(/^[^/]+\/gofire\.example\.yaml$/);
  const elsewhere = exampleFile(tmpdir());
  expect(isAbsolute(elsewhere) && existsSync(elsewhere)).toBe(true);
});
