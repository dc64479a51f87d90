/** Where in a document something stands, so that problems come in the order in which their author reads. */
import { isAlias, isMap, isNode, isScalar, isSeq, type Document, type LineCounter, type Node } from 'yaml';
import { pathKeys, type Problem } from './problem.ts';

type Path = readonly PropertyKey[];

export interface Place {
  /** Compared number by number; what contains comes before what it contains. */
  readonly order: readonly number[];
  /** From 1; null where a document has no lines. */
  readonly line: number | null;
}

/** The place of a path; of what is not there, the place of the nearest thing around it. */
export type Locate = (path: Path) => Place;

/** Of a document in memory: its keys as they were written down. */
export function placesInValue(document: unknown): Locate {
  return (path) => {
    const order: number[] = [];
    let value = document;
    for (const key of path) {
      if (typeof value !== 'object' || value === null) break;
      const index = Object.keys(value).indexOf(String(key));
      if (index < 0) break;
      order.push(index);
      value = Reflect.get(value, key);
    }
    return { order, line: null };
  };
}

export function placesInYaml(document: Document, lines: LineCounter): Locate {
  return (path) => {
    let node: unknown = document.contents;
    let at: number | null = null;
    for (const key of path) {
      const found = isAlias(node) ? null : child(node, key);
      if (found === null) break;
      at = found.at ?? at;
      node = found.node;
    }
    return at === null ? { order: [], line: null } : { order: [at], line: lines.linePos(at).line };
  };
}

function child(node: unknown, key: PropertyKey): { readonly node: unknown; readonly at: number | null } | null {
  if (isSeq(node)) {
    const item = node.items[Number(key)];
    return isNode(item) ? { node: item, at: startOf(item) } : null;
  }
  if (!isMap(node)) return null;
  const pair = node.items.find((each) => isScalar(each.key) && String(each.key.value) === String(key));
  return pair === undefined ? null : { node: pair.value, at: isNode(pair.key) ? startOf(pair.key) : null };
}

function startOf(node: Node): number | null {
  return node.range?.[0] ?? null;
}

/** Sorted as the document reads, each with its line where there are lines. */
export function inOrder(problems: readonly Problem[], locate: Locate): readonly Problem[] {
  return problems
    .map((problem) => ({ problem, place: locate(pathKeys(problem.path)) }))
    .toSorted((a, b) => compare(a.place.order, b.place.order))
    .map(({ problem, place }) => (place.line === null ? problem : { ...problem, line: place.line }));
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    if (left !== right) return left - right;
  }
  return a.length - b.length;
}
