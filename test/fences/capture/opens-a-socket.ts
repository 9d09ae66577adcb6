// Wrong on purpose: test/fences.test.ts proves that the linter reports it.
import { connect } from "node:net";

export * from "../../../src/serve.ts";
export const open = connect;
