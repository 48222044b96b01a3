// Two Redis servers: rooms are spread over both, and one of them can go without the other's rooms noticing.
import assert from 'node:assert/strict';
import { run, startNode } from './support/node.mjs';
import { until } from './support/processes.mjs';
import { startRedis } from './support/redis.mjs';
import { freshRoom, test } from './support/suite.mjs';

const say = (room, message) => ({ type: 'sendMessage', roomId: room, message });

function startOn(servers, id) {
  const urls = JSON.stringify(servers.map((each) => each.url));
  return startNode('--server.bus=redis', `--redis.urls=${urls}`, `--server.node-id=${id}`);
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
async function twoByTwo() {
  const servers = [await startRedis(), await startRedis()];
  const nodes = [await startOn(servers, 'n1'), await startOn([...servers].reverse(), 'n2')];
  for (const node of nodes) await works(node, 2);
  const clients = [await nodes[0].client(), await nodes[1].client()];
  const rooms = Array.from({ length: 20 }, () => freshRoom());
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
