'use strict';
// Shows what the client sends once a second; asks nobody else for anything, and changes nothing.
const byId = (id) => document.getElementById(id);
const history = { read: [], written: [] };
const SECONDS = 300;
let paused = false;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function bytes(n) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let i = 0;
  while (n >= 1000 && i < units.length - 1) { n /= 1000; i++; }
  return (i === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)) + ' ' + units[i];
}

function age(millis) {
  const s = Math.max(0, Math.round(millis / 1000));
  if (s < 60) return s + ' s';
  if (s < 3600) return Math.floor(s / 60) + ' min';
  return Math.floor(s / 3600) + ' h ' + Math.floor(s % 3600 / 60) + ' min';
}

function rows(id, count, items, cells, none) {
  byId('n-' + id).textContent = '(' + count + ')';
  const body = byId(id);
  const columns = body.parentElement.querySelectorAll('th').length;
  const made = items.map((item) => {
    const row = element('tr');
    for (const cell of cells(item)) row.append(cell instanceof Node ? cell : element('td', cell));
    return row;
  });
  if (made.length === 0) {
    const row = element('tr');
    const cell = element('td', none);
    cell.colSpan = columns;
    row.append(cell);
    made.push(row);
  }
  body.replaceChildren(...made);
}

function line(id, values, most) {
  const step = 300 / (SECONDS - 1);
  const from = SECONDS - values.length;
  byId(id).setAttribute('points', values.map((v, i) =>
    ((from + i) * step).toFixed(1) + ',' + (78 - 74 * v / most).toFixed(1)).join(' '));
}

function graph(traffic) {
  const most = Math.max(1024, ...history.read, ...history.written);
  line('graph-read', history.read, most);
  line('graph-written', history.written, most);
  const rates = byId('rates');
  rates.replaceChildren(
    element('b', 'in ' + bytes(traffic.readRate) + '/s', 'read'), ' (solid), ',
    element('b', 'out ' + bytes(traffic.writtenRate) + '/s', 'written'), ' (dashed); in all '
    + bytes(traffic.read) + ' in, ' + bytes(traffic.written) + ' out. The last five minutes, up to '
    + bytes(most) + '/s.');
}

function health(state) {
  const word = byId('status-word');
  if (word.textContent !== state.status) word.textContent = state.status;
  word.className = state.status;
  byId('status-dot').className = 'dot ' + state.status;
  const message = byId('status-message');
  if (message.textContent !== state.message) message.textContent = state.message;
  byId('health').replaceChildren(...state.components.map((part) => {
    const item = element('li', undefined, part.status);
    item.append(element('strong', part.name.replace('_', ' ') + ': ' + part.status), ' ', element('span', part.message));
    if (part.remedy) item.append(element('small', part.remedy));
    return item;
  }));
}

function show(state) {
  byId('bootstrap').value = state.bootstrap.percent;
  byId('bootstrap-text').textContent = state.bootstrap.percent + ' %: ' + state.bootstrap.summary
    + (state.bootstrap.problem ? '. ' + state.bootstrap.problem : '');
  health(state.health);
  graph(state.traffic);
  rows('circuits', state.circuitCount, state.circuits, (c) => [
    c.id, c.use.replaceAll('_', ' '), c.path.join(' → '),
    element('td', c.built ? 'built' + (c.buildMillis ? ' in ' + c.buildMillis + ' ms' : '') : 'being built', c.built ? 'up' : 'starting'),
    age(state.now - c.since)], 'No circuit.');
  rows('streams', state.streamCount, state.streams, (s) => [
    s.id, s.circuit || '', s.target, element('td', s.open ? 'open' : 'being opened', s.open ? 'up' : 'starting'),
    age(state.now - s.since)], 'No stream.');
  rows('guards', state.guards.length, state.guards, (g) => [g.name, element('td', g.state, g.state)], 'No guard yet.');
  rows('services', state.services.length, state.services, (s) => [
    s.address, s.points, s.clients, s.published ? 'yes' : 'not yet'], 'None here.');
}

function log(message) {
  const list = byId('log');
  const end = list.scrollHeight - list.scrollTop - list.clientHeight < 30;
  for (const entry of message.lines) {
    const item = element('li', undefined, entry.severity);
    item.append(element('time', new Date(entry.at).toLocaleTimeString()), ' [' + entry.severity + '] ' + entry.text);
    list.append(item);
  }
  while (list.children.length > 200) list.firstElementChild.remove();
  if (end) list.scrollTop = list.scrollHeight;
}

function listen() {
  const source = new EventSource('/events');
  source.addEventListener('history', (event) => {
    const past = JSON.parse(event.data);
    history.read = past.read;
    history.written = past.written;
    byId('log').replaceChildren();
  });
  source.addEventListener('state', (event) => {
    const state = JSON.parse(event.data);
    if (!state.traffic) return;
    for (const way of ['read', 'written']) {
      history[way].push(state.traffic[way + 'Rate']);
      if (history[way].length > SECONDS) history[way].shift();
    }
    if (!paused) show(state);
  });
  source.addEventListener('log', (event) => log(JSON.parse(event.data)));
  source.addEventListener('error', () => {
    health({ status: 'down', message: 'Cepa does not answer; trying again.', components: [] });
  });
}

byId('pause').addEventListener('click', (event) => {
  paused = !paused;
  event.currentTarget.setAttribute('aria-pressed', String(paused));
  event.currentTarget.textContent = paused ? 'Go on' : 'Pause';
});
listen();
