// Every error code that can be provoked from outside (bus_unavailable: outage.test.mjs), none of which ends the
// connection.
import assert from 'node:assert/strict';
import { startNode } from './support/node.mjs';
import { ann, before, test } from './support/suite.mjs';

let node;
before(async () => {
  node = await startNode();
});

const cases = [
  ['', 'bad_json'],
  ['   ', 'bad_json'],
  ['hello', 'bad_json'],
  ['{"type":"ping"', 'bad_json'],
  ['{"type":"ping"}}', 'bad_json'],
  ["{'type':'ping'}", 'bad_json'],
  ['{"type":"ping",}', 'bad_json'],
  ['{"type":"ping","x":01}', 'bad_json'],
  ['{"type":"ping","x":"\\x"}', 'bad_json'],
  ['{"type":"ping","x":"\u0001"}', 'bad_json'],
  ['{"type":"ping","x":NaN}', 'bad_json'],
  [`{"type":"ping","x":${'['.repeat(40)}${']'.repeat(40)}}`, 'bad_json'],
  ['[]', 'bad_request'],
  ['"ping"', 'bad_request'],
  ['7', 'bad_request'],
  ['null', 'bad_request'],
  ['{}', 'bad_request'],
  ['{"type":7}', 'bad_request'],
  ['{"type":"SUBSCRIBE"}', 'bad_request'],
  ...['UNSUBSCRIBE', 'exit', 'presence'].map((type) => [JSON.stringify({ type }), 'bad_request']),
  ['{"type":"sendMessage","message":1}', 'bad_request'],
  ['{"type":"join","user":{}}', 'bad_request'],
  ['{"type":"SUBSCRIBE","room":7}', 'bad_request'],
  ['{"type":"SUBSCRIBE","roomId":null}', 'bad_request'],
  ['{"type":"join","roomId":"r","user":[]}', 'bad_request'],
  ['{"type":"create","user":null}', 'bad_request'],
  ['{"type":"ping","id":[]}', 'bad_request'],
  ['{"type":"sendMessage","roomId":"r"}', 'bad_request'],
  ['{"type":"chat","roomId":"r","message":1}', 'bad_request'],
  ['{"type":"join","roomId":"r"}', 'bad_request'],
  ['{"type":"join","roomId":"r","user":"Ann"}', 'bad_request'],
  ['{"type":"create"}', 'bad_request'],
  ['{"type":"ping","id":{}}', 'bad_request'],
  ['{"type":"SUBSCRIBE","room":"a","roomId":"b"}', 'bad_request'],
  ['{"type":"SUBSCRIBE","room":"r","recoverable":"yes"}', 'bad_request'],
  ['{"type":"SUBSCRIBE","room":"r","recoverable":1}', 'bad_request'],
  ['{"type":"SUBSCRIBE","room":"r","recover":true}', 'bad_request'],
  ['{"type":"SUBSCRIBE","room":"r","recover":"0123456789abcdef:7"}', 'bad_request'],
  ['{"type":"SUBSCRIBE","room":"r","recover":{}}', 'bad_request'],
  ['{"type":"SUBSCRIBE","room":"r","recover":{"seq":1}}', 'bad_request'],
  ['{"type":"SUBSCRIBE","room":"r","recover":{"epoch":5,"seq":1}}', 'bad_request'],
  ['{"type":"SUBSCRIBE","room":"r","recover":{"epoch":"0123456789abcdef"}}', 'bad_request'],
  ['{"type":"SUBSCRIBE","room":"r","recover":{"epoch":"0123456789abcdef","seq":"1"}}', 'bad_request'],
  ['{"type":"SUBSCRIBE","room":"r","recover":{"epoch":"0123456789abcdef","seq":-1}}', 'bad_request'],
  ['{"type":"SUBSCRIBE","room":"r","recover":{"epoch":"0123456789abcdef","seq":1.5}}', 'bad_request'],
  ['{"type":"SUBSCRIBE","room":"r","history":"5"}', 'bad_request'],
  ['{"type":"SUBSCRIBE","room":"r","history":-1}', 'bad_request'],
  ['{"type":"SUBSCRIBE","room":"r","history":1.5}', 'bad_request'],
  ['{"type":"SUBSCRIBE","room":"r","history":true}', 'bad_request'],
  ['{"type":"history"}', 'bad_request'],
  ['{"type":"history","room":"r","limit":"5"}', 'bad_request'],
  ['{"type":"history","room":"r","limit":-1}', 'bad_request'],
  ['{"type":"history","room":"r","limit":2.5}', 'bad_request'],
  ['{"type":"history","room":"r","before":"5"}', 'bad_request'],
  ['{"type":"history","room":"r","before":-1}', 'bad_request'],
  ['{"type":"history","room":"r","before":{}}', 'bad_request'],
  ['{"type":"publish","room":"r","message":1,"key":7}', 'bad_request'],
  ['{"type":"publish","room":"r","message":1,"key":{}}', 'bad_request'],
  ['{"type":"publish","room":"r","message":1,"key":true}', 'bad_request'],
  ['{"type":"dance"}', 'unknown_type'],
  ['{"type":""}', 'unknown_type'],
  ['{"type":"SUBSCRIBE","room":""}', 'bad_room'],
  [JSON.stringify({ type: 'SUBSCRIBE', room: 'x'.repeat(256) }), 'bad_room'],
  [JSON.stringify({ type: 'SUBSCRIBE', room: 'a\nb' }), 'bad_room'],
  [JSON.stringify({ type: 'sendMessage', roomId: '\u0000', message: 1 }), 'bad_room'],
  ...['UNSUBSCRIBE', 'exit', 'presence', 'history'].map((type) => [JSON.stringify({ type, room: '' }), 'bad_room']),
  [JSON.stringify({ type: 'join', room: '', user: {} }), 'bad_room'],
  [JSON.stringify({ type: 'ping', id: 'x'.repeat(127) }), 'too_large'],
  [JSON.stringify({ type: 'presence', room: 'r', after: 'x'.repeat(5000) }), 'too_large'],
  [JSON.stringify({ type: 'chat', roomId: 'r', user: { id: 'x'.repeat(4096) }, message: 1 }), 'too_large'],
  [JSON.stringify({ type: 'create', user: { id: 'x'.repeat(4096) } }), 'too_large'],
  [JSON.stringify({ type: 'publish', roomId: 'r', message: 1, key: 'x'.repeat(129) }), 'too_large'],
  [JSON.stringify({ type: 'join', roomId: 'r', user: { id: 'x'.repeat(4096) } }), 'too_large'],
];

