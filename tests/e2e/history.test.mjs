// Rooms with history, on the memory bus and on Redis: positions, numbers, the history request, keys.
import assert from 'node:assert/strict';
import { startClusterNode } from './support/node.mjs';
import { delivered, expectNumbers, fill, HISTORY, publishNumbers, recoverable, say, testOnEachBus } from './support/past.mjs';
import { startRedis } from './support/redis.mjs';
import { ann, freshRoom, test } from './support/suite.mjs';

const EPOCH = /^[0-9a-f]{16}$/;
const kept = () => freshRoom('h:room');

// -- positions ------------------------------------------------------------------------------------------------------

testOnEachBus('the ack of a publish carries epoch and seq, dense from 1', async (near, far) => {
  const room = kept();
  const publishers = [await near.client(), await far.client()];
  const first = await publishers[0].ok(say(room, 1));
  assert.match(first.epoch, EPOCH);
  assert.equal(first.seq, 1);
  assert.equal(first.room, room);
  for (let n = 2; n <= 20; ++n) {
    const ack = await publishers[n % 2].ok(say(room, n));
    assert.deepEqual([ack.epoch, ack.seq], [first.epoch, n]);
  }
});

testOnEachBus('every room has its own numbers', async (near) => {
  const client = await near.client();
  const [one, two] = [kept(), kept()];
  await fill(client, one, 3);
  assert.equal((await client.ok(say(two, 1))).seq, 1);
  assert.equal((await client.ok(say(one, 4))).seq, 4);
});

testOnEachBus('publishes that are pipelined by many get dense numbers', async (near, far) => {
  const room = kept();
  const publishers = [...(await near.clients(5)), ...(await far.clients(5))];
  const acks = await Promise.all(publishers.flatMap((each) => Array.from({ length: 20 }, (_, n) => each.ok(say(room, n)))));
  const seqs = acks.map(({ seq }) => seq).sort((a, b) => a - b);
  assert.deepEqual(seqs, Array.from({ length: 200 }, (_, i) => i + 1));
});

testOnEachBus('the ack of a recoverable subscribe carries the position', async (near, far) => {
  const room = kept();
  const fresh = await (await near.client()).ok(recoverable(room));
  assert.match(fresh.epoch, EPOCH);
  assert.deepEqual([fresh.seq, fresh.recoverable], [0, true]);
  const publisher = await far.client();
  const top = await fill(publisher, room, 5);
  assert.equal(top.epoch, fresh.epoch);
  for (const node of [near, far]) {
    const ack = await (await node.client()).ok(recoverable(room));
    assert.deepEqual([ack.epoch, ack.seq, ack.recoverable], [top.epoch, 5, true]);
  }
});

testOnEachBus('a room without history: recoverable is false, recovered is false, publishes have no position', async (near, far) => {
  const room = freshRoom();
  const member = await near.client();
  const ack = await member.ok(recoverable(room));
  assert.deepEqual([ack.recoverable, ack.epoch, ack.seq], [false, undefined, undefined]);
  const again = await (await far.client()).ok(recoverable(room, { recover: { epoch: '0123456789abcdef', seq: 0 } }));
  assert.deepEqual([again.recoverable, again.recovered], [false, false]);
  const published = await (await far.client()).ok(say(room, 'plain'));
  assert.deepEqual([published.epoch, published.seq], [undefined, undefined]);
  await member.expect(delivered(room, 'plain'));
});

// -- deliveries -----------------------------------------------------------------------------------------------------

testOnEachBus('recoverable members get the number as last field, others the classic bytes', async (near, far) => {
  const room = kept();
  const numbered = [await near.client(), await far.client()];
  const classic = [await near.client(), await far.client()];
  for (const each of numbered) await each.ok(recoverable(room));
  await classic[0].subscribe(room);
  await classic[1].ok({ type: 'SUBSCRIBE', room, recoverable: false });
  const publisher = await far.client();
  for (let n = 1; n <= 5; ++n) await publisher.ok(say(room, { n: `}"${n}` }));
  for (let n = 1; n <= 5; ++n) {
    for (const each of numbered) await each.expect(delivered(room, { n: `}"${n}` }, n));
    for (const each of classic) await each.expect(delivered(room, { n: `}"${n}` }));
  }
  for (const each of [...numbered, ...classic]) await each.expectSilence();
});

