// Two Redis servers: rooms are spread over both, and one of them can go without the other's rooms noticing.
import assert from 'node:assert/strict';
import { run, startNode } from './support/node.mjs';
import { delivered, HISTORY, recover, recoverable, say } from './support/past.mjs';
import { until } from './support/processes.mjs';
import { startRedis } from './support/redis.mjs';
import { ann, bob, cleo, freshRoom, test } from './support/suite.mjs';

function startOn(servers, id, ...flags) {
  const urls = JSON.stringify(servers.map((each) => each.url));
  return startNode('--server.bus=redis', `--redis.urls=${urls}`, `--server.node-id=${id}`, ...flags);
}

const works = (node, count) =>
  until(async () => (await node.get('/readyz')).body.includes(`${count} of 2 Redis servers work`), `${count} of 2 servers of ${node.url}`);

const isWhole = (bus) => bus.ready && bus.subscriptions_confirmed === bus.subscriptions_wanted;

async function roomsAt(redis) {
  redis.admin ??= await redis.client();
  return (await redis.admin.pubSubChannels('roomcast:ch:*')).map((channel) => /\{(.*)\}/.exec(channel)[1]).sort();
}

async function refused(client, request) {
  const answer = await client.ask(request);
  assert.equal(answer.code, 'bus_unavailable', JSON.stringify(answer));
}

async function everyoneTalks(clients, rooms, message) {
  for (const [i, room] of rooms.entries()) {
    await clients[i % clients.length].ok(say(room, message));
    for (const client of clients) await client.expect(say(room, message));
  }
}

/** Two servers, two nodes whose lists are in different orders, and a client of each in twenty rooms. */
async function twoByTwo({ keeps, stem, flags = [] } = {}) {
  const servers = [await startRedis({ keeps }), await startRedis({ keeps })];
  const nodes = [await startOn(servers, 'n1', ...flags), await startOn([...servers].reverse(), 'n2', ...flags)];
  for (const node of nodes) await works(node, 2);
  const clients = [await nodes[0].client(), await nodes[1].client()];
  const rooms = Array.from({ length: 20 }, () => freshRoom(stem));
  for (const client of clients) await client.subscribe(...rooms);
  return { servers, nodes, clients, rooms, where: [await roomsAt(servers[0]), await roomsAt(servers[1])] };
}

test('rooms are spread over both servers and everyone talks', async () => {
  const { nodes, clients, rooms, where } = await twoByTwo();
  assert.ok(where[0].length > 0 && where[1].length > 0, JSON.stringify(where));
  assert.deepEqual([...where[0], ...where[1]].sort(), [...rooms].sort());
  await everyoneTalks(clients, rooms, 'hello');
  const { buses, node } = await nodes[0].stats();
  assert.deepEqual(buses.map((bus) => [bus.ready, bus.subscriptions_confirmed]).sort(), where.map((each) => [true, each.length]).sort());
  const cluster = (await nodes[1].stats('cluster')).nodes;
  assert.deepEqual(cluster.map(({ id, ring, ring_differs }) => [id, ring, ring_differs]), [['n1', node.ring, false], ['n2', node.ring, false]]);
  for (const each of nodes) await each.stop();
});

test('one server dies: its rooms are refused, the others go on, and all heals', async () => {
  const { servers, nodes, clients, where } = await twoByTwo();
  const [dead, alive] = where;
  await servers[0].kill();
  for (const node of nodes) {
    await works(node, 1);
    assert.equal((await node.get('/readyz')).status, 200);
  }
  for (const room of dead) await refused(clients[0], say(room, 'lost'));
  const late = await nodes[1].client();
  await refused(late, { type: 'SUBSCRIBE', room: dead[0] });
  await late.subscribe(alive[0]);
  await late.ok({ type: 'UNSUBSCRIBE', room: alive[0] });
  await everyoneTalks(clients, alive, 'still here');
  assert.deepEqual((await nodes[0].stats('cluster')).nodes.map((node) => node.id), ['n1', 'n2']);
  const listed = await run(['stats', '--node', nodes[0].url]);
  assert.match(listed.stdout, new RegExp(`127\\.0\\.0\\.1:${servers[0].port}/0 +(down|connecting) +no `));
  assert.match(listed.stdout, new RegExp(`127\\.0\\.0\\.1:${servers[1].port}/0 +up +yes `));

  await servers[0].start();
  for (const node of nodes) await works(node, 2);
  for (const node of nodes) await until(async () => (await node.stats()).buses.every(isWhole), 'all rooms to be subscribed again');
  assert.deepEqual(await roomsAt(servers[0]), dead);
  await everyoneTalks(clients, [...dead, ...alive], 'again');
  await late.subscribe(dead[0]);
  for (const node of nodes) await node.stop();
});

/** Publishes the number, with a key, until it is acknowledged. */
async function insist(client, room, n) {
  let answer;
  await until(async () => (answer = await client.ask(say(room, n, { key: `k${n}` }))).type === 'ack', () => `an ack: ${JSON.stringify(answer)}`);
  assert.equal(answer.seq, n);
}

