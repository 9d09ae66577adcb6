import { resolve as resolvePath } from "node:path";
import type { SecretReference } from "./gofire-config.ts";

/** The schema has seen to it that one of the two is there. */
export function secret(env: string | undefined, file: string | undefined, folder: string): SecretReference {
  return env === undefined ? { file: resolvePath(folder, file ?? "") } : { env };
}

/** As `secret`, of a setting that may be left out. */
export function optionalSecret(
  env: string | undefined,
  file: string | undefined,
  folder: string,
): SecretReference | undefined {
  return env === undefined && file === undefined ? undefined : secret(env, file, folder);
}

/** Without the settings that are not there, so that `...` of it does not hide what it is laid over. */
export function defined<Settings extends object>(
  settings: Settings,
): { [Name in keyof Settings]?: Exclude<Settings[Name], undefined> } {
  const there = Object.entries(settings).filter(([, value]) => value !== undefined);
  // Object.fromEntries cannot know which names are left.
  return Object.fromEntries(there) as { [Name in keyof Settings]?: Exclude<Settings[Name], undefined> };
}

/** Of `HOST:PORT`; the schema has seen to it that it is that. */
export function addressOf(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)) };
}
