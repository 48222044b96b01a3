// Whatever happens to Redis or to the way there: clients stay connected, what was acknowledged is delivered once and in
// order to members with numbers, and readiness says how it is.
import assert from 'node:assert/strict';
import { Chance, seed } from './support/chance.mjs';
import { assertFlawless } from './support/checker.mjs';
import { Member } from './support/member.mjs';
import { startClusterNode } from './support/node.mjs';
import { delivered, HISTORY, recoverable, say, wholeLog } from './support/past.mjs';
import { elapse, until } from './support/processes.mjs';
import { startProxy } from './support/proxy.mjs';
import { Publisher } from './support/publisher.mjs';
import { startRedis } from './support/redis.mjs';
import { freshRoom, test } from './support/suite.mjs';

const NOTICED_MS = 3_000; // from the fault to /readyz 503
const HEALED_MS = 3_000; // from its end to 200: the longest step of a dial and the longest pause between two
const ACKS = 20; // of each publisher, before the fault and after it

/** A Redis, two nodes that reach it by a proxy each, members on both and publishers, one of them without keys. */
class Scene {
  constructor(redis, proxies, nodes) {
    Object.assign(this, { redis, proxies, nodes });
    this.room = freshRoom('long:room');
    const chance = new Chance(seed);
    const on = (i) => () => [nodes[i].port];
    this.members = [0, 0, 1, 1].map((i, n) => new Member({ name: `m${n}`, ports: on(i), rooms: [this.room], chance }));
    const publisher = (name, i, options) => () => new Publisher({ name, ports: on(i), rooms: [this.room], chance, ...options });
    this.begin = [publisher('a', 0), publisher('b', 1), publisher('once', 0, { repeat: false, everyMs: 30 })];
  }

  async publish() {
    for (const member of this.members) await member.whenSettled();
    this.publishers = this.begin.map((begin) => begin());
    await this.flows();
  }

  async flows() {
    await Promise.all(this.publishers.map((publisher) => publisher.more(ACKS)));
  }

  async readiness(status, ms) {
    await Promise.all(this.nodes.map((node) => node.readiness(status, ms)));
  }

  /** No more messages; all members have heard everything, and nothing is wrong with it. */
  async end() {
    await Promise.all(this.publishers.map((publisher) => publisher.stop()));
    const client = await this.nodes[0].client();
    const { seq } = await client.ok(recoverable(this.room));
    for (const member of this.members) await member.whenAt(this.room, seq);
    assertFlawless(this.members, this.publishers, [this.room]);
    for (const member of this.members) assert.equal(member.dials, 1, `${member.name} stayed connected`);
    for (const node of this.nodes) await node.stop();
  }
}

async function setScene(options) {
  const redis = await startRedis(options);
  const proxies = [await startProxy(redis), await startProxy(redis)];
  const nodes = await Promise.all(proxies.map((proxy, i) => startClusterNode(proxy, `n${i + 1}`, HISTORY)));
  await Promise.all(nodes.map((node) => node.readiness(200)));
  return new Scene(redis, proxies, nodes);
}

const onProxies = (deed) => ({ proxies }) => proxies.forEach(deed);

// -- faults that are noticed --------------------------------------------------------------------------------------------

const outages = [
  {
    name: 'Redis is restarted and keeps its log',
    options: { keeps: 'log' },
    begin: ({ redis }) => redis.stop(),
    end: ({ redis }) => redis.start(),
  },
  {
    name: 'Redis is restarted and keeps a snapshot',
    options: { keeps: 'snapshot' },
    begin: ({ redis }) => redis.stop(),
    end: ({ redis }) => redis.start(),
  },
  {
    name: 'Redis is killed and started again',
    options: { keeps: 'log' },
    begin: ({ redis }) => redis.kill(),
    end: ({ redis }) => redis.start(),
  },
  {
    name: 'Redis stands still for 10 s',
    lasts: 10_000,
    begin: ({ redis }) => redis.freeze(),
    end: ({ redis }) => redis.thaw(),
  },
  {
    name: 'Redis comes back with another password, then with the right one',
    options: { keeps: 'log', password: 'right' },
    lasts: 1_000,
    begin: async ({ redis }) => (await redis.stop(), redis.start({ password: 'wrong' })),
    end: async ({ redis }) => (await redis.kill(), redis.start()),
  },
  { name: 'the network swallows everything', begin: onProxies((proxy) => proxy.swallow()), end: onProxies((proxy) => proxy.heal()) },
  { name: 'replies are lost and links stay', begin: onProxies((proxy) => proxy.loseReplies()), end: onProxies((proxy) => proxy.loseReplies(false)) },
  { name: 'the network stands still', lasts: 4_000, begin: onProxies((proxy) => proxy.pause()), end: onProxies((proxy) => proxy.resume()) },
];

