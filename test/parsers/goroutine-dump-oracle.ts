/** What a group of goroutines comes to, for comparison. */
export interface GroupSum {
  count: number;
  minMinutes: number;
  maxMinutes: number;
  locked: number;
  readonly mutexes: Map<number, number>;
}

const headerLine =
  /^goroutine \d+ \[([^\],]*?)(?: \(scan\))?(?:, (\d+) minutes)?(, locked to thread)?(?: labels:\{.*\})?\](?: ?\{.*\})?:$/;

/**
 * A second, simple reader of whole dumps without noise: split at blank lines, regular expressions on lines. It shares
 * no code with the parser under test.
 */
export function groupsByRegularExpression(text: string): Map<string, GroupSum> {
  const groups = new Map<string, GroupSum>();
  for (const block of text.split(/\n\n+/)) {
    const lines = block.split("\n").filter((line) => line !== "");
    const header = headerLine.exec(lines[0] ?? "");
    if (header === null) throw new Error(`no header: ${lines[0]}`);
    const frames: string[] = [];
    let mutex: number | undefined;
    let creator = "";
    for (let i = 1; i + 1 < lines.length; i += 2) {
      const place = /^\t(.*):(\d+)(?: \+0x[0-9a-f]+)?$/.exec(lines[i + 1] ?? "");
      if (place === null) throw new Error(`no place: ${lines[i + 1]}`);
      const by = /^created by (.*?)(?: in goroutine \d+)?$/.exec(lines[i] ?? "");
      if (by !== null) {
        creator = `${by[1]} ${place[1]}:${place[2]}`;
        continue;
      }
      const call = /^(.*)\(([^()]*)\)$/.exec(lines[i] ?? "");
      if (call === null) throw new Error(`no call: ${lines[i]}`);
      frames.push(`${call[1]} ${place[1]}:${place[2]}`);
      const lock = /sync\.\(\*Mutex\)\.lockSlow\(0x([0-9a-f]+)\)$/.exec(lines[i] ?? "");
      if (lock !== null) mutex ??= Number.parseInt(lock[1] ?? "", 16);
    }
    add(
      groups,
      groupKey(header[1] ?? "", frames, creator),
      Number(header[2] ?? 0),
      header[3] !== undefined,
      mutex,
    );
  }
  return groups;
}

export function groupKey(state: string, frames: readonly string[], creator: string): string {
  return [`[${state}]`, ...frames, `by ${creator}`].join("\n");
}

export function add(
  groups: Map<string, GroupSum>,
  key: string,
  minutes: number,
  locked: boolean,
  mutex: number | undefined,
): void {
  let group = groups.get(key);
  if (group === undefined) {
    group = { count: 0, minMinutes: minutes, maxMinutes: minutes, locked: 0, mutexes: new Map() };
    groups.set(key, group);
  }
  group.count++;
  group.minMinutes = Math.min(group.minMinutes, minutes);
  group.maxMinutes = Math.max(group.maxMinutes, minutes);
  if (locked) group.locked++;
  if (mutex !== undefined) group.mutexes.set(mutex, (group.mutexes.get(mutex) ?? 0) + 1);
}
