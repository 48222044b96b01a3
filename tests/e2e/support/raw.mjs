// A WebSocket client by hand: it sends any bytes and gets frames.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { frame, opcode } from './frames.mjs';
import { atEnd, within } from './processes.mjs';

export class RawClient {
  static async connect(port, path = '/ws') {
    const socket = connect(port, '127.0.0.1');
    await within(once(socket, 'connect'), 'a TCP connection');
    const client = new RawClient(socket);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`);
    await within(client.upgraded, 'the answer to a handshake');
    return client;
  }

  constructor(socket) {
    this.socket = socket.setNoDelay();
    this.bytes = Buffer.alloc(0);
    this.frames = []; // {op, payload} as they came
    this.waiters = new Set();
    this.ended = false;
    this.upgraded = new Promise((resolve, reject) => {
      socket.on('data', (data) => this.received(data, resolve, reject));
      socket.on('error', () => {});
      socket.on('close', () => (this.finish(), reject(new Error('closed in the handshake'))));
      socket.on('end', () => this.finish());
    });
    this.upgraded.catch(() => {});
    atEnd(() => socket.destroy());
  }

  finish() {
    this.ended = true;
    this.wake();
  }

  wake() {
    for (const check of this.waiters) check();
  }

  received(data, upgraded, refused) {
    this.bytes = Buffer.concat([this.bytes, data]);
    if (!this.open) {
      const end = this.bytes.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = this.bytes.subarray(0, end).toString();
      this.bytes = this.bytes.subarray(end + 4);
      if (!head.startsWith('HTTP/1.1 101')) return refused(new Error(head));
      this.open = true;
      upgraded();
    }
    while (this.readFrame());
    this.wake();
  }

  readFrame() {
    const [first, second] = this.bytes;
    if (this.bytes.length < 2) return false;
    const [at, size] = second < 126 ? [2, second] : second === 126 ? [4, this.bytes.length >= 4 && this.bytes.readUInt16BE(2)] : [10, this.bytes.length >= 10 && Number(this.bytes.readBigUInt64BE(2))];
    if (size === false || this.bytes.length < at + size) return false;
    this.frames.push({ op: first & 15, first, payload: Buffer.from(this.bytes.subarray(at, at + size)) });
    this.bytes = this.bytes.subarray(at + size);
    return true;
  }

  write(...buffers) {
    this.socket.write(Buffer.concat(buffers));
  }

  text(...texts) {
    this.write(...texts.map((text) => frame(opcode.text, text)));
  }

  /** The next frame, or null at the end of the stream. */
  next() {
    const found = new Promise((resolve) => {
      const check = () => {
        if (!this.frames.length && !this.ended) return;
        this.waiters.delete(check);
        resolve(this.frames.shift() ?? null);
      };
      this.waiters.add(check);
      check();
    });
    return within(found, 'a frame');
  }

  async nextText() {
    const got = await this.next();
    return got?.op === opcode.text ? got.payload.toString() : `(${got ? `frame ${got.op}` : 'end of stream'})`;
  }

  /** Reads up to the close frame: {code, reason}; code 1006 where the stream ends without one. */
  async closing() {
    for (;;) {
      const got = await this.next();
      if (!got) return { code: 1006, reason: '' };
      if (got.op !== opcode.close) continue;
      return { code: got.payload.length ? got.payload.readUInt16BE(0) : 1005, reason: got.payload.subarray(2).toString() };
    }
  }

  destroy() {
    this.socket.destroy();
  }
}
