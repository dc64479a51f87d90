import { html, raw } from 'hono/html';
import type { VenueState } from './state.ts';

const STYLE = `
  :root { color-scheme: light dark; --ink: #16202c; --paper: #f6f7f9; --card: #fff; --line: #d9dee5; --soft: #55606e; --up: #0b6b3a; --down: #a3201d; --accent: #1f4fbf; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e8edf3; --paper: #10151c; --card: #18202a; --line: #2c3744; --soft: #9fabb9; --up: #5fd39a; --down: #ff8f8a; --accent: #8fb1ff; } }
  * { box-sizing: border-box; }
  body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
  header, main, footer { max-width: 60rem; margin: 0 auto; padding: 1.25rem 1.5rem; }
  header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: baseline; justify-content: space-between; }
  h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 0 0 .75rem; }
  dl { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 0; } dl div { display: flex; gap: .4rem; }
  dt, footer, .empty { color: var(--soft); } dd { margin: 0; font-weight: 600; }
  section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; overflow-x: auto; }
  table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { padding: .5rem .75rem; border-bottom: 1px solid var(--line); text-align: right; } th:first-child { text-align: left; }
  thead th { color: var(--soft); font-weight: 600; font-size: .875rem; } tbody tr:last-child > * { border-bottom: 0; }
  .up { color: var(--up); } .down { color: var(--down); } a { color: var(--accent); }
`;

/** Draws what `/ws` says about positions; the page is complete without it. */
const SCRIPT = `
  const body = document.querySelector('[data-testid="positions"]');
  const empty = document.querySelector('[data-testid="no-positions"]');
  const table = document.querySelector('table');
  const link = document.querySelector('[data-testid="link"]');
  const row = (p) => {
    const tr = document.createElement('tr');
    tr.dataset.testid = 'position-' + p.symbol;
    const cells = [p.symbol, p.quantity, p.entry_price.toFixed(4), p.current_price.toFixed(4), p.unrealized_pnl.toFixed(2)];
    cells.forEach((text, i) => {
      const cell = document.createElement(i === 0 ? 'th' : 'td');
      if (i === 0) cell.scope = 'row';
      if (i === 4) cell.className = p.unrealized_pnl < 0 ? 'down' : 'up';
      cell.textContent = text;
      tr.append(cell);
    });
    return tr;
  };
  const connect = () => {
    const socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws');
    socket.onopen = () => { link.textContent = 'live'; socket.send(JSON.stringify({ action: 'subscribe', channels: ['positions'] })); };
    socket.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      if (event.type !== 'positions') return;
      body.replaceChildren(...event.positions.map(row));
      table.hidden = event.positions.length === 0;
      empty.hidden = event.positions.length > 0;
    };
    socket.onclose = () => { link.textContent = 'reconnecting'; setTimeout(connect, 1000); };
  };
  connect();
`;

/** The venue's own page: what the account holds. */
export function renderPage(state: VenueState): ReturnType<typeof html> {
  const positions = state.positions();
  const { account_id: account, mode } = state.account();
  const { status, feed } = state.health();
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Positions · practice venue</title>
        <link rel="icon" href="data:," />
        <style>
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        <header>
          <h1>Practice venue</h1>
          <dl>
            <div>
              <dt>Account</dt>
              <dd data-testid="account">${account} (${mode})</dd>
            </div>
            <div>
              <dt>Health</dt>
              <dd data-testid="health">${status}</dd>
            </div>
            <div>
              <dt>Feed</dt>
              <dd data-testid="feed">${feed}</dd>
            </div>
            <div>
              <dt>Updates</dt>
              <dd data-testid="link" role="status">connecting</dd>
            </div>
          </dl>
        </header>
        <main>
          <section aria-labelledby="positions-heading">
            <h2 id="positions-heading">Positions</h2>
            <p class="empty" data-testid="no-positions" ${raw(positions.length > 0 ? 'hidden' : '')}>
              Nothing is held.
            </p>
            <table
              data-testid="positions-table"
              aria-labelledby="positions-heading"
              ${raw(positions.length === 0 ? 'hidden' : '')}
            >
              <thead>
                <tr>
                  <th scope="col">Symbol</th>
                  <th scope="col">Quantity</th>
                  <th scope="col">Entry price</th>
                  <th scope="col">Current price</th>
                  <th scope="col">Unrealized P&amp;L</th>
                </tr>
              </thead>
              <tbody data-testid="positions">
                ${positions.map(
                  (p) =>
                    html`<tr data-testid="position-${p.symbol}">
                      <th scope="row">${p.symbol}</th>
                      <td>${p.quantity}</td>
                      <td>${p.entry_price.toFixed(4)}</td>
                      <td>${p.current_price.toFixed(4)}</td>
                      <td class="${p.unrealized_pnl < 0 ? 'down' : 'up'}">${p.unrealized_pnl.toFixed(2)}</td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </section>
        </main>
        <footer>
          A sandbox: paper money, invented prices. <a href="/health">Health</a> · <a href="/metrics">Metrics</a>
        </footer>
        <script>
          ${raw(SCRIPT)};
        </script>
      </body>
    </html>`;
}
