// Wrong on purpose: test/fences.test.ts proves that the linter reports it.
import { request } from "undici";

export const ask = request;
