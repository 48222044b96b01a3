// redis.channel = "%": a node and a classic Node.js server share their rooms, for a migration one server at a time.
import { Client } from './support/client.mjs';
import { startClassicServer } from './support/classic.mjs';
import { startClusterNode } from './support/node.mjs';
import { startRedis } from './support/redis.mjs';
import { ann, before, freshRoom, test } from './support/suite.mjs';

let node;
let classic;
before(async () => {
  const redis = await startRedis();
  classic = await startClassicServer(redis);
  node = await startClusterNode(redis, 'n1', '--redis.channel=%');
  await node.readiness(200);
});

const classicClient = () => Client.connect(classic.port, { path: '/' });

test('messages go from the classic server to the node and back, byte for byte alike', async () => {
  const room = freshRoom();
  const [old, modern] = [await classicClient(), await node.client()];
  await old.subscribe(room);
  await modern.subscribe(room);
  old.send({ type: 'sendMessage', roomId: room, message: 'from the old world' });
  const first = `{"type":"sendMessage","roomId":"${room}","message":"from the old world"}`;
  await old.expect(first);
  await modern.expect(first);
  modern.send({ type: 'sendMessage', roomId: room, message: { text: 'from the new', n: 1 } });
  const second = `{"type":"sendMessage","roomId":"${room}","message":{"text":"from the new","n":1}}`;
  await old.expect(second);
  await modern.expect(second);
});

test('join notices are plain payloads: classic members see them, and the joiner too', async () => {
  const room = freshRoom();
  const [old, modern] = [await classicClient(), await node.client()];
  await old.subscribe(room);
  await modern.ask({ type: 'join', roomId: room, user: ann });
  await old.expect(`{"type":"join","roomId":"${room}","user":{"id":"u1","name":"Ann"}}`);
  await modern.expect(`{"type":"join","roomId":"${room}","user":{"id":"u1","name":"Ann"}}`);
});

test('both see one order', async () => {
  const room = freshRoom();
  const [old, modern] = [await classicClient(), await node.client()];
  await old.subscribe(room);
  await modern.subscribe(room);
  for (let i = 0; i < 200; ++i) for (const client of [old, modern]) client.send({ type: 'sendMessage', roomId: room, message: i });
  for (let i = 0; i < 400; ++i) await modern.expect(await old.next());
  await node.stop();
});
