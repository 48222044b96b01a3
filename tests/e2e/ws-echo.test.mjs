// The session of net/ with an echo handler: what a conformance suite is run against has to work itself.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import WebSocket from 'ws';
import { binary } from './support/node.mjs';
import { Child, until, within } from './support/processes.mjs';
import { before, test } from './support/suite.mjs';

const echo = join(dirname(binary), 'tests', 'tools', 'ws_echo');
const isBuilt = existsSync(echo);
const options = { skip: isBuilt || process.env.CI ? false : `not built: ${echo}` }; // CI builds it: there it is a failure

let port;
before(async () => {
  if (options.skip) return;
  assert.ok(isBuilt, `not built: ${echo}`);
  const child = new Child(echo, []);
  port = await until(() => Number(/^listening port=(\d+)\n/.exec(child.stdout)?.[1]), 'the port of ws_echo');
});

async function open() {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  await within(once(socket, 'open'), 'an open WebSocket');
  return socket;
}

async function back(socket) {
  const [data, isBinary] = await within(once(socket, 'message'), 'the echo');
  return isBinary ? data : data.toString();
}

test('text and binary come back as they were', async () => {
  const socket = await open();
  for (const message of ['', 'hello', 'caf\u00e9 \u{1f600}', 'x'.repeat(100_000)]) {
    socket.send(message);
    assert.equal(await back(socket), message);
  }
  socket.send(Buffer.from([0, 255, 128]));
  assert.deepEqual(await back(socket), Buffer.from([0, 255, 128]));
  socket.close();
}, options);

test('fragments come back as one message, with a ping in between answered', async () => {
  const socket = await open();
  const pong = once(socket, 'pong');
  const echoed = back(socket);
  socket.send('one ', { fin: false });
  socket.ping('still there?');
  socket.send('two ', { fin: false });
  socket.send('three', { fin: true });
  const [answer] = await within(pong, 'the pong');
  assert.equal(answer.toString(), 'still there?');
  assert.equal(await echoed, 'one two three');
  socket.close();
}, options);

test('close codes are echoed', async () => {
  for (const [sent, expected] of [[1000, 1000], [4321, 4321], [undefined, 1005]]) {
    const socket = await open();
    socket.close(sent);
    const [code] = await within(once(socket, 'close'), 'the close');
    assert.equal(code, expected);
  }
}, options);
