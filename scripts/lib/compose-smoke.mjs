// The scenario of scripts/compose-smoke: brings the cluster of docker-compose.yml up and proves, from outside, that
// it does what it is for. Prints PASS and FAIL lines; exit status 1 if one failed.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

const require = createRequire(new URL('../../tests/e2e/package.json', import.meta.url));
const WebSocket = require('ws');
const run = promisify(execFile);

const NODES = ['node1', 'node2', 'node3'];
const CLIENTS = 9;
const SECONDS = 1000;

// -- tools ----------------------------------------------------------------------------------------------------------

const port = await free_port();
const base = `127.0.0.1:${port}`;
process.env.PORT = String(port); // what docker-compose.yml publishes

async function free_port() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  return port;
}

async function compose(...args) {
  const [command, ...first] = process.env.COMPOSE.split(' ');
  const { stdout } = await run(command, [...first, ...args], { maxBuffer: 64 << 20 });
  return stdout;
}

async function in_node(node, ...command) {
  return compose('exec', '-T', node, ...command);
}

// Asks again and again until `probe` returns something true; a throw counts as not yet.
async function until(what, seconds, probe) {
  const deadline = Date.now() + seconds * SECONDS;
  let last = 'never true';
  for (;;) {
    try {
      const answer = await probe();
      if (answer) return answer;
    } catch (error) {
      last = error.message.split('\n')[0];
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s (${last})`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function get(path) {
  const response = await fetch(`http://${base}${path}`, { signal: AbortSignal.timeout(5 * SECONDS) });
  return { status: response.status, text: await response.text() };
}

async function is_ready(node) {
  await in_node(node, 'roomcast-healthcheck', '/readyz');
  return true;
}

// Connections that a node has on its port, from the kernel's own table: nothing of ours can be wrong about it.
async function connections_of(node) {
  const table = await in_node(node, 'cat', '/proc/net/tcp', '/proc/net/tcp6');
  return table.split('\n').filter((line) => /^ *\d+: [0-9A-F]+:1F90 [0-9A-F]+:[0-9A-F]+ 01 /.test(line)).length;
}

// A client in room `smoke` that remembers what it heard.
class Client {
  static async open() {
    const client = new Client();
    client.socket = new WebSocket(`ws://${base}/ws`);
    client.heard = [];
    client.answers = new Map();
    client.closed = new Promise((resolve) => {
      client.socket.on('close', (code, reason) => resolve((client.end = { code, reason: `${reason}` })));
    });
    client.socket.on('message', (data) => client.take(JSON.parse(data)));
    client.socket.on('error', () => {}); // `closed` tells
    await Promise.race([new Promise((resolve) => client.socket.on('open', resolve)), client.closed]);
    if (client.end) throw new Error(`refused: ${client.end.code}`);
    await client.ask({ type: 'SUBSCRIBE', room: 'smoke' });
    return client;
  }

  take(message) {
    if (message.id !== undefined) this.answers.get(message.id)?.(message);
    else if (message.type === 'sendMessage') this.heard.push(message.message);
  }

  // Sends a request and resolves with its answer; an error is thrown.
  async ask(request) {
    const id = `q${(this.asked = (this.asked ?? 0) + 1)}`;
    const answer = new Promise((resolve) => this.answers.set(id, resolve));
    this.socket.send(JSON.stringify({ ...request, id }));
    const message = await Promise.race([answer, this.closed.then(() => ({ type: 'error', code: 'closed' })), timer(10)]);
    if (message.type === 'error') throw new Error(message.code);
    return message;
  }

  say(text) {
    return this.ask({ type: 'sendMessage', roomId: 'smoke', message: text });
  }
}

async function timer(seconds) {
  await new Promise((resolve) => setTimeout(resolve, seconds * SECONDS).unref());
  return { type: 'error', code: 'no answer' };
}

function require_that(condition, otherwise) {
  if (!condition) throw new Error(otherwise);
}

// Every client says one thing; all must hear everything, in one order.
async function everyone_hears_everyone(clients, word) {
  const heard = (client) => client.heard.filter((text) => text.startsWith(`${word}:`));
  await Promise.all(clients.map((client, index) => client.say(`${word}:${index}`)));
  await until('every message reaches every client', 10, () => clients.every((c) => heard(c).length >= clients.length));
  const order = heard(clients[0]);
  require_that(clients.every((c) => heard(c).join(' ') === order.join(' ')), 'clients heard different orders');
  require_that(new Set(order).size === clients.length, `lost or doubled: ${order}`);
}

let failed = 0;
let passed = 0;

async function check(what, body) {
  try {
    const note = await body();
    passed += 1;
    console.log(`PASS ${what}${note ? ` (${note})` : ''}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${what}: ${error.message.split('\n').slice(0, 8).join('\n     ')}`);
  }
}

// -- the scenario ---------------------------------------------------------------------------------------------------

let clients = [];

await check('docker-compose up brings the cluster up', async () => {
  await compose('up', '-d');
  for (const node of NODES) await until(`${node} is ready`, 60, () => is_ready(node));
  await until('the balancer answers', 30, async () => (await get('/readyz')).status === 200);
});

await check('the chat page is served through the balancer', async () => {
  const page = await get('/');
  require_that(page.status === 200 && /<html/i.test(page.text), `status ${page.status}: ${page.text.slice(0, 80)}`);
});

await check('who comes through the balancer does not count as local', async () => {
  const answer = await get('/api/v1/stats');
  require_that([401, 403].includes(answer.status), `GET /api/v1/stats answered ${answer.status}`);
});

await check('clients are spread over all three nodes', async () => {
  // The balancer may have found its first node a moment before the others: who came too early comes again.
  let spread;
  await until('each node has clients', 30, async () => {
    for (const client of clients) client.socket.terminate();
    clients = await Promise.all(Array.from({ length: CLIENTS }, () => Client.open()));
    spread = await Promise.all(NODES.map(connections_of));
    return spread.every((n) => n >= CLIENTS / NODES.length);
  });
  return `connections per node: ${spread.join(', ')}`;
});

await check('clients of different nodes talk in one room, all in one order', () => everyone_hears_everyone(clients, 'hello'));

await check('roomcast stats cluster lists three nodes', async () => {
  await until('all three are listed', 15, async () => {
    const text = await in_node('node1', 'roomcast', 'stats', 'cluster');
    return NODES.every((node) => text.includes(node));
  });
});

await check('a killed node takes only its own clients with it, and they come back through the balancer', async () => {
  await compose('kill', 'node1');
  await until('its clients notice', 10, () => clients.some((client) => client.end));
  const lost = clients.filter((client) => client.end);
  const kept = clients.filter((client) => !client.end);
  require_that(kept.length >= CLIENTS / 2, `${lost.length} of ${CLIENTS} clients were cut`);
  await everyone_hears_everyone(kept, 'still-here');
  const back = [];
  for (const _ of lost) back.push(await until('a client comes back', 20, () => Client.open()));
  clients = [...kept, ...back];
  await everyone_hears_everyone(clients, 'back');
  return `${lost.length} of ${CLIENTS} reconnected`;
});

await check('the killed node joins again', async () => {
  await compose('up', '-d', 'node1');
  await until('node1 is ready', 30, () => is_ready('node1'));
  await until('new clients reach it', 30, async () => {
    clients.push(await Client.open());
    return (await connections_of('node1')) >= 1;
  });
  await everyone_hears_everyone(clients, 'three-again');
});

await check('without Redis: unready, publishes refused, clients stay', async () => {
  await compose('stop', 'redis');
  await until('node2 is unready', 15, () => is_ready('node2').then(() => false, () => true));
  await until('a publish is refused', 15, () => clients[0].say('lost').then(() => false, (e) => e.message === 'bus_unavailable'));
  require_that(clients.every((client) => !client.end), 'a client was cut');
});

await check('Redis back: ready again, the same clients talk', async () => {
  await compose('start', 'redis');
  for (const node of NODES) await until(`${node} is ready`, 30, () => is_ready(node));
  await until('publishes are taken', 10, () => clients[0].say('back').then(() => true));
  await everyone_hears_everyone(clients, 'healed');
  require_that(clients.every((client) => !client.end), 'a client was cut');
  await until('the balancer answers', 15, async () => (await get('/readyz')).status === 200);
});

await check('docker-compose stop drains: every client is told to come back, every node exits with 0', async () => {
  const start = Date.now();
  await compose('stop');
  const took = Math.round((Date.now() - start) / 100) / 10;
  await Promise.race([Promise.all(clients.map((client) => client.closed)), timer(2)]);
  const ends = clients.map((client) => `${client.end?.code} ${client.end?.reason}`);
  require_that(ends.every((end) => /^1012 .*retry-ms=\d+/.test(end)), `close codes: ${[...new Set(ends)].join(', ')}`);
  require_that(took < 40, `took ${took} s`);
  const exit_code = async (service) => {
    const [id] = (await compose('ps', '-a', '-q', service).catch(() => compose('ps', '-q', service))).split('\n');
    const { stdout } = await run('docker', ['inspect', '-f', '{{.State.ExitCode}}', id]);
    return stdout.trim();
  };
  for (const node of NODES) {
    const code = await exit_code(node);
    require_that(code === '0', `${node} exited with ${code}`);
  }
  // Not ours, so told and not judged: HAProxy 2.6.12 was seen to crash at its own exit, after all was drained.
  return `${took} s; the balancer exited with ${await exit_code('balancer')}`;
});

if (failed > 0) {
  console.log(await compose('logs', '--no-color', '--tail=40').catch((error) => error.message));
  console.log(await compose('ps').catch((error) => error.message));
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
