'use strict';
// node-ws.cjs PORT REDIS_PORT
//
// The classic Node.js design, done with care: `ws` in front, one Redis subscription for each room with members
// here, every message published to Redis and forwarded as it comes back.
const { WebSocketServer } = require('ws');
const { createClient } = require('redis');

const port = Number(process.argv[2]);
const url = `redis://127.0.0.1:${process.argv[3]}`;
const rooms = new Map(); // room -> Set of sockets

async function main() {
  const pub = createClient({ url });
  const sub = createClient({ url });
  pub.on('error', (e) => console.error('redis pub:', e.message));
  sub.on('error', (e) => console.error('redis sub:', e.message));
  await Promise.all([pub.connect(), sub.connect()]);

  const asText = { binary: false };
  const forward = (text, channel) => {
    const members = rooms.get(channel.toString());
    if (members) for (const ws of members) if (ws.readyState === 1) ws.send(text, asText);
  };

  function join(ws, room) {
    let members = rooms.get(room);
    if (!members) {
      rooms.set(room, (members = new Set()));
      sub.subscribe(room, forward, true).catch((e) => console.error(e.message)); // true: Buffers, no decoding
    }
    members.add(ws);
    ws.rooms.add(room);
  }
  function leave(ws, room) {
    ws.rooms.delete(room);
    const members = rooms.get(room);
    if (!members || !members.delete(ws) || members.size) return;
    rooms.delete(room);
    sub.unsubscribe(room, forward, true).catch((e) => console.error(e.message));
  }

  const wss = new WebSocketServer({ host: '127.0.0.1', port, backlog: 4096 });
  wss.on('connection', (ws) => {
    ws.rooms = new Set();
    ws.on('error', () => {});
    ws.on('message', (data) => {
      let m;
      try { m = JSON.parse(data); } catch { return; }
      if (m.type === 'sendMessage') {
        pub.publish(m.roomId, JSON.stringify({ type: 'sendMessage', roomId: m.roomId, message: m.message }))
          .catch((e) => console.error(e.message));
      } else if (m.type === 'SUBSCRIBE') join(ws, m.room);
      else if (m.type === 'UNSUBSCRIBE') leave(ws, m.room);
    });
    ws.on('close', () => { for (const room of [...ws.rooms]) leave(ws, room); });
  });
}
main();
