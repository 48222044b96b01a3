// Holes between Redis and a node: filled from the room's log, or told. New epochs: told.
import assert from 'node:assert/strict';
import { Chance, seed } from './support/chance.mjs';
import { startCluster, startClusterNode } from './support/node.mjs';
import { delivered, expectNumbers, fill, HISTORY, recover, recoverable, say } from './support/past.mjs';
import { elapse } from './support/processes.mjs';
import { startProxy } from './support/proxy.mjs';
import { Publisher } from './support/publisher.mjs';
import { startRedis } from './support/redis.mjs';
import { before, freshRoom, test } from './support/suite.mjs';

const kept = () => freshRoom('h:room');

let redis;
let nodes;
before(async () => {
  redis = await startRedis();
  nodes = await startCluster(redis, 2, HISTORY);
});

/** One member on each node, with numbers and without. */
async function membersOf(room) {
  const numbered = [await nodes[0].client(), await nodes[1].client()];
  const classic = [await nodes[0].client(), await nodes[1].client()];
  for (const each of numbered) await each.ok(recoverable(room));
  for (const each of classic) await each.subscribe(room);
  return { numbered, classic, all: [...numbered, ...classic] };
}

// -- holes that are filled --------------------------------------------------------------------------------------------

const idsOf = (list) => [...list.matchAll(/^id=(\d+)/gm)].map(([, id]) => id);

const breaks = {
  'the subscriber links of all nodes': () => redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub'),
  'one subscriber link': async () => redis.command('CLIENT', 'KILL', 'ID', idsOf(await redis.command('CLIENT', 'LIST', 'TYPE', 'pubsub'))[0]),
  'all links': () => redis.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes').then(() => redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub')),
};

const reconnects = async () => (await Promise.all(nodes.map((node) => node.stats()))).reduce((sum, { bus }) => sum + bus.reconnects, 0);

for (const [what, cut] of Object.entries(breaks))
  test(`${what} cut while messages flow: every member gets every message once, in order, and no gap`, async () => {
    const room = freshRoom('long:room');
    const { numbered, classic, all } = await membersOf(room);
    const publisher = new Publisher({ name: 'p', ports: () => nodes.map(({ port }) => port), rooms: [room], chance: new Chance(seed), everyMs: 1 });
    const earlier = await reconnects();
    for (let i = 0; i < 5; ++i) {
      await publisher.more(30);
      await cut();
    }
    await publisher.more(30);
    await publisher.stop();
    const messages = publisher.acked.map(({ message }) => message);
    publisher.acked.forEach(({ seq }, i) => assert.equal(seq, i + 1));
    for (const [i, message] of messages.entries()) {
      for (const each of numbered) await each.expect(delivered(room, message, i + 1));
      for (const each of classic) await each.expect(delivered(room, message));
    }
    for (const each of all) await each.expectSilence();
    assert.ok((await reconnects()) > earlier);
  });

test('messages sent while a node is without Redis reach its members afterwards, though nothing more is sent', async () => {
  const proxy = await startProxy(redis);
  const apart = await startClusterNode(proxy, 'apart', HISTORY);
  await apart.readiness(200);
  const room = kept();
  const [numbered, classic] = await apart.clients(2);
  await numbered.ok(recoverable(room));
  await classic.subscribe(room);
  const publisher = await nodes[0].client();
  await fill(publisher, room, 5);
  await expectNumbers(numbered, room, 1, 5);
  proxy.swallow();
  await apart.readiness(503);
  await fill(publisher, room, 50, 6);
  await numbered.expectSilence();
  proxy.heal();
  await expectNumbers(numbered, room, 6, 55);
  for (let n = 1; n <= 55; ++n) await classic.expect(delivered(room, n));
  for (const each of [numbered, classic]) await each.expectSilence();
  await apart.stop();
});