for (const [text, code] of cases)
  test(`${text.slice(0, 90) || '(an empty message)'} is ${code}`, async () => {
    const client = await node.client();
    client.send(text);
    await client.expectError(code);
    await client.expectSilence();
  });

test('bad_json names the byte position', async () => {
  const client = await node.client();
  client.send('{"type":"ping" oops}');
  assert.match((await client.expectError('bad_json')).message, /\b15\b/);
});

test('an error repeats id and room of the request', async () => {
  const client = await node.client();
  client.send({ type: 'sendMessage', roomId: 'r', id: 7 });
  const answer = await client.expectError('bad_request');
  assert.equal(answer.id, 7);
  client.send({ type: 'nonsense', id: 'x' });
  assert.equal((await client.expectError('unknown_type')).id, 'x');
});

test('the room over the limit is too_many_rooms, also while joins are pending', async () => {
  const small = await startNode('--limits.max-rooms-per-connection=3');
  const client = await small.client();
  for (const room of ['a', 'b', 'c']) client.send({ type: 'SUBSCRIBE', room });
  assert.equal((await client.ask({ type: 'SUBSCRIBE', room: 'd' })).code, 'too_many_rooms');
  await client.ok({ type: 'SUBSCRIBE', room: 'a' });
  await client.ok({ type: 'UNSUBSCRIBE', room: 'a' });
  await client.ok({ type: 'SUBSCRIBE', room: 'd' });
  await small.stop();
});

test('rooms.publish = members: others get not_member', async () => {
  const closed = await startNode('--rooms.publish=members');
  const [member, stranger] = await closed.clients(2);
  await member.ask({ type: 'join', roomId: 'r', user: ann });
  assert.equal((await stranger.ask({ type: 'sendMessage', roomId: 'r', message: 1 })).code, 'not_member');
  assert.match((await stranger.ask({ type: 'presence', room: 'r' })).code, /^(not_member|forbidden)$/);
  await member.ok({ type: 'sendMessage', roomId: 'r', message: 2 });
  await member.expect({ type: 'sendMessage', roomId: 'r', message: 2 });
  await closed.stop();
});

test('room names may be limited further', async () => {
  const short = await startNode('--limits.max-room-name-bytes=8');
  const client = await short.client();
  client.send({ type: 'SUBSCRIBE', room: 'ninebytes' });
  await client.expectError('bad_room');
  await client.subscribe('eightbyt');
  await short.stop();
});
