/** Takes secret values out of text, in every form in which a browser or a trace may have written them. */

/** Shorter pieces would blank out half of every line. */
const LEAST = 6;

/** Secret value → reference, as forms → reference, longest first. */
export function redactor(secrets: ReadonlyMap<string, string>): (text: string) => string {
  const forms = [...secrets].flatMap(([value, reference]) => formsOf(value).map((form) => [form, reference] as const));
  const longestFirst = forms.toSorted(([a], [b]) => b.length - a.length);
  return (text) => longestFirst.reduce((masked, [form, reference]) => masked.replaceAll(form, reference), text);
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
