import { INSTALL, findBlackbox, startBlackbox } from './blackbox.ts';
import { compare, type Run, type Finding, type Peer } from '../figure.ts';
import { startContender, startServer } from '../process.ts';

const TITLE = 'http probe, fresh connection';

export async function httpFigures(run: Run): Promise<readonly Finding[]> {
  await using stack = new AsyncDisposableStack();
  const target = stack.use(await startServer(new URL('./target.ts', import.meta.url)));
  const url = `http://127.0.0.1:${target.port}/api/v1/status`;
  const ours = stack.use(await startContender('pulsedrill', new URL('./pulsedrill.ts', import.meta.url), [url]));
  const undici = stack.use(await startContender('bare undici request', new URL('./undici.ts', import.meta.url), [url]));
  const peers: Peer[] = [{ id: 'http-undici', title: TITLE, contender: undici, goal: null }];
  const program = findBlackbox();
  if (program !== null) {
    const blackbox = stack.use(await startBlackbox(program, url));
    peers.unshift({ id: 'http-blackbox', title: TITLE, contender: blackbox, goal: 2 });
  }
  const figures = await compare(ours, peers, { unit: 'probes per CPU-second', per: 'cpu' }, run);
  if (program !== null) return figures;
  return [{ id: 'http-blackbox', title: TITLE, peer: 'prometheus-blackbox-exporter', skipped: INSTALL }, ...figures];
}
