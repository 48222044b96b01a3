// Three nodes and a real Redis: one room everywhere, in one order.
import assert from 'node:assert/strict';
import { startCluster, startClusterNode } from './support/node.mjs';
import { until } from './support/processes.mjs';
import { startRedis } from './support/redis.mjs';
import { ann, before, bob, freshRoom, test } from './support/suite.mjs';

const LINGER = '--rooms.linger=200ms'; // so that tests need not wait for the usual second

let redis;
let admin;
let nodes;
before(async () => {
  redis = await startRedis();
  admin = await redis.client();
  nodes = await startCluster(redis, 3, LINGER);
});

const channel = (room) => `roomcast:ch:{${room}}`;
const subscribers = async (room) => (await admin.pubSubNumSub(channel(room)))[channel(room)];

/** One client on each node. */
const oneEach = () => Promise.all(nodes.map((node) => node.client()));

test('a message reaches the members on every node, whichever node it came in by', async () => {
  const room = freshRoom();
  const clients = await oneEach();
  for (const client of clients) await client.subscribe(room);
  for (const [i, sender] of clients.entries()) {
    sender.send({ type: 'sendMessage', roomId: room, message: i });
    for (const member of clients) await member.expect(`{"type":"sendMessage","roomId":"${room}","message":${i}}`);
  }
});

test('one order: 20 publishers on 3 nodes, and every member sees the same sequence', async () => {
  const room = freshRoom();
  const PUBLISHERS = 20;
  const EACH = 100;
  const members = await Promise.all(Array.from({ length: PUBLISHERS }, (_, i) => nodes[i % 3].client()));
  await Promise.all(members.map((member) => member.subscribe(room)));
  for (let n = 0; n < EACH; ++n)
    members.forEach((member, i) => member.send({ type: 'sendMessage', roomId: room, message: [i, n] }));
  const sequences = [];
  for (const member of members) {
    const sequence = [];
    for (let n = 0; n < PUBLISHERS * EACH; ++n) sequence.push(await member.next());
    await member.expectSilence();
    sequences.push(sequence);
  }
  for (const sequence of sequences) assert.deepEqual(sequence, sequences[0]);
  const seen = new Array(PUBLISHERS).fill(0);
  for (const [i, n] of sequences[0].map((text) => JSON.parse(text).message)) assert.equal(n, seen[i]++);
});

test('the first member on a node subscribes the channel and the last one gives it up', async () => {
  const room = freshRoom();
  const [first, second] = await nodes[0].clients(2);
  assert.equal(await subscribers(room), 0);
  await first.subscribe(room);
  assert.equal(await subscribers(room), 1);
  assert.deepEqual(await admin.pubSubChannels(channel(room)), [channel(room)]);
  await second.subscribe(room);
  assert.equal(await subscribers(room), 1);
  const other = await nodes[1].client();
  await other.subscribe(room);
  assert.equal(await subscribers(room), 2);
  await first.ok({ type: 'UNSUBSCRIBE', room });
  await other.ok({ type: 'UNSUBSCRIBE', room });
  await until(async () => (await subscribers(room)) === 1, 'one node to give the channel up');
  await second.close();
  await until(async () => (await subscribers(room)) === 0, 'the channel to be given up');
});

test('subscriptions are logged with their room', async () => {
  const room = freshRoom('logged');
  const client = await nodes[2].client();
  const from = nodes[2].child.lines.length;
  await client.subscribe(room);
  await nodes[2].child.line(new RegExp(` subscribed .*\\broom=${room}\\b`), from);
  await client.ok({ type: 'UNSUBSCRIBE', room });
  await nodes[2].child.line(new RegExp(` unsubscribed .*\\broom=${room}\\b`), from);
});

test('a member that leaves and comes back within the linger time misses nothing', async () => {
  const room = freshRoom();
  const [client, sender] = [await nodes[0].client(), await nodes[1].client()];
  for (let i = 0; i < 20; ++i) {
    await client.ok({ type: 'SUBSCRIBE', room });
    await sender.ok({ type: 'sendMessage', roomId: room, message: i });
    await client.expect({ type: 'sendMessage', roomId: room, message: i });
    await client.ok({ type: 'UNSUBSCRIBE', room });
  }
});