/** The next numbered messages of the room are first..last; notices of others may be between them. */
async function hears(client, room, first, last) {
  const isNumbered = (text) => text.startsWith(`{"type":"sendMessage","roomId":"${room}"`);
  for (let n = first; n <= last; ++n) assert.equal(await client.take(isNumbered, `message ${n} of ${room}`), delivered(room, n, n));
}

/** The node lists just these users. */
async function lists(client, room, ...users) {
  let answer;
  const ids = (list) => JSON.stringify(list?.map(({ id }) => id).sort());
  await until(async () => ids((answer = await client.ask({ type: 'presence', room })).users) === ids(users), () => `presence of ${room}: ${JSON.stringify(answer)}`);
}

test('one server dies and comes back with its data: history and presence are whole, those of the other never were disturbed', async () => {
  const { servers, nodes, clients, where } = await twoByTwo({ keeps: 'log', stem: 'h:room', flags: [HISTORY] });
  const [dead, alive] = where.map((rooms) => rooms[0]);
  const users = [await nodes[0].client(), await nodes[1].client(), await nodes[1].client()];
  for (const [i, user] of [ann, bob, cleo].entries())
    for (const roomId of [dead, alive]) assert.equal((await users[i].ask({ type: 'join', roomId, user })).type, 'joined');
  const members = [await nodes[0].client(), await nodes[1].client()];
  const leaver = await nodes[0].client();
  for (const member of [...members, leaver]) for (const room of [dead, alive]) await member.ok(recoverable(room));
  const { epoch } = await leaver.ok(recoverable(dead));
  for (let n = 1; n <= 10; ++n) for (const room of [dead, alive]) await insist(clients[0], room, n);
  for (const member of [...members, leaver]) for (const room of [dead, alive]) await hears(member, room, 1, 10);

  await servers[0].kill();
  for (const node of nodes) await works(node, 1);
  await refused(clients[0], say(dead, 11, { key: 'k11' }));
  await refused(clients[1], { type: 'presence', room: dead });
  await leaver.close();
  await users[2].close();
  for (let n = 11; n <= 20; ++n) assert.equal((await clients[1].ok(say(alive, n))).seq, n);
  for (const member of members) await hears(member, alive, 11, 20);
  for (const client of clients) await lists(client, alive, ann, bob);

  await servers[0].start();
  for (const node of nodes) await works(node, 2);
  for (let n = 11; n <= 20; ++n) await insist(clients[n % 2], dead, n);
  for (const member of members) await hears(member, dead, 11, 20);
  for (const client of clients) for (const room of [dead, alive]) await lists(client, room, ann, bob);
  const back = await nodes[1].client();
  assert.equal((await recover(back, dead, { epoch, seq: 10 })).recovered, true);
  await hears(back, dead, 11, 20);
  for (const room of [dead, alive]) await insist(clients[0], room, 21);
  for (const member of members) for (const room of [dead, alive]) await hears(member, room, 21, 21); // nothing twice before it
  for (const node of nodes) await node.stop();
});

test('without any server the node is not ready', async () => {
  const { servers, nodes, clients, rooms } = await twoByTwo();
  for (const server of servers) await server.kill();
  for (const node of nodes) {
    await node.readiness(503);
    assert.match((await node.get('/readyz')).body, /0 of 2 Redis servers work/);
  }
  for (const room of rooms.slice(0, 5)) await refused(clients[1], say(room, 'lost'));
  await servers[1].start();
  for (const node of nodes) await node.readiness(200);
  for (const node of nodes) await node.stop();
});

test('a server that is absent at the start takes only its rooms away', async () => {
  const servers = [await startRedis(), await startRedis()];
  await servers[1].kill();
  const node = await startOn(servers, 'n1');
  await works(node, 1);
  const client = await node.client();
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.ask({ type: 'SUBSCRIBE', room: freshRoom() })));
  const codes = new Set(answers.map((answer) => answer.code ?? answer.type));
  assert.deepEqual([...codes].sort(), ['ack', 'bus_unavailable']);
  await node.stop();
});

test('nodes with different lists say so', async () => {
  const servers = [await startRedis(), await startRedis()];
  const [few, many] = [await startOn(servers.slice(0, 1), 'few'), await startOn(servers, 'many')];
  await few.readiness(200);
  await works(many, 2);
  for (const [node, stranger] of [[few, 'many'], [many, 'few']]) {
    await until(async () => (await node.stats('cluster')).nodes.length === 2, 'both heartbeats');
    const differing = (await node.stats('cluster')).nodes.filter((each) => each.ring_differs).map((each) => each.id);
    assert.deepEqual(differing, [stranger]);
    const listed = await run(['stats', '--node', node.url, 'cluster']);
    assert.match(listed.stdout, new RegExp(`^${stranger} .* !$`, 'm'));
    assert.match(listed.stdout, /^! other redis\.urls /m);
    await node.child.line(new RegExp(` warning redis_urls_differ .*nodes=${stranger}\\b`));
  }
  await many.stop();
  await few.child.line(/ info redis_urls_agree /);
  assert.equal(few.child.lines.filter((line) => line.includes(' redis_urls_differ ')).length, 1);
  await few.stop();
});
