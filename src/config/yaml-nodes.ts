import { type Document, isAlias, isMap, isNode, isScalar, isSeq, visit } from "yaml";

/** A path into the configuration: names of settings and positions in lists. */
export type ConfigPath = readonly PropertyKey[];

interface Found {
  /** Offset of the setting's name. */
  readonly name: number;
  /** Offset of its value. */
  readonly value: number;
}

/** Where a path leads; for a path that ends in something missing, the last thing that is there. */
export function findNode(document: Document.Parsed, path: ConfigPath): Found {
  let node: unknown = document.contents;
  let found: Found = { name: offsetOf(node), value: offsetOf(node) };
  for (const step of path) {
    const container: unknown = isAlias(node) ? node.resolve(document) : node;
    if (isMap(container)) {
      const pair = container.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined) break;
      node = pair.value;
      const name = offsetOf(pair.key);
      found = { name, value: node === null ? name : offsetOf(node) };
    } else if (isSeq(container) && typeof step === "number" && container.items[step] !== undefined) {
      node = container.items[step];
      found = { name: offsetOf(node), value: offsetOf(node) };
    } else {
      break;
    }
  }
  const target = isAlias(node) ? node.resolve(document) : undefined;
  return target === undefined ? found : { name: found.name, value: offsetOf(target) };
}

/** Nodes that YAML allows and a configuration does not. */
export function strayNodes(document: Document.Parsed): { offset: number; message: string }[] {
  const strays: { offset: number; message: string }[] = [];
  visit(document, {
    Pair(_, { key }) {
      const message = strayName(isScalar(key) ? key.value : undefined);
      if (message !== undefined) strays.push({ offset: offsetOf(key), message });
    },
    Alias(_, alias, ancestors) {
      const target = alias.resolve(document);
      if (target === undefined) {
        strays.push({
          offset: offsetOf(alias),
          message: "this alias has no anchor before it",
        });
      } else if (ancestors.some((ancestor) => ancestor === target)) {
        strays.push({ offset: offsetOf(alias), message: "this alias stands inside itself" });
      }
    },
  });
  return strays;
}

function strayName(name: unknown): string | undefined {
  switch (name) {
    case undefined:
    case null:
      return "the name of a setting must be plain text";
    case "<<":
      return 'merge keys ("<<") are not read: put what settings share into "defaults" or "eachTarget"';
    case "__proto__":
      return '"__proto__" cannot be the name of a setting';
    default:
      return undefined;
  }
}

/** Offset of the first alias; 0 without any. */
export function firstAlias(document: Document.Parsed): number {
  let first: number | undefined;
  visit(document, {
    Alias(_, alias) {
      first = offsetOf(alias);
      return visit.BREAK;
    },
  });
  return first ?? 0;
}

/** Every text that is a value. */
export function textsOf(document: Document.Parsed): { text: string; offset: number }[] {
  const texts: { text: string; offset: number }[] = [];
  visit(document, {
    Scalar(role, scalar) {
      if (role !== "key" && typeof scalar.value === "string") {
        texts.push({ text: scalar.value, offset: offsetOf(scalar) });
      }
    },
  });
  return texts;
}

function offsetOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
