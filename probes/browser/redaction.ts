/** Takes secret values out of text, in every form in which a browser or a trace may have written them. */

/** Shorter pieces would blank out half of every line. */
const LEAST = 6;
/** So much of a secret's beginning is known for one, where a text ends or was cut. */
const LEAST_CUT = 8;
const CUT = '…';

/** Secret value → reference, as forms → reference, longest first. */
export function redactor(secrets: ReadonlyMap<string, string>): (text: string) => string {
  const forms = [...secrets].flatMap(([value, reference]) => formsOf(value).map((form) => [form, reference] as const));
  const longestFirst = forms.toSorted(([a], [b]) => b.length - a.length);
  const cuts = longestFirst
    .filter(([form]) => form.length > LEAST_CUT)
    .map(([form, reference]) => ({ form, reference, start: form.slice(0, LEAST_CUT) }));
  const longest = longestFirst[0]?.[0].length ?? 0;
  return (text) => {
    const masked = longestFirst.reduce((shown, [form, reference]) => shown.replaceAll(form, reference), text);
    // What somebody else has cut may end in the midst of a secret.
    const pieces = masked.split(CUT).map((piece) => withoutStart(piece, cuts, longest));
    return pieces.join(CUT);
  };
}

interface Cut {
  readonly form: string;
  readonly reference: string;
  /** By which it is known. */
  readonly start: string;
}

function withoutStart(piece: string, cuts: readonly Cut[], longest: number): string {
  const from = Math.max(0, piece.length - longest);
  const tail = piece.slice(from);
  for (const { form, reference, start } of cuts) {
    const at = tail.lastIndexOf(start);
    if (at >= 0 && form.startsWith(tail.slice(at))) return `${piece.slice(0, from + at)}${reference}`;
  }
  return piece;
}

export function formsOf(secret: string): readonly string[] {
  const url = encodeURIComponent(secret);
  return [
    ...new Set([
      secret,
      JSON.stringify(secret).slice(1, -1),
      url,
      url.replaceAll('%20', '+'),
      new URLSearchParams([['', secret]]).toString().slice(1),
      ...addressForms(secret),
      htmlText(secret),
      ...base64Forms(secret),
    ]),
  ];
}

/** As part of an address that was read and written again: each part keeps other characters as they are. */
function addressForms(secret: string): readonly string[] {
  const url = new URL('http://h/');
  url.pathname = `/${secret}`;
  url.search = secret;
  url.hash = secret;
  return [url.pathname, url.search, url.hash].map((part) => part.slice(1)).filter((form) => form.length >= LEAST);
}

function htmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Inside a longer text (`user:secret`) its bytes may begin at any of three places of a group; what no neighbour touches. */
function base64Forms(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2]
    .flatMap((before) => {
      const whole = Buffer.concat([Buffer.alloc(before), bytes]);
      const first = Math.ceil((before * 8) / 6);
      const end = Math.floor((whole.length * 8) / 6);
      return [whole.toString('base64').slice(first, end), whole.toString('base64url').slice(first, end)];
    })
    .filter((form) => form.length >= LEAST);
}