test('Redis forgets its scripts again and again: every publisher\'s messages stay in order, and only what is refused is missing', async () => {
  const room = freshRoom('long:room');
  const member = await nodes[0].client();
  await member.ok(recoverable(room));
  const publishers = [await nodes[0].client(), await nodes[1].client()];
  const bursts = 30;
  const perBurst = 40;
  for (let burst = 0; burst < bursts; ++burst) {
    for (const [who, publisher] of publishers.entries())
      for (let i = 0; i < perBurst; ++i) publisher.send(say(room, `${who} ${burst * perBurst + i}`, { id: burst * perBurst + i }));
    await redis.command('SCRIPT', 'FLUSH');
  }
  const accepted = [];
  for (const [who, publisher] of publishers.entries())
    for (let i = 0; i < bursts * perBurst; ++i) {
      const { type, id, seq, code } = await publisher.nextJson();
      if (type === 'ack') accepted.push({ seq, message: `${who} ${id}` });
      else assert.equal(code, 'bus_unavailable');
    }
  accepted.sort((a, b) => a.seq - b.seq);
  for (const who of [0, 1]) {
    const numbers = accepted.filter(({ message }) => message.startsWith(`${who} `)).map(({ message }) => Number(message.slice(2)));
    assert.ok(numbers.length > 0);
    numbers.forEach((n, i) => assert.ok(i === 0 || n > numbers[i - 1], `${n} behind ${numbers[i - 1]}`));
  }
  for (const [i, { seq, message }] of accepted.entries()) {
    assert.equal(seq, i + 1);
    await member.expect(delivered(room, message, seq));
  }
  await member.expectSilence();
});

// -- nodes that lag behind others --------------------------------------------------------------------------------------

const lags = {
  'is slow': [(proxy) => proxy.delay(200), (proxy) => proxy.delay(0)],
  'stands still': [(proxy) => proxy.pause(), (proxy) => proxy.resume()],
};

for (const [how, [begin, end]] of Object.entries(lags))
  test(`a member that comes from a node that is ahead, to one whose network ${how}, is recovered`, async () => {
    const proxy = await startProxy(redis);
    const behind = await startClusterNode(proxy, 'behind', HISTORY);
    await behind.readiness(200);
    const room = kept();
    const [waiting, coming] = await behind.clients(2);
    await waiting.ok(recoverable(room));
    const publisher = await nodes[0].client();
    await fill(publisher, room, 5);
    await expectNumbers(waiting, room, 1, 5);
    begin(proxy);
    const top = await fill(publisher, room, 10, 6);
    coming.send(recoverable(room, { recover: top, id: 'in' }));
    await coming.ask({ type: 'ping' }); // the node has read the request
    end(proxy);
    const ack = JSON.parse(await coming.take((text) => text.includes('"id":"in"'), 'the ack'));
    assert.deepEqual([ack.type, ack.recovered, ack.epoch, ack.seq], ['ack', true, top.epoch, 15]);
    await expectNumbers(waiting, room, 6, 15);
    await publisher.ok(say(room, 16));
    for (const each of [waiting, coming]) {
      await each.expect(delivered(room, 16, 16));
      await each.expectSilence();
    }
    await behind.stop();
  });

// -- holes that are told ------------------------------------------------------------------------------------------------

test('more messages than the history holds while a node is without Redis: one gap, then the rest without a hole', async () => {
  const proxy = await startProxy(redis);
  const apart = await startClusterNode(proxy, 'apart', HISTORY);
  await apart.readiness(200);
  const room = kept();
  const member = await apart.client();
  const { epoch } = await member.ok(recoverable(room));
  const publisher = await nodes[0].client();
  await fill(publisher, room, 5);
  await expectNumbers(member, room, 1, 5);
  proxy.swallow();
  await apart.readiness(503);
  await fill(publisher, room, 450, 6);
  proxy.heal();
  const gap = await member.nextJson();
  assert.deepEqual(gap, { type: 'gap', room, epoch, from: 6, to: gap.to });
  assert.ok(gap.to >= 6 && gap.to <= 355, JSON.stringify(gap));
  await expectNumbers(member, room, gap.to + 1, 455);
  await member.expectSilence();
  await apart.stop();
});

const losses = {
  'the position is deleted': (room) => redis.command('DEL', `roomcast:meta:{${room}}`),
  'Redis is flushed': () => redis.command('FLUSHALL'),
};

