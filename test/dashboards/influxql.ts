/** As much of InfluxQL as dashboards are written in: enough to say which names a statement speaks of. */

type Token =
  | { readonly type: 'name' | 'word' | 'text' | 'pattern'; readonly value: string }
  | { readonly type: 'sign'; readonly value: string };

const TOKEN =
  /\s+|"([^"]*)"|'([^']*)'|(?<=~ )\/((?:[^/\\]|\\.)*)\/|(\$?[A-Za-z_][\w]*|\d+(?:\.\d+)?)|(=~|!~|!=|<=|>=|[-+*/(),=<>])/y;

export interface Statement {
  readonly measurement: string;
  /** Names in quotation marks that are no aliases, with the function around each. */
  readonly names: readonly { readonly name: string; readonly inside: string | null }[];
  readonly aliases: readonly string[];
  /** Words without quotation marks, as they are written. */
  readonly words: readonly string[];
  readonly groupedBy: readonly string[];
}

/** @throws SyntaxError for what is none of it */
export function parseInfluxql(query: string): Statement {
  const tokens = tokensOf(query);
  const is = (index: number, word: string): boolean =>
    tokens[index]?.type === 'word' && tokens[index].value.toUpperCase() === word;
  const names: { name: string; inside: string | null }[] = [];
  const [aliases, words, groupedBy]: [string[], string[], string[]] = [[], [], []];
  const measurements: string[] = [];
  const groupAt = tokens.findIndex((_, index) => is(index, 'GROUP') && is(index + 1, 'BY'));
  for (const [index, { type, value }] of tokens.entries()) {
    if (type === 'word') words.push(value);
    if (type !== 'name') continue;
    if (is(index - 1, 'FROM')) measurements.push(value);
    else if (is(index - 1, 'AS')) aliases.push(value);
    else {
      const opened = tokens[index - 1]?.value === '(' ? tokens[index - 2] : undefined;
      names.push({ name: value, inside: opened?.type === 'word' ? opened.value : null });
      if (groupAt >= 0 && index > groupAt) groupedBy.push(value);
    }
  }
  const [measurement, ...more] = measurements;
  if (measurement === undefined || more.length > 0) throw new SyntaxError(`one measurement is read from: ${query}`);
  return { measurement, names, aliases, words, groupedBy };
}

function tokensOf(query: string): readonly Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < query.length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(query);
    if (found === null) throw new SyntaxError(`not InfluxQL at ${at}: ${query.slice(at)}`);
    const [, name, text, pattern, word, sign] = found;
    if (name !== undefined) tokens.push({ type: 'name', value: name });
    else if (text !== undefined) tokens.push({ type: 'text', value: text });
    else if (pattern !== undefined) tokens.push({ type: 'pattern', value: pattern });
    else if (word !== undefined) tokens.push({ type: 'word', value: word });
    else if (sign !== undefined) tokens.push({ type: 'sign', value: sign });
  }
  return tokens;
}
