// Wrong on purpose: test/fences.test.ts proves that the linter reports it.
import { request } from "undici";

export * from "../../../src/serve.ts";
export const ask = request;
