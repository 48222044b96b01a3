// The harness itself: a checker that finds nothing is worth nothing, nor a proxy that does no harm.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { judge, judgeSetback } from './support/checker.mjs';
import { atEnd, until, within } from './support/processes.mjs';
import { startProxy } from './support/proxy.mjs';
import { startRedis } from './support/redis.mjs';
import { test } from './support/suite.mjs';

// -- the checker --------------------------------------------------------------------------------------------------------

const EPOCH = 'e1';
const at = (seq, message = `p-${seq}`, epoch = EPOCH) => ({ epoch, seq, message });
const acked = [1, 2, 3, 4].map((seq) => at(seq));
const record = (...heard) => ({ start: { epoch: EPOCH, seq: 0 }, heard: heard.map((each) => (typeof each === 'number' ? at(each) : each)), losses: [] });
const flawless = { lost: 0, duplicated: 0, disordered: 0, disagreed: 0, losses: 0 };

const verdicts = [
  ['all of them, in order', [record(1, 2, 3, 4)], {}],
  ['a message without an ack, too', [record(1, 2, 3, 4, 5), record(1, 2, 3, 4, 5)], {}],
  ['who came later', [{ ...record(3, 4), start: { epoch: EPOCH, seq: 2 } }], {}],
  ['one missing', [record(1, 2, 4)], { lost: 1, disordered: 1 }],
  ['the last missing', [record(1, 2, 3)], { lost: 1 }],
  ['nothing at all', [record()], { lost: 4 }],
  ['one twice', [record(1, 2, 2, 3, 4)], { duplicated: 1 }],
  ['one again, later', [record(1, 2, 3, 4, 2)], { duplicated: 1 }],
  ['one again under another number', [record(1, 2, 3, 4, at(5, 'p-2'))], { duplicated: 1 }],
  ['two changed places', [record(1, 3, 2, 4)], { disordered: 3 }],
  ['another message in the place of one', [record(1, 2, at(3, 'x'), 4)], { disagreed: 1 }],
  ['members that do not agree on what was not acknowledged', [record(1, 2, 3, 4, at(5, 'x')), record(1, 2, 3, 4, at(5, 'y'))], { disagreed: 1 }],
  ['a loss that was told', [{ ...record(1, 2, 3, 4), losses: ['gap'] }], { losses: 1 }],
];

for (const [what, records, faults] of verdicts)
  test(`the checker on ${what}`, () => {
    assert.deepEqual(judge(Object.fromEntries(records.entries()), acked).counts, { ...flawless, ...faults });
  });

// -- the checker where Redis has forgotten: the log at the end has x-1, x-2 and x-3 in the second epoch

const NEW = 'e2';
const log = { epoch: NEW, messages: [1, 2, 3].map((seq) => ({ seq, message: `x-${seq}` })) };
const since = 1000;
const late = (seq, asked = since + 1) => ({ ...at(seq, `x-${seq}`, NEW), asked });
const gap = (behind, to, epoch = NEW, from = { epoch, seq: 0 }) => ({ what: 'gap', behind, from, to: { epoch, seq: to } });
const fresh = [1, 2, 3].map((seq) => late(seq));
const life = (heard, ...losses) => ({ ...record(...heard), losses });
const honest = { lost: 0, duplicated: 0, untold: 0, disagreed: 0, behind: 0 };

const setbacks = [
  ['a new epoch that was told', life([1, 2, ...fresh], gap(2, 0)), [], {}],
  ['what was acknowledged before, and is gone', life([1, 2, ...fresh], gap(2, 0)), [late(9, since)], {}],
  ['what was acknowledged since, and is gone', life([1, 2, ...fresh], gap(2, 0)), [late(9)], { lost: 1 }],
  ['a new epoch that was not told', life([1, 2, ...fresh]), [], { untold: 1 }],
  ['a hole that was told', life([1, 2, late(3)], gap(2, 2)), [], {}],
  ['a hole that was not told', life([1, 2, late(1), late(3)], gap(2, 0)), [], { untold: 1 }],
  ['a hole that was told in the wrong place', life([1, 2, ...fresh], gap(2, 0), gap(2, 5, EPOCH, { epoch: EPOCH, seq: 4 })), [], { untold: 1 }],
  ['one twice', life([1, 2, late(1), ...fresh], gap(2, 0)), [], { duplicated: 1 }],
  ['a number again after a fresh start', life([1, 2, 3, at(2, 'y'), ...fresh], { ...gap(3, 1, EPOCH), what: 'not recovered' }, gap(4, 0)), [], {}],
  ['the end missing', life([1, 2, late(1)], gap(2, 0)), [], { behind: 1 }],
  ['the end told to be missing', life([1, 2, late(1)], gap(2, 0), gap(3, 3, NEW, late(1))), [], {}],
  ['another message than in the log', life([1, 2, late(1), at(2, 'z', NEW), late(3)], gap(2, 0)), [], { disagreed: 1 }],
];

for (const [what, heard, acks, faults] of setbacks)
  test(`the checker after a setback, on ${what}`, () => {
    assert.deepEqual(judgeSetback({ m: heard }, acks, log, since).counts, { ...honest, ...faults });
  });

