// A TCP proxy that can misbehave: it stops, swallows, tears a reply, delays or cuts what a node and Redis say.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { atEnd, elapse } from './processes.mjs';

/** One direction of one connection. */
class Lane {
  constructor(proxy, from, to, isReply) {
    this.proxy = proxy;
    this.to = to;
    this.isReply = isReply;
    this.last = Promise.resolve(); // delayed chunks stay in order
    this.waiting = 0;
    from.on('data', (chunk) => this.take(chunk));
  }

  take(chunk) {
    const { proxy } = this;
    if (proxy.swallowing || (this.isReply && proxy.losesReplies)) return void (proxy.swallowed += chunk.length);
    if (this.isReply && proxy.tearAt !== null && chunk.length >= proxy.tearAt) return this.tear(chunk);
    if (!proxy.delayMs && !this.waiting) return void this.to.write(chunk);
    const due = Date.now() + proxy.delayMs;
    this.waiting += 1;
    this.last = this.last.then(() => elapse(Math.max(0, due - Date.now()))).then(() => {
      this.waiting -= 1;
      if (!this.to.destroyed) this.to.write(chunk);
    });
  }

  tear(chunk) {
    const { proxy } = this;
    const length = proxy.tearAt;
    proxy.tearAt = null;
    proxy.torn += 1;
    this.to.write(chunk.subarray(0, length), () => proxy.cut());
  }
}

class Proxy {
  constructor(target) {
    this.target = target; // {port}
    this.pairs = new Set(); // [client, server]
    this.paused = false;
    this.swallowing = false;
    this.losesReplies = false;
    this.swallowed = 0; // bytes
    this.delayMs = 0;
    this.tearAt = null;
    this.torn = 0; // replies
    this.server = createServer((client) => this.accept(client));
    atEnd(() => this.close());
  }

  async start() {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = this.server.address().port;
    return this;
  }

  /** The target's URL, by way of this proxy. */
  get url() {
    return this.target.url.replace(`:${this.target.port}`, `:${this.port}`);
  }

  accept(client) {
    const server = connect(this.target.port, '127.0.0.1');
    const pair = [client, server];
    this.pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay();
      socket.on('error', () => {});
      socket.on('close', () => this.drop(pair));
    }
    new Lane(this, client, server, false);
    new Lane(this, server, client, true);
    if (this.paused) for (const socket of pair) socket.pause(); // a listener for data has set it going
  }

  drop(pair) {
    if (!this.pairs.delete(pair)) return;
    for (const socket of pair) socket.resetAndDestroy();
  }

  /** Nothing passes in either direction; nothing is lost. */
  pause() {
    this.paused = true;
    for (const pair of this.pairs) for (const socket of pair) socket.pause();
  }

  resume() {
    this.paused = false;
    for (const pair of this.pairs) for (const socket of pair) socket.resume();
  }

  /** All connections are reset. */
  cut() {
    for (const pair of [...this.pairs]) this.drop(pair);
  }

  /** What is said from now on is lost, on old connections and new ones, and nobody is told. */
  swallow() {
    this.swallowing = true;
  }

  /** What Redis says is lost, what it hears is not; with `false` all passes again, on the same connections. */
  loseReplies(now = true) {
    this.losesReplies = now;
  }

  /** Of the next reply of at least `bytes` bytes only so many pass; then all connections are reset. */
  tear(bytes) {
    this.tearAt = bytes;
  }

  delay(ms) {
    this.delayMs = ms;
  }

  /** All passes as it should; connections on which something was lost are reset. */
  heal() {
    this.delayMs = 0;
    this.tearAt = null;
    if (this.swallowing) this.cut();
    this.swallowing = false;
    this.resume();
  }

  close() {
    this.server.close();
    this.cut();
  }
}

/** A proxy before `target`, an object with `port` and `url`. */
export function startProxy(target) {
  return new Proxy(target).start();
}
