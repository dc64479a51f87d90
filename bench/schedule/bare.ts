/** The peer: `setTimeout` for each due time, and a bare undici request on a fresh connection. Nothing is judged or kept. */
import { Agent, request } from 'undici';
import { seededRandom } from '../../scenarios/random.ts';

const [url = '', probes = '0', everyMs = '0'] = process.argv.slice(2);
const dispatcher = new Agent({ connections: 64, pipelining: 0 });
const random = seededRandom(1);
const latenessMs: number[] = [];
let wrong = 0;

async function ask(): Promise<void> {
  try {
    const { statusCode, body } = await request(url, { dispatcher, reset: true });
    await body.text();
    if (statusCode !== 200) wrong += 1;
  } catch {
    wrong += 1;
  }
}

function keep(dueMs: number): void {
  setTimeout(() => {
    latenessMs.push(Math.max(0, performance.now() - dueMs));
    void ask();
    keep(dueMs + Number(everyMs));
  }, dueMs - performance.now());
}

for (let probe = 0; probe < Number(probes); probe += 1) keep(performance.now() + random() * Number(everyMs));

process.once('SIGTERM', () => {
  process.stdout.write(JSON.stringify({ latenessMs, wrong }), () => process.exit(0));
});
