import { quoted, suggestion } from "./issues.ts";
import type { ConfigMistake } from "./mistake.ts";
import type { ConfigFile } from "./schema.ts";
import type { ConfigPath } from "./yaml-nodes.ts";
import type { YamlText } from "./yaml-text.ts";

/** What the configuration needs to know of a rule; an analyzer's `meta` is one. */
export interface KnownRule {
  readonly id: string;
  readonly thresholds: Readonly<Record<string, unknown>>;
}

/** Thresholds for rules that do not exist, or that have no such threshold. */
export function limitMistakes(
  file: ConfigFile,
  rules: readonly KnownRule[],
  yaml: YamlText,
): ConfigMistake[] {
  const sections: [ConfigPath, Readonly<Record<string, Readonly<Record<string, number>>>> | undefined][] = [
    [["defaults", "thresholds"], file.defaults?.thresholds],
    ...Object.entries(file.services ?? {}).map(([name, service]): [ConfigPath, typeof service.thresholds] => [
      ["services", name, "thresholds"],
      service.thresholds,
    ]),
  ];
  return sections.flatMap(([path, limits]) =>
    Object.entries(limits ?? {}).flatMap(([id, values]) => {
      const rule = rules.find((known) => known.id === id);
      if (rule === undefined) {
        const ids = rules.map((known) => known.id);
        const message = `there is no rule ${quoted([id])}; ${suggestion(id, ids, "rules")}`;
        return [{ ...yaml.nameAt([...path, id]), message }];
      }
      const names = Object.keys(rule.thresholds);
      return Object.keys(values)
        .filter((name) => !names.includes(name))
        .map((name) => ({
          ...yaml.nameAt([...path, id, name]),
          message: `rule "${id}" has no threshold ${quoted([name])}; ${suggestion(name, names, "thresholds")}`,
        }));
    }),
  );
}
