import type { WebAnswer } from "./ask.ts";

/** The whole body as UTF-8 text; it has the bounds that it was asked for with. Throws as `WebAnswer.body`. */
export async function answerText({ body }: WebAnswer): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
