// Redis restarts, freezes, or is not there yet: publishes are refused, clients stay, and all heals by itself.
import assert from 'node:assert/strict';
import { startCluster, startClusterNode } from './support/node.mjs';
import { until } from './support/processes.mjs';
import { absentRedis, startRedis } from './support/redis.mjs';
import { ann, freshRoom, test } from './support/suite.mjs';

const say = (room, message) => ({ type: 'sendMessage', roomId: room, message });

async function refused(client, request) {
  const answer = await client.ask(request);
  assert.equal(answer.code, 'bus_unavailable', JSON.stringify(answer));
}

/** Messages of `sender` reach `member` again; what was refused has not been delivered. */
async function flowsAgain(sender, member, room, message) {
  await sender.ok(say(room, message));
  await member.expect(say(room, message));
}

test('Redis is killed and started again: refused, not ready, then all as before', async () => {
  const redis = await startRedis();
  const [first, second] = await startCluster(redis, 2);
  const room = freshRoom();
  const [sender, member] = [await first.client(), await second.client()];
  await member.subscribe(room);
  await flowsAgain(sender, member, room, 'before');

  await redis.kill();
  await first.readiness(503);
  await second.readiness(503);
  assert.equal((await first.get('/healthz')).status, 200);
  await refused(sender, say(room, 'lost'));
  await refused(sender, { type: 'SUBSCRIBE', room: freshRoom() });
  await member.expectSilence();

  await redis.start();
  await first.readiness(200);
  await second.readiness(200);
  await flowsAgain(sender, member, room, 'after');
  await sender.subscribe(room);
  assert.ok((await second.stats()).bus.reconnects > 0);
  for (const node of [first, second]) await node.stop();
});

test('subscriptions wanted during an outage are there after it', async () => {
  const redis = await startRedis();
  const node = await startClusterNode(redis, 'n1', '--rooms.linger=0s');
  await node.readiness(200);
  const client = await node.client();
  const rooms = Array.from({ length: 20 }, () => freshRoom());
  await client.subscribe(...rooms);
  await redis.kill();
  await node.readiness(503);
  for (const room of rooms.slice(10)) await client.ok({ type: 'UNSUBSCRIBE', room });
  await redis.start();
  await node.readiness(200);
  const admin = await redis.client();
  const wanted = rooms.slice(0, 10).map((room) => `roomcast:ch:{${room}}`).sort().join();
  await until(async () => (await admin.pubSubChannels('roomcast:ch:*')).sort().join() === wanted, 'exactly the wanted channels');
  await node.stop();
});

test('Redis freezes: noticed by silence, and forgiven when it goes on', async () => {
  const redis = await startRedis();
  const node = await startClusterNode(redis, 'n1');
  await node.readiness(200);
  const room = freshRoom();
  const [sender, member] = await node.clients(2);
  await member.subscribe(room);
  redis.freeze();
  await refused(sender, say(room, 'outcome unknown'));
  await node.readiness(503);
  await refused(sender, say(room, 'refused at once'));
  redis.thaw();
  await node.readiness(200);
  await sender.ok(say(room, 'after'));
  // Redis may have executed what it had received: such a message may come, before the new one, and no other.
  const heard = (await member.nextJson()).message;
  if (heard === 'outcome unknown') await member.expect(say(room, 'after'));
  else assert.equal(heard, 'after');
  await node.stop();
});

test('Redis is absent at the start: the node serves, says so, and heals', async () => {
  const redis = await absentRedis();
  const node = await startClusterNode(redis, 'n1');
  assert.equal((await node.get('/healthz')).status, 200);
  assert.equal((await node.get('/readyz')).status, 503);
  await node.child.line(new RegExp(`(warning|error) .*${redis.port}`));
  const client = await node.client();
  const room = freshRoom();
  await refused(client, { type: 'SUBSCRIBE', room });
  await refused(client, { type: 'join', roomId: room, user: ann });
  await redis.start();
  await node.readiness(200);
  await client.subscribe(room);
  await flowsAgain(client, client, room, 'at last');
  await node.stop();
});

test('a node that never finds its Redis still stops with exit code 0', async () => {
  const node = await startClusterNode(await absentRedis(), 'n1');
  await node.clients(3);
  await node.stop();
});
