// HTTP on the same port: the page, health, readiness, stats and who may see them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startNode } from './support/node.mjs';
import { atEnd, within } from './support/processes.mjs';
import { before, test } from './support/suite.mjs';

let node;
before(async () => {
  node = await startNode('--server.admin-token=TOKEN', '--server.node-id=web1');
});

test('/ is the chat page', async () => {
  const { status, headers, body } = await node.get('/');
  assert.equal(status, 200);
  assert.match(headers['content-type'], /^text\/html; *charset=utf-8$/i);
  assert.match(body, /^<!doctype html>/i);
  assert.match(body, /<\/html>\s*$/);
});

test('/healthz and /readyz answer 200', async () => {
  assert.equal((await node.get('/healthz')).status, 200);
  assert.equal((await node.get('/readyz')).status, 200);
});

test('what is not there is 404', async () => {
  for (const path of ['/nope', '/api/v1/stats/nope', '/api', '/..%2f..%2fetc/passwd']) assert.equal((await node.get(path)).status, 404, path);
});

test('stats are for loopback and for those with the token', async () => {
  const forwarded = { 'X-Forwarded-For': '203.0.113.9' };
  const status = async (headers) => (await node.get('/api/v1/stats', headers)).status;
  assert.equal(await status({}), 200);
  assert.equal(await status(forwarded), 403);
  assert.equal(await status({ Forwarded: 'for=203.0.113.9' }), 403);
  for (const Authorization of ['Bearer WRONG', 'Bearer TOKEN2', 'Bearer ', 'Basic VE9LRU4='])
    assert.ok([401, 403].includes(await status({ ...forwarded, Authorization })), Authorization);
  assert.equal(await status({ ...forwarded, Authorization: 'Bearer TOKEN' }), 200);
});

test('without a configured token no token opens the stats', async () => {
  const open = await startNode();
  for (const Authorization of ['Bearer ', 'Bearer', 'Bearer x'])
    assert.ok([401, 403].includes((await open.get('/api/v1/stats', { 'X-Forwarded-For': '203.0.113.9', Authorization })).status));
  await open.stop();
});

test('stats count what happens', async () => {
  const clients = await node.clients(3);
  for (const client of clients) await client.subscribe('counted');
  await clients[0].ok({ type: 'sendMessage', roomId: 'counted', message: 1 });
  for (const client of clients) await client.expect({ type: 'sendMessage', roomId: 'counted', message: 1 });
  const { node: figures, bus, missing } = await node.stats();
  assert.equal(missing, 0);
  assert.equal(figures.id, 'web1');
  assert.equal(figures.state, 'serving');
  assert.equal(figures.connections, 3);
  assert.equal(bus.kind, 'memory');
  const { rooms } = await node.stats('rooms');
  assert.equal(rooms.find((each) => each.room === 'counted').members, 3);
  const { connections } = await node.stats('connections');
  assert.equal(connections.length, 3);
  for (const each of connections) assert.equal(each.rooms, 1);
  const { actors } = await node.stats('actors');
  const kinds = actors.reduce((sum, each) => ({ ...sum, [each.kind]: (sum[each.kind] ?? 0) + 1 }), {});
  assert.deepEqual({ connection: kinds.connection, room: kinds.room, bridge: kinds.bridge, lobby: kinds.lobby }, { connection: 3, room: 1, bridge: 1, lobby: 1 });
  await Promise.all(clients.map((client) => client.close()));
});

/** Sends bytes and reads to the end of the stream. */
async function exchange(bytes) {
  const socket = connect(node.port, '127.0.0.1');
  atEnd(() => socket.destroy());
  let answer = '';
  socket.setEncoding('latin1').on('data', (text) => (answer += text));
  socket.on('error', () => {});
  socket.write(bytes);
  await within(once(socket, 'close'), 'the end of a broken request');
  return answer;
}

test('what is no HTTP is answered 400 and closed', async () => {
  const answer = await exchange('\x16\x03\x01 this is TLS, or nothing\r\n\r\n');
  assert.ok(answer === '' || answer.startsWith('HTTP/1.1 400'), answer);
});

test('header fields over the limit are refused', async () => {
  const answer = await exchange(`GET / HTTP/1.1\r\nHost: x\r\nCookie: ${'x'.repeat(20_000)}\r\n\r\n`);
  assert.ok(answer === '' || /^HTTP\/1\.1 4\d\d/.test(answer), answer.slice(0, 100));
});

test('a handshake of the wrong version or without a key is refused', async () => {
  const head = 'GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n';
  assert.match(await exchange(`${head}Sec-WebSocket-Version: 13\r\n\r\n`), /^HTTP\/1\.1 4\d\d/);
  assert.match(await exchange(`${head}Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`), /^HTTP\/1\.1 4\d\d/);
});

for (const [what, env] of [
  ['PORT', (port) => ({ PORT: port })],
  ['ROOMCAST_SERVER_PORT before PORT', (port) => ({ PORT: '1', ROOMCAST_SERVER_PORT: port })],
])
  test(`the image's health check asks on ${what}`, async () => {
    const script = fileURLToPath(new URL('../../deploy/healthcheck', import.meta.url));
    const { PATH } = process.env;
    await promisify(execFile)('bash', [script], { env: { PATH, ...env(String(node.port)) } });
    await assert.rejects(promisify(execFile)('bash', [script], { env: { PATH, ...env('1') } }));
  });

test('max-connections: the next one is answered 503', async () => {
  const small = await startNode('--limits.max-connections=3');
  const clients = await small.clients(3);
  await assert.rejects(small.client(), /503/);
  await clients[0].close();
  await clients[1].expectSilence();
  await small.stop();
});
