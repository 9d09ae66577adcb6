import { isJsonObject } from "../domain/json-object.ts";

/**
 * The sentence with which a Kubernetes API server says what did not work (its API: metav1.Status); "" when it does not
 * say, undefined for everything that is no whole Status.
 */
export function parseKubernetesStatus(text: string): string | undefined {
  if (!text.trimStart().startsWith("{")) return undefined;
  try {
    const read: unknown = JSON.parse(text);
    if (!isJsonObject(read) || read["kind"] !== "Status" || read["apiVersion"] !== "v1") return undefined;
    return typeof read["message"] === "string" ? read["message"] : "";
  } catch {
    return undefined;
  }
}
