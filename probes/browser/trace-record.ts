/**
 * What is kept of a Playwright trace: what was done, how long it took, what the log and the console said, and which requests
 * went out. Whatever can hold a secret that nobody could find in it is left out: pictures, copies of the page, bodies,
 * cookies, what was typed, what scripts were given and gave back, sources.
 */

type Fields = Readonly<Record<string, unknown>>;

/** A line of `trace.trace`; null when it is not kept. Kinds that are not known are not kept. */
export function keptEvent(line: unknown): Fields | null {
  const event = fieldsOf(line);
  switch (event['type']) {
    case 'context-options':
      return pick(event, [
        'type',
        'version',
        'origin',
        'browserName',
        'playwrightVersion',
        'options',
        'platform',
        'wallTime',
        'monotonicTime',
        'sdkLanguage',
        'testIdAttributeName',
        'title',
      ]);
    case 'before':
      return {
        ...pick(event, ['type', 'callId', 'startTime', 'class', 'method', 'title', 'parentId', 'pageId', 'stepId']),
        params: pick(fieldsOf(event['params']), ['url', 'selector', 'waitUntil', 'state', 'timeout', 'button', 'name']),
      };
    case 'after':
      return pick(event, ['type', 'callId', 'endTime', 'error']);
    case 'log':
      return { ...pick(event, ['type', 'callId', 'time']), message: keptMessage(event['message']) };
    case 'console':
      return { ...pick(event, ['type', 'messageType', 'text', 'location', 'time', 'pageId']), args: [] };
    case 'event':
      return pick(event, ['type', 'time', 'class', 'method', 'pageId']);
    default:
      return null;
  }
}

/** The log repeats what was typed, and shows elements with what they hold. */
function keptMessage(message: unknown): string {
  return String(message)
    .replace(/^(\s*(?:fill|type|press|insertText|pressSequentially|selectOption|setInputFiles)\().*\)$/s, '$1…)')
    .replaceAll(/(\b(?:value|content|data-[\w-]+)=)"[^"]*"/g, '$1"…"');
}

/** A line of `trace.network`; null when it is none. */
export function keptExchange(line: unknown): Fields | null {
  const record = fieldsOf(line);
  if (record['type'] !== 'resource-snapshot') return null;
  const snapshot = fieldsOf(record['snapshot']);
  const request = fieldsOf(snapshot['request']);
  const response = fieldsOf(snapshot['response']);
  return {
    type: 'resource-snapshot',
    snapshot: {
      ...pick(snapshot, [
        'pageref',
        'startedDateTime',
        'time',
        'timings',
        'cache',
        'serverIPAddress',
        '_serverPort',
        '_frameref',
        '_monotonicTime',
        '_resourceType',
        '_wasAborted',
        '_wasFulfilled',
        '_wasContinued',
      ]),
      request: {
        ...pick(request, ['method', 'url', 'httpVersion', 'headersSize', 'bodySize']),
        cookies: [],
        queryString: [],
        headers: keptHeaders(request['headers']),
      },
      response: {
        ...pick(response, [
          'status',
          'statusText',
          'httpVersion',
          'headersSize',
          'bodySize',
          'redirectURL',
          '_transferSize',
          '_failureText',
        ]),
        cookies: [],
        headers: keptHeaders(response['headers']),
        content: pick(fieldsOf(response['content']), ['size', 'mimeType', 'compression']),
      },
    },
  };
}

/** Headers that say how an answer came, and never who asked. */
const PLAIN_HEADERS =
  /^(accept.*|access-control-.*|age|cache-control|connection|content-(encoding|language|length|type)|date|expires|host|keep-alive|server|sec-(ch|fetch)-.*|transfer-encoding|user-agent|vary|via)$/i;

function keptHeaders(headers: unknown): readonly Fields[] {
  if (!Array.isArray(headers)) return [];
  return headers
    .map(fieldsOf)
    .map(({ name, value }) => ({ name, value: PLAIN_HEADERS.test(String(name)) ? value : '…' }));
}

/** Addresses keep the names of what they ask for, and no values. */
function addressText(text: string): string {
  return text.replaceAll(/([?&#][^\s=&#"'<>]+=)[^\s&#"'<>]+/g, '$1…');
}

function pick(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.filter((name) => name in fields).map((name) => [name, fields[name]]));
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** One file of a trace, line by line. */
export function keptLines(
  text: string,
  keep: (line: unknown) => Fields | null,
  redact: (text: string) => string,
): string {
  const kept = text.split('\n').flatMap((line) => {
    if (line === '') return [];
    const fields = keep(JSON.parse(line));
    return fields === null
      ? []
      : [
          JSON.stringify(fields, (_key, value: unknown) =>
            typeof value === 'string' ? addressText(redact(value)) : value,
          ),
        ];
  });
  return kept.map((line) => `${line}\n`).join('');
}
