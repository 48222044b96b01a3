// The WebSocket to the node: comes back by itself, and knows when coming back is no use.

const FIRST_DELAY_MS = 500; // doubles with each failed attempt
const MAX_DELAY_MS = 20_000;
const MAX_ASKED_DELAY_MS = 60_000; // what a close reason may ask for
const PING_EVERY_MS = 20_000;
const SILENCE_MS = 10_000; // no byte for so long after a ping: the connection is dead
const GIVE_UP_CODES = new Set([1000, 1002, 1003, 1007, 1008, 1009]); // would only end the same way again

/** Milliseconds to wait before attempt `attempt` (from 0): exponential, its upper half random. */
function backoffDelay(attempt, random = Math.random()) {
  const ceiling = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
  return Math.round(ceiling / 2 + (random * ceiling) / 2);
}

/** The delay a draining node asks for (`retry-ms=N` with code 1012), or null. */
function askedDelay(code, reason) {
  const asked = code === 1012 && /(?:^|\s)retry-ms=(\d{1,9})/.exec(reason);
  return asked ? Math.min(Number(asked[1]), MAX_ASKED_DELAY_MS) : null;
}

/**
 * `on.state({phase, until, code, reason})` with phase connecting, open, waiting or stopped;
 * `on.open()`, `on.message(object)`, `on.latency(ms)`.
 */
class Connection {
  constructor(url, on) {
    this.url = url;
    this.on = on;
    this.phase = 'stopped';
    this.attempt = 0;
    this.lastId = 0;
    addEventListener('online', () => this.phase === 'waiting' && this.connect());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible' && this.phase === 'waiting' && this.attempt > 3) this.connect();
    });
  }

  get open() {
    return this.phase === 'open';
  }

  /** Dials now, whatever the state; does nothing on a living connection. */
  connect() {
    if (this.phase === 'open' || this.phase === 'connecting') return;
    clearTimeout(this.timer);
    this.change('connecting');
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.timer = setTimeout(() => this.lost(socket, 1006, ''), 15_000);
    socket.onopen = () => this.socket === socket && this.opened();
    socket.onmessage = (event) => this.socket === socket && this.received(event.data);
    socket.onclose = (event) => this.lost(socket, event.code, event.reason);
  }

  /** Sends a request with a fresh id and returns the id, or 0 when there is no connection. */
  request(fields) {
    if (!this.open) return 0;
    const id = ++this.lastId;
    this.socket.send(JSON.stringify({ ...fields, id }));
    return id;
  }

  opened() {
    clearTimeout(this.timer);
    this.change('open');
    this.ping();
    this.on.open();
  }

  received(data) {
    this.attempt = 0; // only a node that speaks counts as reached
    clearTimeout(this.deadline);
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return; // not for us: a room may carry anything
    }
    if (message === null || typeof message !== 'object') return;
    if (message.type === 'pong' && message.id === this.pingId) this.on.latency(performance.now() - this.pingAt);
    else this.on.message(message);
  }

  ping() {
    const socket = this.socket;
    this.pingAt = performance.now();
    this.pingId = this.request({ type: 'ping' });
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => this.lost(socket, 1006, ''), SILENCE_MS);
    this.timer = setTimeout(() => this.socket === socket && this.ping(), PING_EVERY_MS);
  }

  lost(socket, code, reason) {
    if (this.socket !== socket) return;
    this.socket = null;
    clearTimeout(this.timer);
    clearTimeout(this.deadline);
    socket.close();
    if (GIVE_UP_CODES.has(code)) return this.change('stopped', { code, reason });
    const delay = askedDelay(code, reason) ?? backoffDelay(this.attempt);
    this.attempt += 1;
    this.timer = setTimeout(() => this.connect(), delay);
    this.change('waiting', { code, reason, until: Date.now() + delay });
  }

  change(phase, details = {}) {
    this.phase = phase;
    this.on.state({ phase, ...details });
  }
}
