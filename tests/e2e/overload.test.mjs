// Clients that connect too often, send too much or read too little: each is refused, slowed, told or closed as the
// configuration says; others notice nothing, and every case has its counter.
import assert from 'node:assert/strict';
import http from 'node:http';
import { frame, opcode } from './support/frames.mjs';
import { RawClient } from './support/raw.mjs';
import { startNode, startNodeWith } from './support/node.mjs';
import { until, within } from './support/processes.mjs';
import { freshRoom, test } from './support/suite.mjs';

const MIB = 1024 * 1024;
const FLOOD_MS = 2000;

const handshake = {
  Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** The answer to a handshake: {status, headers}; the connection is kept where it is 101. */
function knock(node) {
  const request = http.get({ host: '127.0.0.1', port: node.port, path: '/ws', headers: handshake, agent: false });
  const answer = new Promise((resolve, reject) => {
    request.on('upgrade', (response, socket) => resolve({ status: 101, headers: response.headers, socket }));
    request.on('response', (response) => (response.resume(), resolve({ status: response.statusCode, headers: response.headers })));
    request.on('error', reject);
  });
  return within(answer, 'the answer to a handshake');
}

async function knockOften(node, count) {
  const answers = [];
  for (let i = 0; i < count; ++i) answers.push(await knock(node));
  return answers;
}

function hangUp(answers) {
  for (const { socket } of answers) socket?.destroy();
}

async function counters(node) {
  return (await node.stats()).node.counters;
}

/** The refused ones ask to come back in a second; returns how many they are. */
function refusals(answers) {
  const refused = answers.filter(({ status }) => status !== 101);
  for (const { status, headers } of refused) {
    assert.equal(status, 503);
    assert.equal(headers['retry-after'], '1');
  }
  return refused.length;
}

// -- connecting ---------------------------------------------------------------------------------------------------

test('over connections-per-second a handshake gets 503 with Retry-After, and plain requests pass', async () => {
  const node = await startNode('--limits.connections-per-second=3');
  const answers = await knockOften(node, 40);
  const refused = refusals(answers);
  assert.equal(answers[0].status, 101);
  assert.ok(refused > 0);
  assert.equal((await node.get('/healthz')).status, 200);
  assert.equal((await counters(node)).refused_by_rate, refused);
  await until(async () => answers[answers.push(await knock(node)) - 1].status === 101, 'a handshake once the second is over');
  hangUp(answers);
  await node.stop();
});

test('over max-connections-per-address a connection gets 503 with Retry-After until one has gone', async () => {
  const node = await startNode('--limits.max-connections-per-address=5');
  const answers = await knockOften(node, 8);
  assert.equal(refusals(answers), 3);
  const { socket } = answers[0];
  socket.destroy();
  const again = await until(async () => {
    const answer = await knock(node);
    return answer.status === 101 && answer;
  }, 'a free place');
  hangUp([...answers, again]);
  const counted = await until(async () => {
    const answer = await node.get('/api/v1/stats');
    return answer.status === 200 && JSON.parse(answer.body).node.counters;
  }, 'a place for the statistics');
  assert.ok(counted.refused_by_address >= 3);
  await node.stop();
});

test('over max-connections a connection gets 503 with Retry-After', async () => {
  const node = await startNode('--limits.max-connections=3');
  const answers = await knockOften(node, 5);
  assert.equal(refusals(answers), 2);
  assert.equal((await node.get('/healthz')).status, 200, 'a full node answers health checks');
  assert.equal((await counters(node)).refused, 2);
  hangUp(answers);
  await until(async () => {
    const answer = await knock(node);
    hangUp([answer]);
    return answer.status === 101;
  }, 'a free place');
  await node.stop();
});

// -- sending ------------------------------------------------------------------------------------------------------

test('over messages-per-second a request is refused by its id and the connection goes on', async () => {
  const node = await startNode('--limits.messages-per-second=20');
  const [client, other] = await node.clients(2);
  for (let id = 0; id < 100; ++id) client.send({ type: 'ping', id });
  const answers = [];
  for (let id = 0; id < 100; ++id) answers.push(await client.nextJson());
  answers.forEach((answer, id) => assert.equal(answer.id, id));
  assert.ok(answers.slice(0, 20).every(({ type }) => type === 'pong'));
  const refused = answers.filter(({ code }) => code === 'rate_limited');
  assert.ok(refused.length > 0);
  assert.ok(refused.every(({ type, message }) => type === 'error' && message.length > 0));
  await other.expectSilence();
  await until(async () => (await client.ask({ type: 'ping' })).type === 'pong', 'the rate to recover');
  assert.ok((await counters(node)).rate_limited >= refused.length);
  await node.stop();
});

test('over bytes-per-second a request is refused and small ones pass again', async () => {
  const node = await startNode('--limits.bytes-per-second=10000');
  const client = await node.client();
  const large = { type: 'sendMessage', roomId: freshRoom(), message: 'x'.repeat(6000) };
  assert.equal((await client.ask(large)).type, 'ack');
  assert.equal((await client.ask(large)).code, 'rate_limited');
  assert.equal((await client.ask({ type: 'ping' })).type, 'pong');
  await until(async () => (await client.ask(large)).type === 'ack', 'the rate to recover');
  await node.stop();
});

/** Sends as fast as the socket takes it, and reads nothing, for FLOOD_MS. Returns how much left. */
async function flood(client, text) {
  const block = Buffer.concat(Array.from({ length: 200 }, () => frame(opcode.text, text)));
  const end = Date.now() + FLOOD_MS;
  const before = client.socket.bytesWritten;
  while (Date.now() < end && !client.socket.destroyed) {
    if (client.socket.writableLength < MIB) client.socket.write(block);
    await new Promise(setImmediate);
  }
  return client.socket.bytesWritten - client.socket.writableLength - before;
}

async function othersAreServed(node, members) {
  for (const message of ['one', 'two', 'three']) {
    await members[0].ok({ type: 'sendMessage', roomId: 'others', message });
    for (const member of members) await member.take((text) => text === `{"type":"sendMessage","roomId":"others","message":"${message}"}`, message);
  }
}

// A sanitizer keeps freed memory for a while, 256 MB by default: that would be counted as the node's.
const frugal = { env: { ASAN_OPTIONS: 'quarantine_size_mb=4:thread_local_quarantine_size_kb=64' } };

for (const limits of [[], ['--limits.messages-per-second=50'], ['--limits.bytes-per-second=20000']])
  test(`a flood neither grows the node nor keeps others from being served (${limits[0] ?? 'no limits'})`, async () => {
    const node = await startNodeWith(['serve', '--server.port=0', '--server.host=127.0.0.1', ...limits], frugal);
    const members = await node.clients(3);
    for (const member of members) await member.subscribe('others');
    const before = (await node.stats()).node.resident_bytes;
    const attacker = await RawClient.connect(node.port);
    attacker.socket.pause();
    const [, sent] = await Promise.all([othersAreServed(node, members), flood(attacker, '{"type":"presence","room":"nobody"}')]);
    await othersAreServed(node, members);
    const { resident_bytes: after, queue_bytes: queued, counters: counted } = (await node.stats()).node;
    assert.ok(sent > 0);
    assert.ok(after - before < 32 * MIB, `${before} -> ${after} bytes after ${sent}`);
    assert.ok(queued <= MIB + 100_000);
    if (limits.length) assert.ok(counted.rate_limited > 0 && counted.flood_pauses > 0, JSON.stringify(counted));
    attacker.destroy();
    await until(async () => (await node.stats()).node.connections === 3, 'the end of the attacker');
    await node.stop();
  });

// -- reading ------------------------------------------------------------------------------------------------------

const filler = 'x'.repeat(50_000);

/** A member of `room` that stops reading as soon as it is in. */
async function sleeper(node, room) {
  const client = await RawClient.connect(node.port);
  client.text(JSON.stringify({ type: 'SUBSCRIBE', room, id: 1 }));
  assert.equal(await client.nextText(), JSON.stringify({ type: 'ack', id: 1, room }));
  client.socket.pause();
  return client;
}

/** Publishes numbered messages until `enough` of the counters; returns how many. */
async function publishUntil(node, publisher, room, enough) {
  let sent = 0;
  await until(async () => {
    for (let i = 0; i < 20; ++i) await publisher.ok({ type: 'publish', room, message: [sent++, filler] });
    return enough(await counters(node));
  }, 'a client to be slow');
  return sent;
}

/** Wakes the sleeper; what it got of `room`: numbers of messages and notices, in order. */
async function wake(client, room, last) {
  client.socket.resume();
  const seen = [];
  while (seen.at(-1) !== last) {
    const text = await client.nextText();
    if (text.startsWith('{"type":"publish"')) seen.push(JSON.parse(text).message[0]);
    else seen.push(text);
    assert.ok(text.includes(`"${room}"`), text.slice(0, 100));
  }
  return seen;
}

/** Each notice counts what is missing between its neighbours; returns the sum. */
function checkGaps(seen, room) {
  let next = 0;
  let dropped = 0;
  for (const each of seen) {
    if (typeof each === 'number') {
      assert.equal(each, next++);
    } else {
      const count = JSON.parse(each).dropped;
      assert.equal(each, `{"type":"gap","room":"${room}","dropped":${count}}`);
      next += count;
      dropped += count;
    }
  }
  return dropped;
}

test('drop-oldest: a client that stops reading loses the oldest, is told how many, and goes on', async () => {
  const node = await startNode('--rooms.slow-consumer=drop-oldest', '--limits.max-queue-bytes=400000');
  const room = freshRoom();
  const slow = await sleeper(node, room);
  const [publisher, reader] = await node.clients(2);
  await reader.subscribe(room);
  const sent = await publishUntil(node, publisher, room, ({ dropped_events }) => dropped_events >= 30);
  for (let i = 0; i < sent; ++i) assert.equal((await reader.nextJson()).message[0], i); // undisturbed
  const { dropped_events, slow_consumers } = await counters(node);
  assert.equal(slow_consumers, 0);
  const { connections } = await node.stats('connections');
  assert.deepEqual(connections.map((each) => each.dropped_events), [dropped_events, 0, 0]);
  const seen = await wake(slow, room, sent - 1);
  assert.equal(checkGaps(seen, room), dropped_events);
  slow.text('{"type":"ping","id":2}');
  assert.equal(await slow.nextText(), '{"type":"pong","id":2}');
  slow.destroy();
  await node.stop();
});

test('latest-only: a client that stops reading gets the newest, and how many it missed', async () => {
  const room = freshRoom('ticker:');
  const node = await startNode('--rooms.namespaces=[ { prefix = "ticker:", slow-consumer = "latest-only" } ]', '--limits.max-queue-bytes=400000');
  const slow = await sleeper(node, room);
  const publisher = await node.client();
  const sent = await publishUntil(node, publisher, room, ({ dropped_events }) => dropped_events > 0);
  const { dropped_events, slow_consumers } = await counters(node);
  assert.equal(slow_consumers, 0);
  const seen = await wake(slow, room, sent - 1);
  assert.equal(checkGaps(seen, room), dropped_events);
  assert.ok(seen.some((each) => typeof each === 'string'));
  slow.destroy();
  await node.stop();
});

test('the longest prefix decides: in a namespace that drops nothing the client is closed', async () => {
  const node = await startNode('--rooms.slow-consumer=latest-only', '--rooms.namespaces=[ { prefix = "chat:", slow-consumer = "drop-oldest" }, { prefix = "chat:vip:", slow-consumer = "disconnect" } ]', '--limits.max-queue-bytes=400000');
  const room = freshRoom('chat:vip:');
  const slow = await sleeper(node, room);
  const publisher = await node.client();
  await publishUntil(node, publisher, room, ({ slow_consumers }) => slow_consumers === 1);
  assert.equal((await counters(node)).dropped_events, 0);
  slow.destroy();
  await node.stop();
});

/** Publishes until the queue of connection `id` is at least `bytes` long. */
async function fill(node, publisher, room, id, bytes) {
  await until(async () => {
    await publisher.ok({ type: 'publish', room, message: [0, filler] });
    return (await node.stats('connections')).connections.find((each) => each.id === id).queue_bytes >= bytes;
  }, 'a long queue');
}

test('above max-output-memory new clients get 503 and the longest queue goes first', async () => {
  const node = await startNode('--limits.max-output-memory=600000', '--limits.max-queue-bytes=600000');
  const [long, short] = [freshRoom(), freshRoom()];
  const sleepers = [await sleeper(node, long), await sleeper(node, short)];
  const publisher = await node.client();
  await fill(node, publisher, long, 1, 400_000);
  await fill(node, publisher, short, 2, 600_000 - (await node.stats()).node.queue_bytes);
  assert.equal(refusals([await knock(node)]), 1);
  await publisher.ok({ type: 'publish', room: long, message: [0, filler] });
  await until(async () => (await counters(node)).slow_consumers === 1, 'the longest queue to be cut');
  await until(async () => (await node.stats('connections')).connections.every(({ id }) => id !== 1), 'the end of a slow consumer');
  const { connections } = await node.stats('connections');
  assert.deepEqual(connections.map(({ id }) => id), [2, 3]); // the shorter one stays
  const answer = await knock(node);
  assert.equal(answer.status, 101);
  assert.equal((await counters(node)).refused_by_memory, 1);
  hangUp([answer]);
  for (const each of sleepers) each.destroy();
  await node.stop();
});
