'use strict';
// faulty.cjs FAULT
//
// A small room server with one fault built in, for bench/check: does the load generator notice? Needs nothing but
// Node.js, listens on a free port of 127.0.0.1 and prints it. FAULT is one of
//   none  drop10  dup10  swap10  corrupt10  truncate10  leak10  fragment  raw
//   lateack (300 ms after the room was entered)  extra  badaccept  masked  rsv  http403  close (a member, after 2 s)
// or the bare shapes of another dialect: pusher (senders get no echo) and centrifugo (answers and messages share
// frames), each with heartbeats of its own.
const http = require('http');
const crypto = require('crypto');
const fault = process.argv[2] || 'none';
const rooms = new Map();
const all = new Set();
let n = 0;

function frame(op, body, fin = true, extra = 0) {
  const len = body.length;
  const h = len < 126 ? Buffer.from([0, len]) : len < 65536 ? Buffer.from([0, 126, len >> 8, len & 255]) : null;
  if (!h) throw new Error('too long');
  h[0] = (fin ? 0x80 : 0) | op | extra;
  if (fault === 'masked' && op === 1) {
    h[1] |= 0x80;
    return Buffer.concat([h, Buffer.alloc(4), body]);
  }
  return Buffer.concat([h, body]);
}
function deliver(c, text, every) {
  if (fault === 'drop10' && every) return;
  if (fault === 'corrupt10' && every) text = text.replace('abcdefgh', 'abcdEfgh');
  if (fault === 'truncate10' && every) text = text.replace('$"', '"');
  if (fault === 'raw') text = JSON.parse(text).message;
  if (fault === 'extra') {
    const m = JSON.parse(text);
    text = JSON.stringify({ id: 7, sender: 'someone', message: m.message, at: Date.now(), type: m.type, roomId: m.roomId });
  }
  const body = Buffer.from(text);
  if (fault === 'rsv') return c.sock.write(frame(1, body, true, 0x40));
  if (fault === 'swap10') {
    if (c.held) {
      c.sock.write(frame(1, body));
      c.sock.write(c.held);
      c.held = null;
      return;
    }
    if (every) return void (c.held = frame(1, body));
  }
  if (fault === 'fragment') {
    const a = body.length / 3 | 0;
    c.sock.write(frame(1, body.subarray(0, a), false));
    c.sock.write(frame(9, Buffer.from('still there?')));
    c.sock.write(frame(0, body.subarray(a, 2 * a), false));
    return c.sock.write(frame(0, body.subarray(2 * a)));
  }
  c.sock.write(frame(1, body));
  if (fault === 'dup10' && every) c.sock.write(frame(1, body));
}
const put = (c, ...lines) => c.sock.write(frame(1, Buffer.from(lines.join('\n'))));
const members = (room) => rooms.get(room) || rooms.set(room, new Set()).get(room);
const enter = (c, room) => { members(room).add(c); c.rooms.push(room); };
function pusher(c, t) {
  const m = JSON.parse(t);
  if (m.event === 'pusher:subscribe') {
    enter(c, m.data.channel);
    put(c, JSON.stringify({ event: 'pusher_internal:subscription_succeeded', channel: m.data.channel, data: '{}' }));
  } else if (m.event === 'client-msg') {
    for (const x of members(m.channel)) if (x !== c) put(x, t);
    if (++n % 10 === 0) put(c, '{"event":"pusher:ping","data":{}}');
  } else if (m.event === 'pusher:pong') n += 10000;
}
function centrifugo(c, t) {
  for (const line of t.trim().split('\n')) {
    const m = JSON.parse(line);
    if (m.connect) put(c, JSON.stringify({ id: m.id, connect: { client: 'x', ping: 25, pong: true } }));
    else if (m.subscribe) {
      enter(c, m.subscribe.channel);
      put(c, JSON.stringify({ id: m.id, subscribe: {} }));
    } else if (m.publish) {
      const push = JSON.stringify({ push: { channel: m.publish.channel, pub: { data: m.publish.data } } });
      for (const x of members(m.publish.channel)) if (x !== c) put(x, push);
      put(c, JSON.stringify({ id: m.id, publish: {} }), push);
      if (++n % 10 === 0) put(c, '{}');
    }
  }
}
function text(c, t) {
  if (fault === 'pusher') return pusher(c, t);
  if (fault === 'centrifugo') return centrifugo(c, t);
  const m = JSON.parse(t);
  if (m.type === 'SUBSCRIBE') {
    if (!rooms.has(m.room)) rooms.set(m.room, new Set());
    rooms.get(m.room).add(c);
    c.rooms.push(m.room);
    if (m.id === undefined) return;
    const ack = () => put(c, JSON.stringify({ type: 'ack', id: m.id, room: m.room }));
    fault === 'lateack' ? setTimeout(ack, 300) : ack();
  } else if (m.type === 'sendMessage') {
    const probe = m.message[3] === 'p';
    for (const x of rooms.get(m.roomId) || []) deliver(x, t, !probe && ++n % 10 === 0);
    if (fault === 'leak10' && !probe && ++n % 10 === 0)
      for (const x of all) if (!x.rooms.includes(m.roomId)) { deliver(x, t); break; }
  }
}
const server = http.createServer((q, r) => r.writeHead(404).end());
server.on('upgrade', (req, sock, head) => {
  if (fault === 'http403') return sock.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  const key = req.headers['sec-websocket-key'] + (fault === 'badaccept' ? 'x' : '') + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
  sock.setNoDelay(true);
  sock.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nCONNECTION: keep-alive, Upgrade\r\nSec-WebSocket-Accept:'
    + crypto.createHash('sha1').update(key).digest('base64') + '\r\n\r\n');
  const c = { sock, rooms: [], held: null };
  all.add(c);
  if (fault === 'close' && all.size === 5) setTimeout(() => sock.end(frame(8, Buffer.from([3, 0xf3]))), 2000);
  if (fault === 'pusher') put(c, '{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"1.1\\"}"}');
  let buf = head;
  const eat = (d) => {
    buf = buf.length ? Buffer.concat([buf, d]) : d;
    for (;;) {
      if (buf.length < 6) return;
      let len = buf[1] & 127, h = 2;
      if (len === 126) { if (buf.length < 8) return; len = buf.readUInt16BE(2); h = 4; }
      if (buf.length < h + 4 + len) return;
      const mask = buf.subarray(h, h + 4), body = Buffer.from(buf.subarray(h + 4, h + 4 + len)), op = buf[0] & 15;
      for (let i = 0; i < len; i++) body[i] ^= mask[i & 3];
      buf = buf.subarray(h + 4 + len);
      if (op === 1) text(c, body.toString());
      else if (op === 9) sock.write(frame(10, body));
      else if (op === 8) sock.end(frame(8, body.subarray(0, 2)));
    }
  };
  sock.on('data', eat);
  sock.on('error', () => {});
  sock.on('close', () => { all.delete(c); for (const r of c.rooms) rooms.get(r).delete(c); });
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => console.log(server.address().port));
