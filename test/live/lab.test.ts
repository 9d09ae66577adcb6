import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { goCommand, hasGo } from "./lab.ts";

describe.skipIf(!hasGo)("the lab and the handler that services copy from it (need Go)", () => {
  test("pass their own tests", async () => {
    // What failed is in the error: go test prints it on standard output.
    const ended = await promisify(execFile)(goCommand.program, ["test", "./..."], goCommand.options).catch(
      (error: { readonly stdout: string; readonly stderr: string }) => error,
    );
    expect(`${ended.stdout}${ended.stderr}`).not.toMatch(/^(?:---\s)?FAIL|^panic:/m);
    expect(ended.stdout).toMatch(/^ok\s+\S+\/profilerates\s/m);
  });
});