testOnEachBus('all kinds of messages are numbered, and nothing is re-written', async (near) => {
  const room = kept();
  const [member, publisher] = await near.clients(2);
  await member.ok(recoverable(room));
  publisher.send(`{ "type":"publish", "room":"${room}", "message":[1.0,  2e3] }`);
  await member.expect(`{"type":"publish","roomId":"${room}","message":[1.0,  2e3],"seq":1}`);
  await publisher.ok({ type: 'chat', roomId: room, user: ann, message: 'hi' });
  await member.expect(`{"type":"chat","roomId":"${room}","user":${JSON.stringify(ann)},"message":"hi","seq":2}`);
});

testOnEachBus('join and exit notices carry no number and leave no hole', async (near, far) => {
  const room = kept();
  const [member, publisher] = [await near.client(), await far.client()];
  await member.ok(recoverable(room));
  await publisher.ok(say(room, 1));
  await publisher.ask({ type: 'join', roomId: room, user: ann });
  await publisher.ok(say(room, 2));
  await publisher.ok({ type: 'exit', roomId: room, user: ann });
  await publisher.ok(say(room, 3));
  await member.expect(delivered(room, 1, 1), { type: 'join', roomId: room, user: ann }, delivered(room, 2, 2));
  await member.expect({ type: 'exit', roomId: room, user: ann }, delivered(room, 3, 3));
});

testOnEachBus('a repeated subscribe switches the numbers on and off', async (near) => {
  const room = kept();
  const client = await near.client();
  await client.subscribe(room);
  client.send(say(room, 1));
  await client.expect(delivered(room, 1));
  assert.equal((await client.ok(recoverable(room))).seq, 1);
  client.send(say(room, 2));
  await client.expect(delivered(room, 2, 2));
  await client.subscribe(room);
  client.send(say(room, 3));
  await client.expect(delivered(room, 3));
});

// -- the history request ----------------------------------------------------------------------------------------------

const numbers = (room, first, last) => Array.from({ length: last - first + 1 }, (_, i) => ({ ...say(room, first + i), seq: first + i }));

testOnEachBus('history answers the newest messages, oldest first, and pages back', async (near, far) => {
  const room = kept();
  const [publisher, reader] = [await near.client(), await far.client()];
  const { epoch } = await fill(publisher, room, 10);
  const page = (extra) => reader.ask({ type: 'history', room, ...extra });
  const answer = (first, last, more) => ({ type: 'history', room, epoch, messages: numbers(room, first, last), more, id: `q${reader.lastId}` });
  assert.deepEqual(await page({ limit: 4 }), answer(7, 10, true));
  assert.deepEqual(await page({ limit: 4, before: 7 }), answer(3, 6, true));
  assert.deepEqual(await page({ limit: 4, before: 3 }), answer(1, 2, false));
  assert.deepEqual(await page({ limit: 10 }), answer(1, 10, false));
  assert.deepEqual(await page({ limit: 100 }), answer(1, 10, false));
  assert.deepEqual(await page({ limit: 100, before: 1000 }), answer(1, 10, false));
  assert.deepEqual((await page({ limit: 4, before: 1 })).messages, []);
  assert.deepEqual((await page({})).messages.at(-1), numbers(room, 10, 10)[0]);
});

testOnEachBus('history without an id is answered, and needs no membership', async (near, far) => {
  const room = kept();
  const [publisher, reader] = [await near.client(), await far.client()];
  const { epoch } = await fill(publisher, room, 1);
  reader.send({ type: 'history', roomId: room, limit: 5 });
  await reader.expect({ type: 'history', room, epoch, messages: numbers(room, 1, 1), more: false });
  await reader.ok(say(room, 2));
  await reader.expectSilence();
});

