// Ten thousand random and mutated frames and a thousand malformed requests: each gets the right error or close code,
// others notice nothing. The seed is printed, and taken from ROOMCAST_SEED to repeat a run.
import assert from 'node:assert/strict';
import { Chance, seed } from './support/chance.mjs';
import { frame, opcode } from './support/frames.mjs';
import { RawClient } from './support/raw.mjs';
import { startNode } from './support/node.mjs';
import { until } from './support/processes.mjs';
import { before, test } from './support/suite.mjs';

const AT_ONCE = 20;
const TIMEOUT = { timeout: 120_000 };

let node;
let bystander;
let friend;
before(async () => {
  console.log(`ROOMCAST_SEED=${seed}`);
  node = await startNode();
  [bystander, friend] = await node.clients(2);
  await bystander.subscribe('quiet-room');
});

/** The bystander hears its friend and nothing else; the node still counts. */
async function allIsWell(message) {
  await friend.ok({ type: 'sendMessage', roomId: 'quiet-room', message });
  await bystander.expect({ type: 'sendMessage', roomId: 'quiet-room', message });
  await bystander.expectSilence();
  const { node: figures } = await node.stats();
  assert.ok(figures.connections >= 2);
  assert.equal(node.child.exit, undefined);
}

/** Runs `body(i)` for 0..count-1, some at once. */
async function many(count, body) {
  let next = 0;
  const worker = async () => {
    while (next < count) await body(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const requests = [
  '{"type":"SUBSCRIBE","room":"noise"}',
  '{"type":"sendMessage","roomId":"noise","message":{"a":[1,2.5e3,null,true,"x\\"y"]}}',
  '{"type":"chat","roomId":"noise","user":{"id":"u1","name":"Ann"},"message":"hi"}',
  '{"type":"presence","room":"noise","id":"p"}',
  '{"type":"join","roomId":"noise","user":{"id":7}}',
  '{"type":"exit","roomId":"noise","user":{"id":7}}',
  '{"type":"UNSUBSCRIBE","room":"noise"}',
];

function mutate(text, chance) {
  const at = chance.below(text.length);
  const char = chance.pick('{}[]":,\\ 01e.-+tfnau\'x'.split(''));
  switch (chance.below(5)) {
    case 0: return text.slice(0, at);
    case 1: return text.slice(0, at) + text.slice(at + 1);
    case 2: return text.slice(0, at) + char + text.slice(at);
    case 3: return text.slice(0, at) + char + text.slice(at + 1);
    default: return text.slice(0, at) + text.slice(chance.below(text.length));
  }
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function malformed(chance) {
  for (;;) {
    const text = mutate(chance.pick(requests), chance);
    if (!isJson(text)) return text;
  }
}

test('a thousand malformed requests get one bad_json each', async () => {
  const chance = new Chance(seed);
  const client = await node.client();
  const texts = Array.from({ length: 1000 }, () => malformed(chance));
  texts.forEach((text, i) => (client.send(text), client.send({ type: 'ping', id: i })));
  for (const [i, text] of texts.entries()) {
    assert.equal((await client.nextJson()).code, 'bad_json', text);
    assert.deepEqual(await client.nextJson(), { type: 'pong', id: i }, text);
  }
  await client.close();
  await allIsWell('after malformed requests');
}, TIMEOUT);

// What the types of a request are answered by when all is well.
const answers = {
  SUBSCRIBE: 'ack', subscribe: 'ack', UNSUBSCRIBE: 'ack', unsubscribe: 'ack', sendMessage: 'ack', SEND_MESSAGE: 'ack', publish: 'ack',
  chat: 'ack', exit: 'ack', join: 'joined', create: 'create', presence: 'presence', history: 'history', ping: 'pong',
};
const refusals = ['bad_request', 'unknown_type', 'bad_room'];

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The request with this id, where the mutation leaves room for one. */
function withId(text, id) {
  const value = JSON.parse(text);
  if (!isObject(value) || 'id' in value) return text;
  return `${text.slice(0, text.lastIndexOf('}'))}${Object.keys(value).length ? ',' : ''}"id":"${id}"}`;
}

const isEvent = ({ type, id, roomId }) => id === undefined && roomId !== undefined && type !== 'joined' && type !== 'create';

/** The answers that came before the pong with this id, and at least `count` of them: that to a message may come behind it. */
async function answersAround(client, id, count) {
  const all = [];
  for (let ponged = false; !ponged || all.length < count;) {
    const message = await client.nextJson();
    if (message.type === 'pong' && message.id === id) ponged = true;
    else if (!isEvent(message)) all.push(message);
  }
  return all;
}

/** `got` is what the protocol allows for the request: a success of its kind, or an error from its table. */
function judge(text, got) {
  const request = JSON.parse(text);
  const what = `${text} was answered by ${JSON.stringify(got)}`;
  if (isObject(request) && 'id' in request && !isObject(request.id) && !Array.isArray(request.id)) assert.equal(got.id, request.id, what);
  if (got.type !== 'error') return assert.equal(got.type, answers[request.type], what);
  assert.ok(refusals.includes(got.code) && got.message.length > 0, what);
  if (!isObject(request) || typeof request.type !== 'string') assert.equal(got.code, 'bad_request', what);
  assert.equal(got.code === 'unknown_type', typeof request?.type === 'string' && !(request.type in answers), what);
}

test('a thousand mutated requests that are JSON get one answer each, of a kind that is allowed', async () => {
  const chance = new Chance(seed + 1);
  const client = await node.client();
  const texts = [];
  while (texts.length < 1000) {
    const text = mutate(chance.pick(requests), chance);
    if (isJson(text)) texts.push(withId(text, `m${texts.length}`));
  }
  for (const [i, text] of texts.entries()) {
    client.send(text);
    client.send({ type: 'ping', id: i });
    const got = await answersAround(client, i, 1);
    assert.equal(got.length, 1, `${text} was answered by ${JSON.stringify(got)}`);
    judge(text, got[0]);
  }
  client.send({ type: 'ping', id: 'last' });
  assert.deepEqual(await answersAround(client, 'last', 0), []);
  await client.close();
  await allIsWell('after mutated requests');
}, TIMEOUT);

// Frames whose outcome is known: bytes to send, close code to expect.
const killers = [
  (c) => [frame(opcode.text, Buffer.concat([Buffer.from('{"x":"'), Buffer.from([c.pick([0x80, 0xc0, 0xc1, 0xf5, 0xff])]), c.bytes(c.below(40))])), 1007],
  (c) => [frame(opcode.binary, c.bytes(c.below(500))), 1003],
  (c) => [frame(opcode.text, '', { length: 65_537 + c.below(2 ** 40) }), 1009],
  (c) => [frame(c.pick([opcode.text, opcode.binary, opcode.ping]), 'x', { flags: 0x80 | c.pick([0x10, 0x20, 0x40, 0x70]) }), 1002],
  (c) => [frame(c.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), c.bytes(c.below(100))), 1002],
  (c) => [frame(c.pick([opcode.text, opcode.ping, opcode.close]), c.bytes(c.below(100)), { masked: false }), 1002],
  (c) => [frame(c.pick([opcode.ping, opcode.pong, opcode.close]), c.bytes(126 + c.below(200))), 1002],
  (c) => [frame(c.pick([opcode.ping, opcode.pong]), c.bytes(c.below(50)), { flags: 0 }), 1002],
  (c) => [frame(opcode.continuation, c.bytes(c.below(50))), 1002],
  (c) => [Buffer.concat([frame(opcode.text, '{', { flags: 0 }), frame(opcode.text, '}')]), 1002],
  (c) => [frame(opcode.close, Buffer.from([c.pick([0, 1, 0x0a]), c.below(256)])), 1002],
  () => [frame(opcode.close, 'x'), 1002],
];

test('8,000 frames, each eighth of them a violation: errors, then the right close code', async () => {
  const chance = new Chance(seed + 2);
  await many(1000, async () => {
    const client = await RawClient.connect(node.port);
    const texts = Array.from({ length: 7 }, () => malformed(chance));
    const [bytes, code] = chance.pick(killers)(chance);
    client.write(...texts.map((text) => frame(opcode.text, text)), bytes);
    for (const text of texts) assert.match(await client.nextText(), /^\{"type":"error","code":"bad_json"/, text);
    assert.equal((await client.closing()).code, code, bytes.subarray(0, 20).toString('hex'));
    client.destroy();
  });
  await allIsWell('after violations');
}, TIMEOUT);

test('2,000 runs of random bytes end in a close frame of the right kind, or wait for more', async () => {
  const chance = new Chance(seed + 3);
  await many(2000, async () => {
    const client = await RawClient.connect(node.port);
    const bytes = chance.bytes(2 + chance.below(200));
    client.write(bytes);
    client.socket.end(); // an incomplete frame ends with the stream
    const { code } = await client.closing();
    assert.ok([1000, 1002, 1003, 1005, 1006, 1007, 1009].includes(code) || code >= 3000, `${code} after ${bytes.toString('hex')}`);
    if (code === 1006) assert.ok(mayBeIncomplete(bytes), `no close frame after ${bytes.toString('hex')}`);
    client.destroy();
  });
  await allIsWell('after random bytes');
}, TIMEOUT);

/** Whether these bytes may begin with a valid client frame that is not complete or gets no close frame for an answer. */
function mayBeIncomplete([first, second]) {
  const op = first & 15;
  const known = [opcode.text, opcode.binary, opcode.ping, opcode.pong, opcode.close].includes(op);
  return known && !(first & 0x70) && (second & 0x80) !== 0;
}

test('connections that break anywhere in handshake and frames leave nothing behind', async () => {
  const chance = new Chance(seed + 4);
  await many(200, async () => {
    const client = await RawClient.connect(node.port);
    const bytes = Buffer.concat(requests.map((text) => frame(opcode.text, text)));
    client.write(bytes.subarray(0, chance.below(bytes.length)));
    client.destroy();
  });
  await until(async () => (await node.stats()).node.connections === 2, 'the end of broken connections');
  await allIsWell('after breaks');
  await node.stop();
}, TIMEOUT);