test('whoever publishes to the channel by redis-cli reaches the clients', async () => {
  const room = freshRoom();
  const clients = await oneEach();
  for (const client of clients) await client.subscribe(room);
  const payload = `{"type":"sendMessage","roomId":"${room}","message":"from  outside","more":1.0}`;
  assert.equal(await admin.publish(channel(room), payload), 3);
  for (const client of clients) await client.expect(payload);
});

test('foreign payloads that are no JSON object, no UTF-8 or too large are dropped and counted', async () => {
  const room = freshRoom();
  const client = await nodes[0].client();
  await client.subscribe(room);
  const before = (await nodes[0].stats()).bus.dropped_payloads;
  const bad = ['hello', '', '[1]', Buffer.from([0x7b, 0xff, 0x7d]), `{"a":"${'x'.repeat(1_100_000)}"}`];
  for (const payload of bad) await admin.publish(channel(room), payload);
  await admin.publish(channel(room), '{"still":"here"}');
  await client.expect('{"still":"here"}');
  await client.expectSilence();
  assert.equal((await nodes[0].stats()).bus.dropped_payloads, before + bad.length);
});

test('joins, chats and exits are seen on the other nodes, by others only', async () => {
  const room = freshRoom();
  const [first, second, third] = await oneEach();
  await third.subscribe(room);
  await first.ask({ type: 'join', roomId: room, user: ann });
  await third.expect({ type: 'join', roomId: room, user: ann });
  await second.ask({ type: 'join', roomId: room, user: bob });
  await first.expect({ type: 'join', roomId: room, user: bob });
  await third.expect({ type: 'join', roomId: room, user: bob });
  await second.ok({ type: 'chat', roomId: room, user: bob, message: 'hi' });
  for (const member of [first, second, third]) await member.expect({ type: 'chat', roomId: room, user: bob, message: 'hi' });
  await second.ok({ type: 'exit', roomId: room, user: bob });
  await first.expect({ type: 'exit', roomId: room, user: bob });
  await third.expect({ type: 'exit', roomId: room, user: bob });
  for (const client of [first, second, third]) await client.expectSilence();
});

test('abrupt disconnects: one exit notice each, no ghosts, and the channel is given up', async () => {
  const room = freshRoom();
  const watcher = await nodes[2].client();
  await watcher.subscribe(room);
  const users = Array.from({ length: 30 }, (_, i) => ({ id: `d${i}` }));
  const clients = await Promise.all(users.map((_, i) => nodes[i % 2].client()));
  await Promise.all(clients.map((client, i) => client.ask({ type: 'join', roomId: room, user: users[i] })));
  for (let i = 0; i < users.length; ++i) assert.equal((await watcher.nextJson()).type, 'join');
  clients.forEach((client) => client.drop());
  const gone = [];
  for (let i = 0; i < users.length; ++i) {
    const notice = await watcher.nextJson();
    assert.deepEqual(notice, { type: 'exit', roomId: room, user: notice.user, reason: 'disconnect' });
    gone.push(notice.user.id);
  }
  assert.deepEqual(gone.sort(), users.map((user) => user.id).sort());
  await until(async () => (await subscribers(room)) === 1, 'the watcher to be alone');
  await watcher.expectSilence();
  for (const node of nodes) assert.equal((await (await node.client()).ask({ type: 'presence', room })).count, 0);
});

test('stats cluster shows every node on every node, and a stopped one goes', async () => {
  const extra = await startClusterNode(redis, 'n4', LINGER);
  const ids = async (node) => (await node.stats('cluster')).nodes.map((each) => each.id).sort().join();
  for (const node of [...nodes, extra]) await until(async () => (await ids(node)) === 'n1,n2,n3,n4', 'four nodes in the cluster');
  assert.equal((await extra.stats('cluster')).nodes.find((each) => each.self).id, 'n4');
  await extra.stop();
  await until(async () => (await ids(nodes[0])) === 'n1,n2,n3', 'the stopped node to go');
});

test('all nodes stop with exit code 0 and leave no subscription', async () => {
  for (const node of nodes) await node.stop();
  assert.deepEqual(await admin.pubSubChannels('*'), []);
});
