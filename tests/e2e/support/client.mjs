// A WebSocket client with a queue that can be awaited.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import WebSocket from 'ws';
import { atEnd, within } from './processes.mjs';

export class Client {
  /** `path`, `protocols` and `headers` of the handshake. */
  static async connect(port, { path = '/ws', protocols = [], headers = {} } = {}) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers, perMessageDeflate: false });
    const client = new Client(socket);
    await within(once(socket, 'open'), `a handshake with port ${port}`);
    return client;
  }

  constructor(socket) {
    this.socket = socket;
    this.queue = []; // raw texts
    this.waiters = new Set();
    this.lastId = 0;
    this.isOpen = true;
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.isOpen = false;
        resolve({ code, reason: reason.toString() });
        this.wake();
      });
    });
    socket.on('error', () => {}); // refusals reject once(); breaks are seen as close 1006
    socket.on('message', (data) => {
      this.queue.push(data.toString());
      this.wake();
    });
    atEnd(() => socket.terminate());
  }

  wake() {
    for (const check of this.waiters) check();
  }

  /** Sends an object as JSON, or a text as it is. */
  send(request) {
    this.socket.send(typeof request === 'string' ? request : JSON.stringify(request));
  }

  /** Takes the first text for which `wanted` holds out of the queue, waiting for it. */
  take(wanted, what) {
    const found = new Promise((resolve, reject) => {
      const check = () => {
        const index = this.queue.findIndex(wanted);
        if (index < 0 && this.isOpen) return;
        this.waiters.delete(check);
        if (index < 0) reject(new Error(`the connection ended while waiting for ${what}`));
        else resolve(this.queue.splice(index, 1)[0]);
      };
      this.waiters.add(check);
      check();
    });
    return within(found, () => `${what}; queued: ${this.queue.slice(0, 5).join(' ')}`);
  }

  /** The next message as text. */
  next() {
    return this.take(() => true, 'a message');
  }

  async nextJson() {
    return JSON.parse(await this.next());
  }

  /** The next messages are exactly these: objects by value, texts byte for byte. */
  async expect(...messages) {
    for (const wanted of messages) {
      const text = await this.next();
      if (typeof wanted === 'string') assert.equal(text, wanted);
      else assert.deepEqual(JSON.parse(text), wanted);
    }
  }

  /** Sends the request with an id and takes the answer to it; other messages stay queued. */
  async ask(request) {
    const id = `q${++this.lastId}`;
    this.send({ ...request, id });
    return JSON.parse(await this.take((text) => JSON.parse(text).id === id, `the answer to ${JSON.stringify(request).slice(0, 200)}`));
  }

  /** ask(), and the answer must be an ack. */
  async ok(request) {
    const answer = await this.ask(request);
    assert.equal(answer.type, 'ack', JSON.stringify(answer));
    return answer;
  }

  async subscribe(...rooms) {
    for (const room of rooms) await this.ok({ type: 'SUBSCRIBE', room });
    return this;
  }

  /** The next message is an error with this code; returns it. */
  async expectError(code) {
    const answer = await this.nextJson();
    assert.equal(answer.type, 'error', JSON.stringify(answer));
    assert.equal(answer.code, code, JSON.stringify(answer));
    assert.ok(answer.message.length > 0);
    return answer;
  }

  /** Nothing has come, and nothing comes before the answer to a ping: what was on its way would have been. */
  async expectSilence() {
    const id = `silence${++this.lastId}`;
    this.send({ type: 'ping', id });
    await this.expect({ type: 'pong', id });
  }

  /** The end of the connection: {code, reason}. */
  end() {
    return within(this.closed, 'the end of a connection');
  }

  async close() {
    this.socket.close(1000);
    return this.end();
  }

  /** Breaks the connection without a close frame. */
  drop() {
    this.socket.terminate();
  }
}