testOnEachBus('history repeats the messages byte for byte', async (near, far) => {
  const room = kept();
  const [publisher, reader] = [await near.client(), await far.client()];
  publisher.send(`{"type":"chat","roomId":"${room}","user":{ "id":1 },"message":[1.0,  "\\u00e9"]}`);
  const { epoch } = await publisher.ok(say(room, 'last'));
  reader.send({ type: 'history', room, limit: 2 });
  await reader.expect(`{"type":"history","room":"${room}","epoch":"${epoch}","messages":[{"type":"chat","roomId":"${room}","user":{ "id":1 },"message":[1.0,  "\\u00e9"],"seq":1},${delivered(room, 'last', 2)}],"more":false}`);
});

for (const [kind, stem] of [['an empty room', 'h:room'], ['a room without history', 'room']])
  testOnEachBus(`history of ${kind} has no messages`, async (near) => {
    const client = await near.client();
    const room = freshRoom(stem);
    if (stem === 'room') await client.ok(say(room, 'forgotten'));
    const { epoch, ...answer } = await client.ask({ type: 'history', room, limit: 10 });
    assert.deepEqual(answer, { type: 'history', room, messages: [], more: false, id: 'q' + client.lastId });
    if (epoch !== undefined) assert.match(epoch, EPOCH);
  });

testOnEachBus('what the history-size does not hold is gone', async (near) => {
  const room = kept();
  const client = await near.client();
  await fill(client, room, 450);
  const { messages } = await client.ask({ type: 'history', room, limit: 1000 });
  assert.ok(messages.length >= 100 && messages.length < 450, `${messages.length} kept of a size of 100`);
  assert.deepEqual(messages, numbers(room, 451 - messages.length, 450));
});

testOnEachBus('a long history is answered in several pages without a hole', async (near, far) => {
  const room = kept();
  const publisher = await near.client();
  const text = 'x'.repeat(20_000);
  for (let n = 1; n <= 100; ++n) await publisher.ok(say(room, text));
  const reader = await far.client();
  const seqs = [];
  for (let before, more = true; more; before = seqs[0]) {
    const answer = await reader.ask({ type: 'history', room, limit: 1000, ...(before && { before }) });
    assert.ok(answer.messages.length > 0);
    seqs.unshift(...answer.messages.map(({ seq }) => seq));
    more = answer.more;
  }
  assert.deepEqual(seqs, Array.from({ length: 100 }, (_, i) => i + 1));
});

// -- the newest on subscribe --------------------------------------------------------------------------------------------

testOnEachBus('history on subscribe: the last N messages, then live ones', async (near, far) => {
  const room = kept();
  const [publisher, member, classic] = [await near.client(), await far.client(), await far.client()];
  await fill(publisher, room, 10);
  const ack = await member.ok(recoverable(room, { history: 3 }));
  assert.deepEqual([ack.seq, ack.recoverable], [10, true]);
  await expectNumbers(member, room, 8, 10);
  await classic.ok({ type: 'SUBSCRIBE', room, history: 3 });
  for (const n of [8, 9, 10]) await classic.expect(delivered(room, n));
  await publisher.ok(say(room, 11));
  await member.expect(delivered(room, 11, 11));
  await classic.expect(delivered(room, 11));
  for (const each of [member, classic]) await each.expectSilence();
});

testOnEachBus('history on subscribe under a running publisher has no hole and no duplicate', async (near, far) => {
  const room = freshRoom('long:room');
  const publisher = await near.client();
  const numbers = publishNumbers(publisher, room);
  const members = [];
  for (let i = 0; i < 20; ++i) {
    const member = await (i % 2 ? near : far).client();
    const ack = await member.ok(recoverable(room, { history: 5 }));
    members.push({ member, first: Math.max(1, ack.seq - 4) });
  }
  await numbers.stop();
  const { seq: last } = await publisher.ok(say(room, 'end'));
  for (const { member, first } of members) {
    await expectNumbers(member, room, first, last - 1);
    await member.expect(delivered(room, 'end', last));
    await member.expectSilence();
  }
});

