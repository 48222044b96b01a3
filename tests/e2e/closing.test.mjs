// What ends a connection, and with which close code (RFC 6455, sections 5 and 7.4).
import assert from 'node:assert/strict';
import { closeFrame, frame, opcode } from './support/frames.mjs';
import { RawClient } from './support/raw.mjs';
import { startNode } from './support/node.mjs';
import { before, test } from './support/suite.mjs';

let node;
before(async () => {
  node = await startNode();
});

const { text, binary, ping, pong, close, continuation } = opcode;
const ping1 = '{"type":"ping","id":1}';
const euro = Buffer.from('{"type":"ping","id":"€"}');

const endings = [
  ['invalid UTF-8', [frame(text, Buffer.from([0x22, 0xc3, 0x28, 0x22]))], 1007],
  ['an overlong encoding', [frame(text, Buffer.from([0xc0, 0x80]))], 1007],
  ['a surrogate in UTF-8', [frame(text, Buffer.from([0xed, 0xa0, 0x80]))], 1007],
  ['UTF-8 cut off at the end of the message', [frame(text, Buffer.from([0x22, 0xe2, 0x82]))], 1007],
  ['a close reason that is not UTF-8', [frame(close, Buffer.from([0x03, 0xe8, 0xff]))], 1007],
  ['a binary message', [frame(binary, '{"type":"ping"}')], 1003],
  ['a frame over the limit', [frame(text, 'x'.repeat(70_000))], 1009],
  ['the mere announcement of a frame over the limit', [frame(text, '', { length: 100_000 })], 1009],
  ['fragments that are over the limit together', [frame(text, 'x'.repeat(40_000), { flags: 0 }), frame(continuation, 'x'.repeat(40_000))], 1009],
  ['an unmasked frame', [frame(text, ping1, { masked: false })], 1002],
  ['a reserved bit', [frame(text, ping1, { flags: 0xc0 })], 1002],
  ['a reserved opcode', [frame(3, 'x')], 1002],
  ['a reserved control opcode', [frame(11, 'x')], 1002],
  ['a fragmented ping', [frame(ping, 'x', { flags: 0 })], 1002],
  ['a ping over 125 bytes', [frame(ping, 'x'.repeat(126))], 1002],
  ['a continuation of nothing', [frame(continuation, 'x')], 1002],
  ['a new message within a message', [frame(text, '{', { flags: 0 }), frame(text, '}')], 1002],
  ['a close frame of one byte', [frame(close, 'x')], 1002],
  ['a close code that must not be sent', [closeFrame(1005)], 1002],
  ['a close code that does not exist', [closeFrame(999)], 1002],
];

for (const [what, frames, code] of endings)
  test(`${what} ends the connection with ${code}`, async () => {
    const client = await RawClient.connect(node.port);
    client.write(...frames);
    assert.equal((await client.closing()).code, code);
    assert.equal(await client.next(), null);
  });

test('close codes are answered in kind, an empty close frame by an empty one', async () => {
  for (const code of [1000, 1001, 1011, 3000, 4999]) {
    const client = await RawClient.connect(node.port);
    client.write(closeFrame(code, 'bye'));
    assert.equal((await client.closing()).code, code);
  }
  const client = await RawClient.connect(node.port);
  client.write(frame(close));
  assert.ok([1000, 1005].includes((await client.closing()).code));
});

test('what was asked before the close frame is answered before the close frame', async () => {
  const client = await RawClient.connect(node.port);
  client.write(frame(text, ping1), closeFrame(1000));
  assert.equal(await client.nextText(), '{"type":"pong","id":1}');
  assert.equal((await client.closing()).code, 1000);
});

test('a message may come in fragments, cut within a character, with a ping between', async () => {
  const client = await RawClient.connect(node.port);
  client.write(frame(text, euro.subarray(0, 22), { flags: 0 }), frame(ping, 'hi'), frame(continuation, '', { flags: 0 }), frame(continuation, euro.subarray(22)));
  const answer = await client.next();
  assert.deepEqual([answer.op, answer.payload.toString()], [pong, 'hi']);
  assert.equal(await client.nextText(), '{"type":"pong","id":"€"}');
});

test('frames may come byte by byte and many at once', async () => {
  const client = await RawClient.connect(node.port);
  for (const byte of frame(text, ping1)) client.write(Buffer.from([byte]));
  assert.equal(await client.nextText(), '{"type":"pong","id":1}');
  client.text(...Array.from({ length: 500 }, (_, i) => `{"type":"ping","id":${i}}`));
  for (let i = 0; i < 500; ++i) assert.equal(await client.nextText(), `{"type":"pong","id":${i}}`);
});

test('an unasked pong is ignored', async () => {
  const client = await RawClient.connect(node.port);
  client.write(frame(pong, 'x'), frame(text, ping1));
  assert.equal(await client.nextText(), '{"type":"pong","id":1}');
});

test('max-message-bytes is configurable', async () => {
  const small = await startNode('--limits.max-message-bytes=200');
  const client = await RawClient.connect(small.port);
  client.write(frame(text, `{"type":"ping","x":"${'x'.repeat(170)}"}`));
  assert.equal(await client.nextText(), '{"type":"pong"}');
  client.write(frame(text, 'x'.repeat(201)));
  assert.equal((await client.closing()).code, 1009);
  await small.stop();
});
