// node:test with a hard deadline on every test and hook.
import * as runner from 'node:test';

const TEST_MS = 60_000;

export function test(name, body, { timeout = TEST_MS, skip = false } = {}) {
  return runner.test(name, { timeout, skip }, body);
}

export function before(body, { timeout = TEST_MS } = {}) {
  runner.before(body, { timeout });
}

let rooms = 0;

/** A room name no other test of the file uses. */
export function freshRoom(stem = 'room') {
  return `${stem}-${++rooms}`;
}

export const ann = { id: 'u1', name: 'Ann' };
export const bob = { id: 'u2', name: 'Bob' };
export const cleo = { id: 'u3', name: 'Cleo' };
