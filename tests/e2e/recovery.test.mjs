// Recovery: a client that comes back gets exactly what it missed, then what follows, from any node.
import assert from 'node:assert/strict';
import { startCluster, startClusterNode, startNode } from './support/node.mjs';
import { commandCalls, delivered, expectNumbers, fill, HISTORY, publishNumbers, recover, recoverable, say, testOnEachBus } from './support/past.mjs';
import { until } from './support/processes.mjs';
import { RawClient } from './support/raw.mjs';
import { startRedis } from './support/redis.mjs';
import { freshRoom, test } from './support/suite.mjs';

const kept = () => freshRoom('h:room');
const keptLong = () => freshRoom('long:room');

/** Recovers from `at`: everything up to `top` comes, and then live messages. */
async function catchesUp(client, publisher, room, at, top) {
  const ack = await recover(client, room, at);
  assert.deepEqual([ack.recovered, ack.recoverable, ack.epoch, ack.seq], [true, true, at.epoch, top]);
  await expectNumbers(client, room, at.seq + 1, top);
  await publisher.ok(say(room, top + 1));
  await client.expect(delivered(room, top + 1, top + 1));
  await client.expectSilence();
}

/** Recovery from `at` fails: the present position, and from there on live messages. */
async function startsAnew(client, publisher, room, at, top) {
  const ack = await recover(client, room, at);
  assert.deepEqual([ack.recovered, ack.recoverable, ack.epoch, ack.seq], [false, true, top.epoch, top.seq]);
  const next = await publisher.ok(say(room, top.seq + 1));
  await client.expect(delivered(room, top.seq + 1, top.seq + 1));
  await client.expectSilence();
  return { epoch: next.epoch, seq: next.seq };
}

// -- what was missed --------------------------------------------------------------------------------------------------

testOnEachBus('a dropped member gets exactly what it missed, on the same node and on another', async (near, far) => {
  const room = kept();
  const publisher = await near.client();
  const member = await near.client();
  const { epoch } = await member.ok(recoverable(room));
  await fill(publisher, room, 10);
  await expectNumbers(member, room, 1, 10);
  member.drop();
  await fill(publisher, room, 10, 11);
  await catchesUp(await near.client(), publisher, room, { epoch, seq: 10 }, 20);
  await catchesUp(await far.client(), publisher, room, { epoch, seq: 10 }, 21);
  await catchesUp(await far.client(), publisher, room, { epoch, seq: 22 }, 22);
});

testOnEachBus('nothing missed: recovered, and nothing before the live messages', async (near, far) => {
  const room = kept();
  const publisher = await near.client();
  const top = await fill(publisher, room, 3);
  await catchesUp(await far.client(), publisher, room, top, 3);
});

testOnEachBus('seq 0 of a fresh room recovers everything from the first message on', async (near, far) => {
  const room = kept();
  const { epoch } = await (await near.client()).ok(recoverable(room));
  const publisher = await far.client();
  await catchesUp(await near.client(), publisher, room, { epoch, seq: 0 }, 0);
  await catchesUp(await far.client(), publisher, room, { epoch, seq: 0 }, 1);
});

testOnEachBus('recovery without the word recoverable is recoverable', async (near) => {
  const room = kept();
  const [client, publisher] = await near.clients(2);
  const { epoch } = await fill(publisher, room, 3);
  const ack = await client.ok({ type: 'SUBSCRIBE', room, recover: { epoch, seq: 1 } });
  assert.deepEqual([ack.recovered, ack.seq], [true, 3]);
  await expectNumbers(client, room, 2, 3);
});

testOnEachBus('two rooms at once', async (near, far) => {
  const rooms = [kept(), kept()];
  const publisher = await near.client();
  const tops = [await fill(publisher, rooms[0], 30), await fill(publisher, rooms[1], 40)];
  const client = await far.client();
  rooms.forEach((room, i) => client.send(recoverable(room, { recover: { epoch: tops[i].epoch, seq: 10 }, id: i })));
  const seqs = [[], []];
  for (let i = 0; i < 2 + 20 + 30; ++i) {
    const message = await client.nextJson();
    const which = rooms.indexOf(message.room ?? message.roomId);
    if (message.type !== 'ack') seqs[which].push(message.seq);
    else assert.deepEqual([message.recovered, message.seq, seqs[which].length], [true, tops[which].seq, 0]);
  }
  for (const [i, { seq }] of tops.entries()) assert.deepEqual(seqs[i], Array.from({ length: seq - 10 }, (_, n) => n + 11));
  await client.expectSilence();
});

// -- under load -------------------------------------------------------------------------------------------------------

testOnEachBus('under a running publisher: no hole and no duplicate at the seam', async (near, far) => {
  const room = keptLong();
  const { epoch } = await (await near.client()).ok(recoverable(room));
  const numbers = publishNumbers(await far.client(), room);
  let seq = 0;
  for (let i = 0; i < 30; ++i) {
    const member = await (i % 2 ? near : far).client();
    const ack = await recover(member, room, { epoch, seq });
    assert.equal(ack.recovered, true);
    assert.ok(ack.seq >= seq);
    const last = ack.seq + 10;
    await expectNumbers(member, room, seq + 1, last);
    member.drop();
    seq = last - (i % 7);
  }
  await numbers.stop();
});

