// A recoverable member for crowds: WebSocket by hand, one room, and it keeps no messages: it checks that each is the next.
import { connect } from 'node:net';
import { frame, opcode } from './frames.mjs';

const HANDSHAKE = (port) => `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;
const SEQ = /"seq":(\d+)\}$/;
const NOTHING = Buffer.alloc(0);

export class ThinClient {
  /** `tally` counts for all clients of a process: {delivered, wrong, lost, failed, replays, idle}. */
  constructor(room, tally) {
    this.room = room;
    this.tally = tally;
    this.epoch = '';
    this.seq = -1; // of the last message; -1: never was in the room
    this.socket = null;
  }

  /** Dials; `ended` is called once, when the connection is over, cut or not. */
  dial(port, localAddress, ended) {
    this.rest = NOTHING;
    this.isOpen = false; // the handshake is done
    this.isIn = false; // the subscribe is acknowledged
    this.goal = -1; // caught up at this number; -1: done
    this.dialled = performance.now();
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    this.socket = socket;
    socket.setNoDelay();
    socket.on('connect', () => socket.write(HANDSHAKE(port)));
    socket.on('data', (data) => socket === this.socket && this.take(data));
    socket.on('error', () => {});
    socket.on('close', () => {
      if (socket === this.socket) this.isIn = false;
      ended();
    });
  }

  /** Resets the connection. */
  cut() {
    this.isIn = false;
    this.socket?.resetAndDestroy();
  }

  take(data) {
    this.rest = this.rest.length ? Buffer.concat([this.rest, data]) : data;
    if (!this.isOpen && !this.upgraded()) return;
    while (this.takeFrame());
    if (this.rest.length === 0) this.rest = NOTHING; // lets the read buffer go
  }

  upgraded() {
    const end = this.rest.indexOf('\r\n\r\n');
    if (end < 0) return false;
    if (!this.rest.toString('latin1', 0, 12).startsWith('HTTP/1.1 101')) {
      this.tally.failed += 1;
      this.cut();
      return false;
    }
    this.rest = this.rest.subarray(end + 4);
    this.isOpen = true;
    const recover = this.seq < 0 ? '' : `,"recover":{"epoch":"${this.epoch}","seq":${this.seq}}`;
    this.socket.write(frame(opcode.text, `{"type":"SUBSCRIBE","room":"${this.room}","recoverable":true${recover},"id":1}`));
    return true;
  }

  takeFrame() {
    const { rest } = this;
    if (rest.length < 2) return false;
    const at = rest[1] < 126 ? 2 : rest[1] === 126 ? 4 : 10;
    if (rest.length < at) return false;
    const end = at + (at === 2 ? rest[1] : at === 4 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2)));
    if (rest.length < end) return false;
    const op = rest[0] & 15;
    if (op === opcode.text) this.takeText(rest.toString('utf8', at, end));
    else if (op === opcode.ping) this.socket.write(frame(opcode.pong, rest.subarray(at, end)));
    this.rest = rest.subarray(end);
    return true;
  }

  takeText(text) {
    if (text.startsWith('{"type":"publish"')) return this.heard(Number(SEQ.exec(text)?.[1] ?? NaN));
    const answer = JSON.parse(text);
    if (answer.type === 'ack') return this.entered(answer);
    if (answer.type === 'gap') this.tally.lost += 1;
    else this.tally.failed += 1;
    return this.cut(); // comes back and asks again
  }

  entered({ epoch, seq, recovered }) {
    if (recovered === false) this.tally.lost += 1;
    const returns = recovered === true;
    if (!returns) Object.assign(this, { epoch, seq });
    this.isIn = true;
    if (returns && this.seq === seq) this.tally.idle.push(performance.now() - this.dialled);
    else if (returns) this.goal = seq;
  }

  heard(seq) {
    this.tally.delivered += 1;
    if (seq !== this.seq + 1) this.tally.wrong += 1;
    this.seq = seq;
    if (this.goal !== seq) return;
    this.goal = -1;
    this.tally.replays.push(performance.now() - this.dialled);
  }
}
