// Who is a member, who hears what, in which order.
import assert from 'node:assert/strict';
import { startNode } from './support/node.mjs';
import { until } from './support/processes.mjs';
import { ann, before, bob, cleo, freshRoom, test } from './support/suite.mjs';

let node;
before(async () => {
  node = await startNode();
});

test('a sender that is no member publishes and gets no copy', async () => {
  const [sender, member] = await node.clients(2);
  const room = freshRoom();
  await member.subscribe(room);
  await sender.ok({ type: 'sendMessage', roomId: room, message: 1 });
  await member.expect({ type: 'sendMessage', roomId: room, message: 1 });
  await sender.expectSilence();
});

test('an ack carries id and room, and a success without id is silent', async () => {
  const client = await node.client();
  const room = freshRoom();
  client.send(`{"type":"SUBSCRIBE","room":"${room}","id":"a b"}`);
  await client.expect(`{"type":"ack","id":"a b","room":"${room}"}`);
  client.send(`{"type":"SUBSCRIBE","room":"${room}"}`);
  client.send(`{"type":"UNSUBSCRIBE","room":"${room}"}`);
  client.send(`{"type":"sendMessage","roomId":"${room}","message":1}`);
  await client.expectSilence();
  client.send(`{"type":"UNSUBSCRIBE","room":"${room}","id":false}`);
  await client.expect(`{"type":"ack","id":false,"room":"${room}"}`);
});

test('requests with an answer of their own carry the id in it and get no ack besides', async () => {
  const client = await node.client();
  const room = freshRoom();
  client.send({ type: 'join', roomId: room, user: ann, id: 1 });
  await client.expect({ type: 'joined', roomId: room, count: 1, users: [ann], id: 1 });
  client.send({ type: 'presence', room, id: 2 });
  await client.expect({ type: 'presence', room, count: 1, users: [ann], id: 2 });
  client.send({ type: 'create', roomId: freshRoom(), user: ann, id: 3 });
  assert.equal((await client.nextJson()).id, 3);
  await client.expectSilence();
});

test('a repeated SUBSCRIBE is a success and delivers once', async () => {
  const client = await node.client();
  const room = freshRoom();
  await client.subscribe(room, room, room);
  client.send({ type: 'sendMessage', roomId: room, message: 1 });
  await client.expect({ type: 'sendMessage', roomId: room, message: 1 });
  await client.expectSilence();
});

test('UNSUBSCRIBE of a room not joined is a success', async () => {
  const client = await node.client();
  await client.ok({ type: 'UNSUBSCRIBE', room: freshRoom() });
});

test('a pipelined SUBSCRIBE and publish sees its own message', async () => {
  const client = await node.client();
  for (let i = 0; i < 50; ++i) {
    const room = freshRoom();
    client.send({ type: 'SUBSCRIBE', room });
    client.send({ type: 'sendMessage', roomId: room, message: i });
    await client.expect({ type: 'sendMessage', roomId: room, message: i });
  }
});

test('pipelined joins and leaves of one room take effect in order', async () => {
  const client = await node.client();
  const room = freshRoom();
  for (let i = 0; i < 10; ++i) {
    client.send({ type: 'SUBSCRIBE', room });
    client.send({ type: 'sendMessage', roomId: room, message: i });
    client.send({ type: 'UNSUBSCRIBE', room });
  }
  await client.ok({ type: 'SUBSCRIBE', room });
  const heard = client.queue.splice(0).map((text) => JSON.parse(text).message);
  // A leave may overtake the copy of the message before it on its way back, but nothing comes twice or out of order.
  assert.equal(new Set(heard).size, heard.length);
  assert.deepEqual(heard, [...heard].sort((a, b) => a - b));
});

test('messages of one sender arrive in the order they were sent', async () => {
  const [sender, member] = await node.clients(2);
  const room = freshRoom();
  await member.subscribe(room);
  for (let i = 0; i < 2_000; ++i) sender.send({ type: 'sendMessage', roomId: room, message: i });
  for (let i = 0; i < 2_000; ++i) assert.equal((await member.nextJson()).message, i);
});