testOnEachBus('many recover at once under a running publisher, members without numbers beside them', async (near, far) => {
  const room = keptLong();
  const classic = await near.client();
  await classic.subscribe(room);
  const witness = await near.client();
  const { epoch } = await witness.ok(recoverable(room));
  const numbers = publishNumbers(await far.client(), room);
  await until(async () => (await witness.ok(recoverable(room))).seq >= 5, 'five messages');
  const members = [...(await near.clients(30)), ...(await far.clients(30))];
  const acks = await Promise.all(members.map((member, i) => recover(member, room, { epoch, seq: i % 5 })));
  const last = await numbers.stop();
  for (const [i, member] of members.entries()) {
    assert.equal(acks[i].recovered, true);
    await expectNumbers(member, room, (i % 5) + 1, last);
    await member.expectSilence();
  }
  for (let n = 1; n <= last; ++n) await classic.expect(delivered(room, n));
  await classic.expectSilence();
});

// -- what cannot be recovered -------------------------------------------------------------------------------------------

testOnEachBus('a seq above the top, another epoch, a foreign epoch: not recovered, and the present position', async (near, far) => {
  const room = kept();
  const publisher = await near.client();
  let top = await fill(publisher, room, 5);
  const other = top.epoch.replace(/^./, (digit) => (digit === '1' ? '2' : '1'));
  for (const at of [{ epoch: top.epoch, seq: 100 }, { epoch: other, seq: 3 }, { epoch: other, seq: 0 }, { epoch: 'no epoch of ours', seq: 3 }])
    top = await startsAnew(await far.client(), publisher, room, at, top);
});

testOnEachBus('beyond the trimmed history: not recovered; just within it: recovered', async (near, far) => {
  const room = kept();
  const publisher = await near.client();
  const top = await fill(publisher, room, 450);
  await catchesUp(await far.client(), publisher, room, { epoch: top.epoch, seq: 350 }, 450);
  await startsAnew(await far.client(), publisher, room, { epoch: top.epoch, seq: 5 }, { epoch: top.epoch, seq: 451 });
});

test('after a restart of a node without Redis: not recovered', async () => {
  const room = kept();
  const node = await startNode(HISTORY);
  const top = await fill(await node.client(), room, 5);
  await node.stop();
  const next = await startNode(HISTORY);
  const ack = await recover(await next.client(), room, top);
  assert.deepEqual([ack.recovered, ack.seq], [false, 0]);
  assert.notEqual(ack.epoch, top.epoch);
  await next.stop();
});

test('after a restart of all nodes, Redis being there: recovered', async () => {
  const redis = await startRedis();
  const node = await startClusterNode(redis, 'n1', HISTORY);
  await node.readiness(200);
  const room = kept();
  const { epoch } = await fill(await node.client(), room, 50);
  await node.kill();
  const next = await startClusterNode(redis, 'n1', HISTORY);
  await next.readiness(200);
  await catchesUp(await next.client(), await next.client(), room, { epoch, seq: 7 }, 50);
  await next.stop();
});

// -- long histories and slow readers --------------------------------------------------------------------------------------

const PAGE_FILLER = 'x'.repeat(60_000);

/** 100 messages of 60 KB; the epoch. */
async function fillHeavily(client, room) {
  let ack;
  for (let n = 1; n <= 100; ++n) ack = await client.ok(say(room, PAGE_FILLER));
  return ack.epoch;
}

/** A client that asks for everything of the room and reads nothing: the node has begun to send, and cannot go on. */
async function stuck(node, room, epoch) {
  const client = await RawClient.connect(node.port);
  client.socket.pause();
  client.text(JSON.stringify(recoverable(room, { recover: { epoch, seq: 0 }, id: 'in' })));
  await until(async () => (await node.stats('connections')).connections.some(({ queue_bytes }) => queue_bytes > 0), 'a queue');
  return client;
}

testOnEachBus('several pages to a reader that stops for a while: all of it, in order, then live messages', async (near, far) => {
  const room = kept();
  const publisher = await near.client();
  const epoch = await fillHeavily(publisher, room);
  const slow = await stuck(far, room, epoch);
  for (let n = 101; n <= 105; ++n) await publisher.ok(say(room, n));
  slow.socket.resume();
  const ack = JSON.parse(await slow.nextText());
  assert.deepEqual([ack.type, ack.recovered], ['ack', true]);
  for (let n = 1; n <= 100; ++n) assert.equal(await slow.nextText(), delivered(room, PAGE_FILLER, n));
  for (let n = 101; n <= 105; ++n) assert.equal(await slow.nextText(), delivered(room, n, n));
  slow.text('{"type":"ping"}');
  assert.equal(await slow.nextText(), '{"type":"pong"}');
  slow.destroy();
});

