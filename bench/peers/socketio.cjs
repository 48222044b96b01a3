'use strict';
// socketio.cjs PORT REDIS_PORT
//
// Socket.IO with its Redis adapter, as its documentation sets it up. The adapter serves local members directly;
// Redis is only the way to other nodes.
const { createServer } = require('http');
const { Server } = require('socket.io');
const { createAdapter } = require('@socket.io/redis-adapter');
const { createClient } = require('redis');

async function main() {
  const pub = createClient({ url: `redis://127.0.0.1:${process.argv[3]}` });
  const sub = pub.duplicate();
  pub.on('error', (e) => console.error('redis pub:', e.message));
  sub.on('error', (e) => console.error('redis sub:', e.message));
  await Promise.all([pub.connect(), sub.connect()]);

  const http = createServer();
  const io = new Server(http, { adapter: createAdapter(pub, sub) });
  io.on('connection', (socket) => {
    socket.on('join', (room) => socket.join(room));
    socket.on('leave', (room) => socket.leave(room));
    socket.on('msg', (room, message) => io.to(room).emit('msg', room, message));
  });
  http.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 4096 });
}
main();
