/** Where in a YAML text one is, and where a place of the document stands in the text. */
import {
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  parseDocument,
  visit,
} from "yaml";
import type { Path } from "./schema.ts";

export function parsed(text: string, lines?: LineCounter): Document.Parsed {
  return parseDocument(text, { lineCounter: lines, prettyErrors: false });
}

/** From and to of what stands at that path; the nearest place around it when it is not there. */
export function rangeOf(document: Document.Parsed, path: Path, length: number): [number, number] {
  for (let deep = path.length; deep > 0; deep -= 1) {
    const parent = document.getIn(path.slice(0, deep - 1), true) as Node | undefined;
    const step = path[deep - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((one) => isScalar(one.key) && one.key.value === step);
      const node = pair?.key as Node | undefined;
      if (node?.range) return [node.range[0], node.range[1]];
    }
    if (isSeq(parent)) {
      const node = parent.items[Number(step)] as Node | undefined;
      if (node?.range) return [node.range[0], node.range[1]];
    }
  }
  return [0, Math.min(length, 1)];
}

/** The path of the key or value under a position, and whether it is the key. */
export function pathAt(text: string, position: number): { path: Path; key: boolean } | null {
  let found: { path: Path; key: boolean } | null = null;
  visit(parsed(text), {
    Scalar(at, node, parents) {
      const range = node.range;
      if (!range || position < range[0] || position > range[1]) return undefined;
      const steps: (string | number)[] = [];
      const line = [...parents, node];
      for (let place = 0; place < parents.length; place += 1) {
        const parent = line[place];
        if (isPair(parent) && isScalar(parent.key)) steps.push(String(parent.key.value));
        if (isSeq(parent)) steps.push(parent.items.indexOf(line[place + 1] as Node));
      }
      found = { path: steps, key: at === "key" };
      return visit.BREAK;
    },
  });
  return found;
}

const INDENT = /^(\s*)(- +)?/;
const KEY = /^(\s*)(- +)?([A-Za-z_][\w-]*):(\s|$)/;

/**
 * The path of the map that a line belongs to, told by indentation alone: what is being typed is often no YAML.
 * `column`: where the new key would begin.
 */
export function parentOf(lines: readonly string[], line: number, column: number): Path {
  const path: (string | number)[] = [];
  let limit = column;
  for (let place = line; place >= 0 && limit > 0; place -= 1) {
    const text = lines[place] ?? "";
    if (!text.trim() || text.trim().startsWith("#")) continue;
    const [, space = "", dash = ""] = INDENT.exec(text) ?? [];
    const keyAt = space.length + dash.length;
    const key = KEY.exec(text)?.[3];
    if (dash && space.length < limit && keyAt <= limit && place <= line) {
      if (keyAt < limit && key && place < line) path.unshift(key);
      path.unshift(index(lines, place, space.length));
      limit = space.length + 1;
      continue;
    }
    if (place < line && key && keyAt < limit) {
      path.unshift(key);
      limit = keyAt;
    }
  }
  return path;
}

/** Which item of its list the dash in that line begins. */
function index(lines: readonly string[], line: number, indent: number): number {
  let count = 0;
  for (let place = line - 1; place >= 0; place -= 1) {
    const text = lines[place] ?? "";
    if (!text.trim()) continue;
    const [, space = "", dash = ""] = INDENT.exec(text) ?? [];
    if (space.length < indent || (space.length === indent && !dash)) break;
    if (space.length === indent && dash) count += 1;
  }
  return count;
}