testOnEachBus('many rooms at once to a reader that stops for a while: one after the other, and no 4008', async (near, far) => {
  const publisher = await near.client();
  const rooms = [];
  for (let i = 0; i < 60; ++i) {
    const room = kept();
    for (let n = 1; n < 4; ++n) publisher.send(say(room, PAGE_FILLER));
    rooms.push({ room, epoch: (await publisher.ok(say(room, PAGE_FILLER))).epoch });
  }
  const slow = await RawClient.connect(far.port);
  slow.socket.pause();
  slow.text(...rooms.map(({ room, epoch }) => JSON.stringify(recoverable(room, { recover: { epoch, seq: 0 }, id: room }))));
  await until(async () => (await far.stats('connections')).connections.some(({ queue_bytes }) => queue_bytes > 0), 'a queue');
  slow.socket.resume();
  for (const { room } of rooms) {
    const ack = JSON.parse(await slow.nextText());
    assert.deepEqual([ack.type, ack.room, ack.recovered], ['ack', room, true]);
    for (let n = 1; n <= 4; ++n) assert.equal(await slow.nextText(), delivered(room, PAGE_FILLER, n));
  }
  slow.destroy();
});

testOnEachBus('UNSUBSCRIBE in the middle of a recovery ends it', async (near, far) => {
  const room = kept();
  const publisher = await near.client();
  const epoch = await fillHeavily(publisher, room);
  const slow = await stuck(far, room, epoch);
  slow.text(JSON.stringify({ type: 'UNSUBSCRIBE', room, id: 'out' }));
  slow.socket.resume();
  for (let text; text !== JSON.stringify({ type: 'ack', id: 'out', room });) {
    text = await slow.nextText();
    assert.match(text, /^\{"type":"(ack|sendMessage)"/);
  }
  slow.text('{"type":"ping"}');
  assert.equal(await slow.nextText(), '{"type":"pong"}');
  slow.text(JSON.stringify(recoverable(room, { recover: { epoch, seq: 90 }, id: 'again' })));
  assert.equal(JSON.parse(await slow.nextText()).recovered, true);
  for (let n = 91; n <= 100; ++n) assert.equal(await slow.nextText(), delivered(room, PAGE_FILLER, n));
  slow.destroy();
});

testOnEachBus('subscribe, unsubscribe and subscribe in one breath: each recovery from where it says', async (near, far) => {
  const room = kept();
  const publisher = await near.client();
  const { epoch } = await fill(publisher, room, 20);
  const client = await far.client();
  client.send(recoverable(room, { recover: { epoch, seq: 0 }, id: 1 }));
  client.send({ type: 'UNSUBSCRIBE', room, id: 2 });
  client.send(recoverable(room, { recover: { epoch, seq: 15 }, id: 3 }));
  await client.take((text) => JSON.parse(text).id === 3, 'the last ack');
  const seen = client.queue.splice(0).map((text) => JSON.parse(text));
  const rest = 5 - (seen.length - 1 - seen.findIndex(({ id }) => id === 2));
  await expectNumbers(client, room, 21 - rest, 20);
  await client.expectSilence();
});

testOnEachBus('a member that recovers from an earlier place while it is in the room', async (near) => {
  const room = kept();
  const [client, publisher] = await near.clients(2);
  const { epoch } = await client.ok(recoverable(room));
  await fill(publisher, room, 10);
  await expectNumbers(client, room, 1, 10);
  await catchesUp(client, publisher, room, { epoch, seq: 4 }, 10);
});

// -- one read for all -----------------------------------------------------------------------------------------------------

const READS = ['xrange', 'xrevrange', 'xread', 'hget', 'hmget', 'hgetall'];

test('500 clients that recover in one room at once cost a handful of reads of Redis', async () => {
  const redis = await startRedis();
  const nodes = await startCluster(redis, 2, HISTORY);
  const room = kept();
  const publisher = await nodes[0].client();
  const { epoch } = await fill(publisher, room, 60);
  for (const [from, top] of [[10, 60], [60, 80]]) {
    if (top > 60) await fill(publisher, room, top - 60, 61);
    const clients = await nodes[1].clients(500);
    const before = await commandCalls(redis);
    const places = clients.map((_, i) => from + 9 - (i % 10)); // who was away for longest comes last
    const acks = await Promise.all(clients.map((client, i) => recover(client, room, { epoch, seq: places[i] })));
    const after = await commandCalls(redis);
    for (const [i, client] of clients.entries()) {
      assert.equal(acks[i].recovered, true);
      await expectNumbers(client, room, places[i] + 1, top);
    }
    const reads = READS.reduce((sum, name) => sum + (after[name] ?? 0) - (before[name] ?? 0), 0);
    assert.ok(reads <= 8, `${reads} reads`); // of the place and of one page, a few commands each
    clients.forEach((client) => client.drop());
  }
  for (const node of nodes) await node.stop();
});