for (const { name, options, lasts = 0, begin, end } of outages)
  test(`${name}: 503, 200 again, and nothing that was acknowledged is lost`, async () => {
    const scene = await setScene(options);
    await scene.publish();
    await begin(scene);
    const begun = Date.now();
    await scene.readiness(503, NOTICED_MS);
    assert.equal((await scene.nodes[0].get('/healthz')).status, 200);
    await elapse(begun + lasts - Date.now());
    await end(scene);
    await scene.readiness(200, HEALED_MS);
    await scene.flows();
    await scene.end();
  }, { timeout: 120_000 });

// -- faults that need not be noticed --------------------------------------------------------------------------------------

const disturbances = [
  { name: 'links are cut', begin: onProxies((proxy) => proxy.cut()) },
  { name: 'replies are torn after one byte', begin: onProxies((proxy) => proxy.tear(1)) },
  { name: 'replies are torn in the middle', begin: onProxies((proxy) => proxy.tear(40)) },
  { name: 'latency goes up to 200 ms and down again', begin: onProxies((proxy) => proxy.delay(200)), end: onProxies((proxy) => proxy.heal()) },
  { name: 'one node alone loses its network', begin: ({ proxies }) => proxies[0].swallow(), end: ({ proxies }) => proxies[0].heal(), lasts: 3_000 },
];

for (const { name, lasts = 500, begin, end = () => {} } of disturbances)
  test(`${name}, three times: nothing that was acknowledged is lost`, async () => {
    const scene = await setScene();
    await scene.publish();
    for (let i = 0; i < 3; ++i) {
      await begin(scene);
      await elapse(lasts);
      await end(scene);
      await scene.readiness(200);
      await scene.flows();
    }
    await scene.end();
  }, { timeout: 120_000 });

test('out of memory for a while: refused, then as before, and no number is missing', async () => {
  const scene = await setScene();
  await scene.publish();
  await scene.redis.command('CONFIG', 'SET', 'maxmemory', 1);
  const client = await scene.nodes[0].client();
  assert.equal((await client.ask(say(scene.room, 'refused'))).code, 'bus_unavailable');
  await scene.redis.command('CONFIG', 'SET', 'maxmemory', 0);
  await scene.flows();
  await scene.end();
});

test('one reply is lost and the link stays: nobody is told the place of another message', async () => {
  const scene = await setScene();
  const [proxy] = scene.proxies;
  const client = await scene.nodes[0].client();
  proxy.loseReplies();
  client.send(say(scene.room, 'lost', { id: 'lost' }));
  await until(async () => (await scene.redis.command('HGET', `roomcast:meta:{${scene.room}}`, 's')) === '1' && proxy.swallowed > 0, 'the reply to be lost');
  proxy.loseReplies(false);
  for (let n = 1; n <= 20; ++n) client.send(say(scene.room, n, { id: n }));
  const answers = [];
  while (answers.length < 21) answers.push(await client.nextJson());
  await scene.readiness(200);
  const { messages } = await wholeLog(scene.nodes[0], scene.room);
  for (const { type, id, seq, code } of answers)
    if (type === 'ack') assert.equal(messages[seq - 1].message, id);
    else assert.equal(code, 'bus_unavailable');
  for (const node of scene.nodes) await node.stop();
});

test('a reply that never came: the outcome is unknown, and the key makes it one message', async () => {
  const scene = await setScene();
  const [node] = scene.nodes;
  const [client, member] = await node.clients(2);
  await member.ok(recoverable(scene.room));
  for (let n = 1, torn = 0; torn === 0; ++n) {
    assert.ok(n <= 50, 'the reply to a publish is torn now and then');
    scene.proxies[0].tear(10);
    const request = say(scene.room, n, { key: `k${n}` });
    const answer = await client.ask(request);
    if (answer.type === 'error') {
      assert.equal(answer.code, 'bus_unavailable');
      torn += 1;
    }
    const again = await until(async () => {
      const another = await client.ask(request);
      return another.type === 'ack' && another;
    }, 'the publish to be taken');
    assert.equal(again.seq, n);
    await member.expect(delivered(scene.room, n, n));
    await member.expectSilence();
  }
  for (const each of scene.nodes) await each.stop();
}, { timeout: 120_000 });