for (const [what, lose] of Object.entries(losses))
  test(`${what}: members are told of the new epoch, then messages from 1`, async () => {
    const room = kept();
    const { numbered, classic, all } = await membersOf(room);
    const publisher = await nodes[0].client();
    const old = await fill(publisher, room, 10);
    for (const each of numbered) await expectNumbers(each, room, 1, 10);
    for (let n = 1; n <= 10; ++n) for (const each of classic) await each.expect(delivered(room, n));
    await lose(room);
    const { epoch, seq } = await publisher.ok(say(room, 1));
    assert.equal(seq, 1);
    assert.notEqual(epoch, old.epoch);
    await fill(publisher, room, 4, 2);
    for (const each of numbered) {
      await each.expect({ type: 'gap', room, epoch, from: 1, to: 0 });
      await expectNumbers(each, room, 1, 5);
    }
    for (let n = 1; n <= 5; ++n) for (const each of classic) await each.expect(delivered(room, n));
    for (const each of all) await each.expectSilence();
    const late = await recover(await nodes[1].client(), room, old);
    assert.deepEqual([late.recovered, late.epoch, late.seq], [false, epoch, 5]);
    const { messages } = await publisher.ask({ type: 'history', room, limit: 100 });
    assert.deepEqual(messages.map((each) => each.seq), [1, 2, 3, 4, 5]);
  });

test('Redis is started again without its data: members are told of the new epoch, then messages from 1', async () => {
  const forgetful = await startRedis();
  const node = await startClusterNode(forgetful, 'n1', HISTORY);
  await node.readiness(200);
  const room = kept();
  const [member, publisher] = await node.clients(2);
  await member.ok(recoverable(room));
  const old = await fill(publisher, room, 10);
  await expectNumbers(member, room, 1, 10);
  await forgetful.kill();
  await node.readiness(503);
  await forgetful.start();
  await node.readiness(200);
  const { epoch } = await fill(publisher, room, 3);
  assert.notEqual(epoch, old.epoch);
  await member.expect({ type: 'gap', room, epoch, from: 1, to: 0 });
  await expectNumbers(member, room, 1, 3);
  await member.expectSilence();
  await node.stop();
});

test('Redis comes back with old data: members are told of the new epoch, and get what was taken since, also by nodes without members', async () => {
  const restored = await startRedis({ keeps: 'snapshot' });
  const node = await startClusterNode(restored, 'n1', HISTORY);
  const other = await startClusterNode(restored, 'n2', HISTORY);
  for (const each of [node, other]) await each.readiness(200);
  const room = kept();
  const [member, near] = await node.clients(2);
  const far = await other.client();
  await member.ok(recoverable(room));
  await fill(near, room, 10);
  await restored.command('SAVE');
  const old = await fill(near, room, 10, 11);
  await expectNumbers(member, room, 1, 20);
  await restored.kill();
  for (const each of [node, other]) await each.readiness(503);
  await restored.start();
  const acked = async (client, message) => {
    for (;;) {
      const answer = await client.ask(say(room, message));
      if (answer.type === 'ack') return answer;
      assert.equal(answer.code, 'bus_unavailable');
      await elapse(10);
    }
  };
  await acked(far, 'from afar');
  const { epoch } = await acked(near, 'from near');
  assert.notEqual(epoch, old.epoch);
  await member.expect({ type: 'gap', room, epoch, from: 1, to: 0 });
  await member.expect(delivered(room, 'from afar', 1));
  await member.expect(delivered(room, 'from near', 2));
  await member.expectSilence();
  for (const each of [node, other]) await each.stop();
});

// -- commands that Redis refuses ----------------------------------------------------------------------------------------

test('Redis out of memory: publishes are refused, members stay, and no number is used up', async () => {
  const room = kept();
  const { numbered, all } = await membersOf(room);
  const publisher = await nodes[0].client();
  await fill(publisher, room, 5);
  await redis.command('CONFIG', 'SET', 'maxmemory', 1);
  try {
    for (let i = 0; i < 5; ++i) assert.equal((await publisher.ask(say(room, 'refused', { key: 'k' }))).code, 'bus_unavailable');
  } finally {
    await redis.command('CONFIG', 'SET', 'maxmemory', 0);
  }
  assert.equal((await publisher.ok(say(room, 6, { key: 'k' }))).seq, 6);
  for (const each of numbered) {
    await expectNumbers(each, room, 1, 6);
    await each.expectSilence();
  }
  assert.ok(all.every((each) => each.isOpen));
});

test('a Redis that is slow for a while loses nothing', async () => {
  const proxy = await startProxy(redis);
  const far = await startClusterNode(proxy, 'far', HISTORY);
  await far.readiness(200);
  const room = kept();
  const [member, publisher] = await far.clients(2);
  await member.ok(recoverable(room));
  proxy.delay(200);
  await fill(publisher, room, 30);
  proxy.pause();
  await elapse(1_000);
  proxy.heal();
  await fill(publisher, room, 30, 31);
  await expectNumbers(member, room, 1, 60);
  await member.expectSilence();
  await far.stop();
});