test('join notices go to the others only, exit notices too', async () => {
  const [first, second, silent] = await node.clients(3);
  const room = freshRoom();
  await silent.subscribe(room);
  await first.ask({ type: 'join', roomId: room, user: ann });
  await first.expectSilence();
  await silent.expect({ type: 'join', roomId: room, user: ann });
  await second.ask({ type: 'join', roomId: room, user: bob });
  await second.expectSilence();
  await first.expect({ type: 'join', roomId: room, user: bob });
  await silent.expect({ type: 'join', roomId: room, user: bob });
  await first.ok({ type: 'exit', roomId: room, user: ann });
  await first.expectSilence();
  await second.expect({ type: 'exit', roomId: room, user: ann });
  await silent.expect({ type: 'exit', roomId: room, user: ann });
});

test('a SUBSCRIBE without a user is announced to nobody and counted by nobody', async () => {
  const [member, silent] = await node.clients(2);
  const room = freshRoom();
  await member.ask({ type: 'join', roomId: room, user: ann });
  await silent.subscribe(room);
  await silent.ok({ type: 'UNSUBSCRIBE', room });
  await member.expectSilence();
  assert.equal((await member.ask({ type: 'presence', room })).count, 1);
});

for (const how of ['close', 'drop'])
  test(`a connection that ends by ${how} leaves all its rooms with "reason":"disconnect"`, async () => {
    const [member, leaver] = await node.clients(2);
    const rooms = [freshRoom(), freshRoom()];
    for (const room of rooms) {
      await member.ask({ type: 'join', roomId: room, user: ann });
      await leaver.ask({ type: 'join', roomId: room, user: bob });
      await member.expect({ type: 'join', roomId: room, user: bob });
    }
    await leaver[how]();
    const notices = [await member.nextJson(), await member.nextJson()].sort((a, b) => rooms.indexOf(a.roomId) - rooms.indexOf(b.roomId));
    assert.deepEqual(notices, rooms.map((roomId) => ({ type: 'exit', roomId, user: bob, reason: 'disconnect' })));
    for (const room of rooms) assert.deepEqual((await member.ask({ type: 'presence', room })).users, [ann]);
  });

test('presence counts connections and lists distinct users', async () => {
  const [one, two, three, asker] = await node.clients(4);
  const room = freshRoom();
  assert.deepEqual(await asker.ask({ type: 'presence', room }), { type: 'presence', room, count: 0, users: [], id: 'q1' });
  await one.ask({ type: 'join', roomId: room, user: ann });
  await two.ask({ type: 'join', roomId: room, user: ann });
  await three.ask({ type: 'join', roomId: room, user: cleo });
  const answer = await asker.ask({ type: 'presence', room });
  assert.equal(answer.count, 3);
  assert.deepEqual(answer.users, [ann, cleo]);
});

test('a list of users ends after 100 with "more" and goes on with "after"', async () => {
  const room = freshRoom();
  const clients = await node.clients(120);
  for (const [i, client] of clients.entries()) await client.ask({ type: 'join', roomId: room, user: { id: i } });
  const first = await clients[0].ask({ type: 'presence', room });
  assert.equal(first.count, 120);
  assert.equal(first.users.length, 100);
  assert.equal(first.more, true);
  const rest = await clients[0].ask({ type: 'presence', room, after: first.users.at(-1).id });
  assert.equal(rest.users.length, 20);
  assert.equal(rest.more, undefined);
  assert.equal(new Set([...first.users, ...rest.users].map((user) => user.id)).size, 120);
  await Promise.all(clients.map((client) => client.close()));
});

test('rooms that nobody needs any more disappear from the stats', async () => {
  const client = await node.client();
  const room = freshRoom();
  await client.subscribe(room);
  assert.ok((await node.stats('rooms')).rooms.some((each) => each.room === room));
  await client.close();
  await until(async () => !(await node.stats('rooms')).rooms.some((each) => each.room === room), 'the end of an empty room');
});