testOnEachBus('history on subscribe of an empty room, and of one without history, is a plain subscribe', async (near) => {
  for (const room of [kept(), freshRoom()]) {
    const client = await near.client();
    await client.ok({ type: 'SUBSCRIBE', room, history: 10 });
    client.send(say(room, 'first'));
    await client.expect(delivered(room, 'first'));
    await client.expectSilence();
  }
});

// -- keys -----------------------------------------------------------------------------------------------------------

testOnEachBus('a key published again is one message, on any node', async (near, far) => {
  const room = kept();
  const [first, second, member] = [await near.client(), await far.client(), await far.client()];
  await member.ok(recoverable(room));
  const ack = await first.ok(say(room, 'once', { key: 'k' }));
  assert.deepEqual([ack.seq, ack.repeated], [1, undefined]);
  assert.equal((await first.ok(say(room, 'another', { key: 'k2' }))).seq, 2);
  for (const client of [first, second, second]) {
    const { epoch, seq, repeated } = await client.ok(say(room, 'once', { key: 'k' }));
    assert.deepEqual([epoch, seq, repeated], [ack.epoch, 1, true]);
  }
  await second.ok(say(room, 'last'));
  await member.expect(delivered(room, 'once', 1), delivered(room, 'another', 2), delivered(room, 'last', 3));
  await member.expectSilence();
});

testOnEachBus('many who publish one key at once make one message', async (near, far) => {
  const room = kept();
  const clients = [...(await near.clients(10)), ...(await far.clients(10))];
  const acks = await Promise.all(clients.map((each) => each.ok(say(room, 'x', { key: 'the same' }))));
  for (const { seq } of acks) assert.equal(seq, 1);
  assert.equal(acks.filter(({ repeated }) => repeated).length, 19);
});

testOnEachBus('a key belongs to its room, and may hold anything', async (near) => {
  const client = await near.client();
  const rooms = [kept(), kept()];
  for (const key of ['a b', '}{:%', '"\\\n', 'ключ', 'x'.repeat(128)])
    for (const room of rooms) {
      const { seq } = await client.ok(say(room, key, { key }));
      assert.deepEqual(await client.ok(say(room, key, { key })).then(({ seq: again, repeated }) => [again, repeated]), [seq, true]);
    }
});

testOnEachBus('a key counts also in a room without history, in the order of one publisher', async (near, far) => {
  const room = freshRoom('plain');
  const [publisher, other, member] = [await near.client(), await far.client(), await far.client()];
  await member.subscribe(room);
  for (const message of [1, 2, 3]) publisher.send(say(room, message, message % 2 ? { key: `k${message}` } : {}));
  const { id: first, ...ack } = await publisher.ok(say(room, 4, { key: 'k4' }));
  assert.deepEqual(ack, { type: 'ack', room });
  for (const client of [publisher, other]) {
    const { id: _, ...again } = await client.ok(say(room, 4, { key: 'k4' }));
    assert.deepEqual(again, { type: 'ack', room, repeated: true });
  }
  const elsewhere = await other.ok(say(freshRoom('plain'), 4, { key: 'k4' }));
  assert.equal(elsewhere.repeated, undefined);
  await publisher.ok(say(room, 'last'));
  for (const message of [1, 2, 3, 4, 'last']) await member.expect(delivered(room, message));
  await member.expectSilence();
});

test('idle rooms end and come back with their numbers', async () => {
  const redis = await startRedis();
  const node = await startClusterNode(redis, 'n1', HISTORY, '--rooms.linger=0s');
  await node.readiness(200);
  const client = await node.client();
  const room = kept();
  for (let n = 1; n <= 10; ++n) {
    await client.ok(recoverable(room));
    assert.equal((await client.ok(say(room, n))).seq, n);
    await client.expect(delivered(room, n, n));
    await client.ok({ type: 'UNSUBSCRIBE', room });
  }
  await node.stop();
});
