// SIGTERM: every connection gets a close frame, spread in time, and the node ends with exit code 0.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { startNode } from './support/node.mjs';
import { ann, freshRoom, test } from './support/suite.mjs';

test('300 clients are each told when to come back', async () => {
  const node = await startNode();
  const clients = await node.clients(300);
  await clients[0].ask({ type: 'join', roomId: freshRoom(), user: ann });
  const ends = Promise.all(clients.map((client) => client.end()));
  await node.stop();
  const asked = (await ends).map(({ code, reason }) => {
    assert.equal(code, 1012);
    assert.match(reason, /^retry-ms=\d+$/);
    return reason;
  });
  assert.ok(new Set(asked).size > 10, 'the times to come back are spread');
});

/** A connection that has not asked for anything yet: `ask` resolves to the whole answer. */
async function open(node) {
  const socket = connect(node.port, '127.0.0.1').setEncoding('utf8');
  await once(socket, 'connect');
  const ask = async (request) => {
    socket.write(`GET ${request}\r\nHost: localhost\r\n\r\n`);
    let answer = '';
    for await (const text of socket) answer += text;
    return answer;
  };
  return { ask };
}

test('while draining a node is not ready and takes nobody', async () => {
  const node = await startNode();
  const clients = await node.clients(400);
  const [balancer, latecomer, observer] = await Promise.all([open(node), open(node), open(node)]);
  node.child.signal('SIGTERM');
  await node.child.line(/ draining\b/);
  const upgrade = [
    '/ws HTTP/1.1', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  const [ready, refused] = await Promise.all([balancer.ask('/readyz HTTP/1.1'), latecomer.ask(upgrade.join('\r\n'))]);
  assert.match(ready, /^HTTP\/1\.1 503 .*\r\n\r\ndraining\n$/s);
  assert.match(refused, /^HTTP\/1\.1 503 .*\r\nRetry-After: 1\r\n.*this node is draining/s);
  const stats = await observer.ask('/api/v1/stats HTTP/1.1');
  assert.equal(JSON.parse(stats.slice(stats.indexOf('\r\n\r\n'))).node.counters.refused_by_drain, 1);
  await assert.rejects(node.client());
  const ends = await Promise.all(clients.map((client) => client.end()));
  for (const { code } of ends) assert.equal(code, 1012);
  assert.equal(await node.child.exitCode(), 0);
});

test('what was queued before the close frame is delivered', async () => {
  const node = await startNode();
  const [sender, member] = await node.clients(2);
  const room = freshRoom();
  await member.subscribe(room);
  for (let i = 0; i < 500; ++i) sender.send({ type: 'sendMessage', roomId: room, message: i });
  await sender.ok({ type: 'sendMessage', roomId: room, message: 500 });
  await node.stop();
  assert.equal((await member.end()).code, 1012);
  assert.deepEqual(member.queue.map((text) => JSON.parse(text).message), Array.from({ length: 501 }, (_, i) => i));
});

test('a second signal closes all that are left with 1001, now', async () => {
  const node = await startNode();
  const clients = await node.clients(1000);
  const ends = Promise.all(clients.map((client) => client.end()));
  node.child.signal('SIGTERM');
  await node.child.line(/ draining\b/);
  node.child.signal('SIGTERM');
  const codes = (await ends).map(({ code }) => code);
  assert.deepEqual([...new Set(codes)].filter((code) => code !== 1012), [1001]);
  assert.equal(await node.child.exitCode(), 0);
});

test('SIGINT drains as well', async () => {
  const node = await startNode();
  const client = await node.client();
  node.child.signal('SIGINT');
  assert.equal((await client.end()).code, 1012);
  assert.equal(await node.child.exitCode(), 0);
});

test('a client that never answers the close frame does not hold the node', async () => {
  const node = await startNode('--server.drain-time=2s');
  const client = await node.client();
  client.socket.pause();
  await node.stop();
});
