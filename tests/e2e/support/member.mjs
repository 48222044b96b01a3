// A member that comes back: when its connection ends it dials a random node and recovers from where it was. It keeps
// what it heard and judges nothing; see checker.mjs.
import WebSocket from 'ws';
import { atEnd, until } from './processes.mjs';

const JITTER_MS = 300; // before it dials or asks again
const ANSWER_MS = 10_000; // a request without an answer: it gives the connection up

export class Member {
  /** `ports()`: where nodes are now. `rooms` are subscribed, `lobby` is joined as user {id: name}. */
  constructor({ name, ports, rooms, chance, lobby = null }) {
    Object.assign(this, { name, ports, chance, lobby });
    this.records = new Map(rooms.map((room) => [room, { start: null, position: null, heard: [], losses: [] }]));
    this.dials = 0;
    this.recoveries = 0;
    this.ended = false;
    this.settling = new Map(); // request id -> timer, of requests without an answer
    atEnd(() => this.end());
    this.dial();
  }

  record(room) {
    return this.records.get(room);
  }

  get user() {
    return { id: this.name };
  }

  dial() {
    if (this.ended) return;
    const ports = this.ports();
    if (!ports.length) return this.dialLater();
    this.dials += 1;
    const socket = new WebSocket(`ws://127.0.0.1:${this.chance.pick(ports)}/ws`, { perMessageDeflate: false, handshakeTimeout: ANSWER_MS });
    this.socket = socket;
    this.settling.clear();
    socket.on('error', () => {}); // 'close' follows
    socket.on('open', () => this.enter());
    socket.on('message', (data) => this.received(JSON.parse(data)));
    socket.on('close', () => this.closed());
  }

  dialLater() {
    setTimeout(() => this.dial(), 20 + this.chance.below(JITTER_MS)).unref();
  }

  closed() {
    this.forgetTimers();
    this.dialLater();
  }

  forgetTimers() {
    for (const timer of this.settling.values()) clearTimeout(timer);
    this.settling.clear();
  }

  enter() {
    for (const room of this.records.keys()) this.subscribe(room);
    if (this.lobby) this.join();
  }

  subscribe(room) {
    const { position } = this.records.get(room);
    this.request({ type: 'SUBSCRIBE', room, recoverable: true, ...(position && { recover: position }), id: `in ${room}` });
  }

  join() {
    this.request({ type: 'join', roomId: this.lobby, user: this.user, id: 'join' });
  }

  request(request) {
    const { socket } = this;
    clearTimeout(this.settling.get(request.id));
    this.settling.set(request.id, setTimeout(() => socket.terminate(), ANSWER_MS));
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(request));
  }

  /** Asks again a little later, if the connection is still the same. */
  again(ask) {
    const { socket } = this;
    setTimeout(() => socket === this.socket && socket.readyState === WebSocket.OPEN && ask(), 20 + this.chance.below(JITTER_MS)).unref();
  }

  received(message) {
    const room = message.room ?? message.roomId;
    switch (message.type) {
      case 'ack': return this.entered(room, message);
      case 'joined': return this.settled('join');
      case 'error': return this.refused(room, message);
      case 'gap': return this.missed(room, message);
      case 'join':
      case 'exit': return undefined;
      default: return this.heard(room, message);
    }
  }

  settled(id) {
    clearTimeout(this.settling.get(id));
    this.settling.delete(id);
  }

  entered(room, { id, epoch, seq, recovered }) {
    this.settled(id);
    const record = this.records.get(room);
    if (epoch === undefined) return; // no history there
    if (recovered === true) return void (this.recoveries += 1);
    if (recovered === false) record.losses.push({ what: 'not recovered', behind: record.heard.length, from: record.position, to: { epoch, seq } });
    record.position = { epoch, seq };
    record.start ??= record.position;
  }

  refused(room, { id, code }) {
    if (id === 'join' || room === this.lobby) this.again(() => this.join());
    else if (this.records.has(room)) this.again(() => this.subscribe(room));
    else throw new Error(`${this.name} was refused: ${code}`);
  }

  missed(room, gap) {
    const record = this.records.get(room);
    record.losses.push({ what: 'gap', behind: record.heard.length, from: { epoch: gap.epoch, seq: gap.from - 1 }, to: { epoch: gap.epoch, seq: gap.to } });
    if (gap.epoch !== undefined) record.position = { epoch: gap.epoch, seq: gap.to };
  }

  heard(room, { seq, message }) {
    const record = this.records.get(room);
    const epoch = record.position?.epoch;
    record.heard.push({ epoch, seq, message, dial: this.dials });
    if (seq !== undefined) record.position = { epoch, seq };
  }

  /** Whether every request of the present connection was answered well. */
  get isSettled() {
    return this.socket?.readyState === WebSocket.OPEN && this.settling.size === 0;
  }

  whenSettled() {
    return until(() => this.isSettled, `${this.name} to be in its rooms`);
  }

  /** Waits until it has heard everything up to `seq`. */
  whenAt(room, seq, ms) {
    const record = this.record(room);
    return until(() => record.position?.seq >= seq, () => `${this.name} to reach ${seq} in ${room}; it is at ${JSON.stringify(record.position)}, ${JSON.stringify(record.losses.slice(-3))}`, ms);
  }

  /** Whether the newest that it has, or was told that it has missed, is at just this place. */
  isAt(room, { epoch, seq }) {
    const { position } = this.record(room);
    return position.epoch === epoch && position.seq === seq;
  }

  /** Breaks the connection; it comes back by itself. */
  cut() {
    this.socket?.terminate();
  }

  end() {
    this.ended = true;
    this.forgetTimers();
    this.socket?.terminate();
  }
}
