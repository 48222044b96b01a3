// The formats that clients of the classic designs send, as they are, and what those clients receive: on one node, and
// on two that meet in Redis.
import assert from 'node:assert/strict';
import { startCluster, startNode } from './support/node.mjs';
import { startRedis } from './support/redis.mjs';
import * as suite from './support/suite.mjs';

const { ann, bob, freshRoom } = suite;

/** Clients go to the nodes in turn. */
class Nodes {
  constructor(nodes) {
    this.nodes = nodes;
    this.next = 0;
  }

  client(options) {
    return this.nodes[this.next++ % this.nodes.length].client(options);
  }

  clients(count) {
    return Promise.all(Array.from({ length: count }, () => this.client()));
  }
}

function formats(where, start) {
  const test = (name, body) => suite.test(`${where}: ${name}`, body);

  let node;
  suite.before(async () => {
    node = new Nodes(await start());
  });

  test('SUBSCRIBE, sendMessage, UNSUBSCRIBE: members receive type, roomId and message and nothing else', async () => {
    const [sender, member] = await node.clients(2);
    const room = freshRoom();
    sender.send({ type: 'SUBSCRIBE', room });
    await sender.expectSilence();
    await member.subscribe(room);
    await sender.subscribe(room);
    sender.send({ type: 'sendMessage', roomId: room, message: 'hey cashing' });
    const delivered = `{"type":"sendMessage","roomId":"${room}","message":"hey cashing"}`;
    await member.expect(delivered);
    await sender.expect(delivered);
    sender.send({ type: 'UNSUBSCRIBE', room });
    member.send({ type: 'sendMessage', roomId: room, message: 'gone?' });
    await member.expect({ type: 'sendMessage', roomId: room, message: 'gone?' });
  });

  for (const type of ['sendMessage', 'SEND_MESSAGE', 'publish'])
    test(`${type} is delivered under the type its publisher used`, async () => {
      const client = await node.client();
      const room = freshRoom();
      await client.subscribe(room);
      client.send({ type, roomId: room, message: 'a' });
      client.send({ type, room, message: 'b' });
      await client.expect(`{"type":"${type}","roomId":"${room}","message":"a"}`, `{"type":"${type}","roomId":"${room}","message":"b"}`);
    });

  test('subscribe and unsubscribe in lower case, room and roomId alike', async () => {
    const client = await node.client();
    const room = freshRoom();
    await client.ok({ type: 'subscribe', roomId: room });
    await client.ok({ type: 'publish', room, message: 1 });
    await client.expect({ type: 'publish', roomId: room, message: 1 });
    await client.ok({ type: 'unsubscribe', roomId: room });
    await client.ok({ type: 'publish', room, message: 2 });
    await client.expectSilence();
  });

  test('create, join, chat and exit with users', async () => {
    const [first, second] = await node.clients(2);
    const room = freshRoom();
    first.send({ type: 'create', roomId: room, user: ann });
    await first.expect(`{"type":"create","roomId":"${room}","user":{"id":"u1","name":"Ann"}}`);
    second.send({ type: 'join', roomId: room, user: bob });
    await second.expect({ type: 'joined', roomId: room, count: 2, users: [ann, bob] });
    await first.expect(`{"type":"join","roomId":"${room}","user":{"id":"u2","name":"Bob"}}`);
    second.send({ type: 'chat', roomId: room, user: bob, message: 'hi' });
    const chat = `{"type":"chat","roomId":"${room}","user":{"id":"u2","name":"Bob"},"message":"hi"}`;
    await first.expect(chat);
    await second.expect(chat);
    second.send({ type: 'exit', roomId: room, user: bob });
    await first.expect(`{"type":"exit","roomId":"${room}","user":{"id":"u2","name":"Bob"}}`);
    await second.expectSilence();
  });

  test('create without a roomId makes a room under a UUID', async () => {
    const [owner, guest] = await node.clients(2);
    owner.send({ type: 'create', user: ann });
    const created = await owner.nextJson();
    assert.match(created.roomId, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    assert.deepEqual(created, { type: 'create', roomId: created.roomId, user: ann });
    await guest.ok({ type: 'sendMessage', roomId: created.roomId, message: 'found you' });
    await owner.expect({ type: 'sendMessage', roomId: created.roomId, message: 'found you' });
  });

  test('create of a room that exists joins it', async () => {
    const [owner, second] = await node.clients(2);
    const room = freshRoom();
    await owner.ask({ type: 'create', roomId: room, user: ann });
    assert.deepEqual(await second.ask({ type: 'create', roomId: room, user: bob }), { type: 'create', roomId: room, user: bob, id: 'q1' });
    await owner.expect({ type: 'join', roomId: room, user: bob });
  });

  test('unknown fields are ignored', async () => {
    const client = await node.client();
    const room = freshRoom();
    await client.ok({ type: 'SUBSCRIBE', room, colour: 'green', token: { a: [1] } });
    await client.ok({ type: 'sendMessage', roomId: room, message: 'm', at: 5 });
    await client.expect(`{"type":"sendMessage","roomId":"${room}","message":"m"}`);
  });

  test('one connection is a member of several rooms and hears each of them', async () => {
    const [member, sender] = await node.clients(2);
    const rooms = [freshRoom(), freshRoom(), freshRoom()];
    await member.subscribe(...rooms);
    for (const room of rooms) {
      await sender.ok({ type: 'sendMessage', roomId: room, message: room });
      await member.expect({ type: 'sendMessage', roomId: room, message: room });
    }
  });

  test('ping is answered by pong, with the id if there was one', async () => {
    const client = await node.client();
    client.send('{"type":"ping"}');
    client.send('{"type":"ping","id":null}');
    client.send('{"type":"ping","id":12.50}');
    await client.expect('{"type":"pong"}', '{"type":"pong","id":null}', '{"type":"pong","id":12.50}');
  });

  test('the upgrade works on / and on /ws and nowhere else', async () => {
    for (const path of ['/', '/ws', '/ws?token=1']) await (await node.client({ path })).expectSilence();
    await assert.rejects(node.client({ path: '/elsewhere' }), /404/);
  });

  test('subprotocols: ours is named, an unknown offer is answered by its first, none by none', async () => {
    const named = async (...protocols) => (await node.client({ protocols })).socket.protocol;
    assert.equal(await named('roomcast.v1'), 'roomcast.v1');
    assert.equal(await named('graphql-ws', 'roomcast.v1'), 'roomcast.v1');
    assert.equal(await named('chat', 'superchat'), 'chat');
    assert.equal(await named(), '');
  });
}

formats('one node', async () => [await startNode()]);
formats('two nodes', async () => startCluster(await startRedis(), 2));