test('the checker after a setback, on a message that is in the log twice', () => {
  const twice = { epoch: NEW, messages: [...log.messages, { seq: 4, message: 'x-1' }] };
  assert.equal(judgeSetback({}, [], twice, since).counts.duplicated, 1);
});

test('the checker on one message acknowledged in two places', () => {
  assert.equal(judge({}, [...acked, at(5, 'p-1')]).counts.disagreed, 1);
});

// -- the proxy ----------------------------------------------------------------------------------------------------------

async function dial(port) {
  const socket = connect(port, '127.0.0.1');
  await within(once(socket, 'connect'), 'a connection');
  socket.on('error', () => {});
  socket.heard = '';
  socket.setEncoding('utf8').on('data', (text) => (socket.heard += text));
  atEnd(() => socket.destroy());
  return socket;
}

const hears = (socket, text) => until(() => socket.heard === text, () => `${JSON.stringify(text)}, not ${JSON.stringify(socket.heard)}`);
const ended = (socket) => within(new Promise((resolve) => socket.on('close', resolve)), 'the end of a connection');

test('the proxy passes, stops, goes on and loses nothing', async () => {
  const proxy = await startProxy(await startRedis());
  const socket = await dial(proxy.port);
  socket.write('PING\r\n');
  await hears(socket, '+PONG\r\n');
  proxy.pause();
  socket.write('PING\r\n');
  const late = await dial(proxy.port);
  late.write('ECHO late\r\n');
  const other = await dial(proxy.target.port);
  other.write('PING\r\n');
  await hears(other, '+PONG\r\n');
  assert.deepEqual([socket.heard, late.heard], ['+PONG\r\n', '']);
  proxy.resume();
  await hears(socket, '+PONG\r\n+PONG\r\n');
  await hears(late, '$4\r\nlate\r\n');
});

test('the proxy swallows, and resets what it swallowed from', async () => {
  const proxy = await startProxy(await startRedis());
  const socket = await dial(proxy.port);
  proxy.swallow();
  socket.write('PING\r\n');
  await until(() => proxy.swallowed === 6, 'six bytes to be swallowed');
  const closed = ended(socket);
  proxy.heal();
  await closed;
  assert.equal(socket.heard, '');
  const again = await dial(proxy.port);
  again.write('PING\r\n');
  await hears(again, '+PONG\r\n');
});

test('the proxy tears a reply, once', async () => {
  const proxy = await startProxy(await startRedis());
  const socket = await dial(proxy.port);
  proxy.tear(3);
  const closed = ended(socket);
  socket.write('PING\r\n');
  await closed;
  assert.ok('+PO'.startsWith(socket.heard)); // the reset may overtake it
  assert.equal(proxy.torn, 1);
  const again = await dial(proxy.port);
  again.write('PING\r\n');
  await hears(again, '+PONG\r\n');
});

test('the proxy delays and keeps the order, also when the delay ends', async () => {
  const proxy = await startProxy(await startRedis());
  const socket = await dial(proxy.port);
  proxy.delay(50);
  const begun = Date.now();
  socket.write('ECHO 1\r\n');
  await hears(socket, '$1\r\n1\r\n');
  assert.ok(Date.now() - begun >= 90);
  socket.write('ECHO 2\r\n');
  await until(() => socket.bytesWritten === 16, 'the second command to leave');
  proxy.delay(0);
  socket.write('ECHO 3\r\n');
  await hears(socket, '$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n');
});

// -- Redis --------------------------------------------------------------------------------------------------------------

for (const [keeps, end, value] of [['log', 'kill', 'v'], ['late log', 'stop', 'v'], ['snapshot', 'stop', 'v'], ['snapshots', 'stop', 'v'], ['nothing', 'stop', null]])
  test(`a Redis that keeps ${keeps}`, async () => {
    const redis = await startRedis({ keeps, password: 'secret' });
    await redis.command('SET', 'k', 'v');
    await redis[end]();
    await redis.start();
    assert.equal(await redis.command('GET', 'k'), value);
  });

test('a Redis that locks out refuses the right password, once at least, and opens again', async () => {
  const redis = await startRedis({ password: 'secret' });
  const locked = redis.lockOut(0);
  const refused = async () => {
    const socket = await dial(redis.port);
    socket.write('AUTH secret\r\n');
    return (await until(() => socket.heard, 'an answer to AUTH')).startsWith('-WRONGPASS');
  };
  await until(refused, 'the right password to be refused');
  await locked;
  assert.equal(await redis.command('PING'), 'PONG');
});

for (const how of ['dies', 'hands over'])
  test(`a replica has everything when the primary ${how}, also after a kill -9`, async () => {
    const redis = await startRedis({ keeps: 'log', password: 'secret' });
    await redis.command('SET', 'k', 'v');
    const replica = await redis.startReplica();
    await redis.command('SET', 'l', 'w');
    if (how === 'dies') {
      await redis.replicate();
      await redis.kill();
      await replica.promote();
    } else {
      await redis.handOver(replica);
    }
    await replica.kill();
    await replica.start();
    assert.deepEqual(await replica.command('MGET', 'k', 'l'), ['v', 'w']);
  });
