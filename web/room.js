// One room as this tab sees it: its tab, log, members, and own messages on their way.

const REJOIN_MS = 2_000; // a join refused for now is repeated, with jitter
const HISTORY = 50; // messages shown at first, in a room that keeps some
const REFUSED_FOR_NOW = new Set(['bus_unavailable', 'draining', 'internal', 'rate_limited']);

const me = { id: '', name: '' };
const rooms = new Map();
const requests = new Map(); // id -> what to do with its answer
let active = null;

class Room {
  constructor(name) {
    this.name = name;
    this.phase = 'out'; // joining, in, refused
    this.away = false; // was in, and lost the connection
    this.place = null; // {epoch, seq} of the newest message, in a room with history
    this.members = new Map();
    this.count = 0;
    this.unread = 0;
    this.draft = '';
    this.pending = []; // own messages whose copy has not come back
    this.log = new RoomLog(() => this === active && showNewer());
    this.label = h('span', { className: 'name' }, h('span', { className: 'hash' }, '# '), name);
    this.badge = h('span', { className: 'badge', hidden: true });
    this.tab = h('button', { className: 'tab', role: 'tab', id: `tab-${name}`, title: name, onclick: () => activate(this) }, this.label, this.badge);
    $('tabs').append(this.tab);
    $('logs').append(this.log.element);
    this.log.element.ariaLabel = `Messages in ${name}`;
  }

  join() {
    clearTimeout(this.rejoin);
    this.phase = 'joining';
    this.tab.classList.add('waiting');
    const past = { recoverable: true, history: HISTORY, ...(this.place && { recover: this.place }) };
    ask({ type: 'join', roomId: this.name, user: me, ...past }, (answer) => this.joined(answer));
  }

  joined(answer) {
    if (answer.type === 'error') return this.refused(answer);
    if (this.away) this.log.notice(answer.recovered ? 'Back again.' : 'Back again. What was said meanwhile may not be shown.');
    if (answer.recoverable && !answer.recovered) this.place = { epoch: answer.epoch, seq: answer.seq };
    this.phase = 'in';
    this.away = false;
    this.problem = null;
    this.tab.classList.remove('waiting');
    this.setMembers(answer);
    showBanner();
  }

  refused(error) {
    this.phase = 'refused';
    this.problem = `Not in this room yet: ${errorWords(error)}.`;
    if (REFUSED_FOR_NOW.has(error.code)) this.rejoin = setTimeout(() => connection.open && this.join(), REJOIN_MS * (0.5 + Math.random()));
    showBanner();
  }

  /** The room's list at the time of joining. */
  setMembers(answer) {
    this.members.clear();
    this.count = 0;
    this.addMembers(answer);
  }

  /** Adds who is listed and keeps who is not: a list is a page, and notices may have been faster. */
  addMembers(answer) {
    for (const user of Array.isArray(answer.users) ? answer.users : []) this.members.set(userKey(user), user);
    this.count = Math.max(Number(answer.count) || 0, this.members.size);
    if (this === active) showMembers();
  }

  /** Notices change the list at once; soon after, the server's is asked for: a user may have other connections. */
  noticed(type, user) {
    if (type === 'join') this.members.set(userKey(user), user);
    else if (user?.id !== me.id) this.members.delete(userKey(user));
    this.count = Math.max(this.members.size, this.count + (type === 'join' ? 1 : -1));
    if (this === active) showMembers();
    if (this.refresh) return;
    // Large rooms ask more rarely: every member's page does this.
    const spread = Math.min(20_000, 300 + this.count * 40);
    this.refresh = setTimeout(() => {
      this.refresh = null;
      if (this.phase === 'in') ask({ type: 'presence', room: this.name }, (answer) => answer.type === 'presence' && this.addMembers(answer));
    }, spread * (0.5 + Math.random()));
  }

  say(text) {
    const item = { text, entry: this.log.message(me, text, true) };
    this.pending.push(item);
    if (!ask({ type: 'chat', roomId: this.name, user: me, message: text }, (answer) => answer.type === 'error' && this.notSent(item, errorWords(answer))))
      this.notSent(item, 'there is no connection');
    this.log.toEnd();
  }

  notSent(item, why) {
    if (!this.pending.includes(item)) return;
    this.pending.splice(this.pending.indexOf(item), 1);
    const again = () => (item.entry.remove(), this.say(item.text));
    item.entry.querySelector('.body').append(
      h('div', { className: 'problem' }, h('span', {}, `Not sent: ${why}.`), h('button', { onclick: again }, 'Try again'), h('button', { onclick: () => item.entry.remove() }, 'Discard')),
    );
  }

  received(message) {
    if (this.place && 'seq' in message) this.place.seq = Math.max(this.place.seq, message.seq);
    const own = message.user?.id === me.id;
    const index = own ? this.pending.findIndex((item) => item.text === message.message) : -1;
    if (index >= 0) this.pending.splice(index, 1)[0].entry.remove();
    this.log.message(message.user, message.message);
    if (this === active && document.visibilityState === 'visible') return showNewer();
    this.unread += 1;
    showUnread();
  }

  disconnected() {
    clearTimeout(this.rejoin);
    for (const item of [...this.pending]) this.notSent(item, 'the connection broke before it was confirmed');
    this.away ||= this.phase === 'in';
    this.phase = 'out';
    this.tab.classList.add('waiting');
  }

  leave() {
    clearTimeout(this.rejoin);
    clearTimeout(this.refresh);
    if (connection.open) ask({ type: 'exit', roomId: this.name, user: me }, () => {});
    rooms.delete(this.name);
    this.tab.remove();
    this.log.element.remove();
  }
}

/** Sends a request and remembers who waits for the answer; 0 without a connection. */
function ask(fields, then) {
  const id = connection.request(fields);
  if (id) requests.set(id, then);
  return id;
}

function enterRoom(name) {
  let room = rooms.get(name);
  if (!room) {
    room = new Room(name);
    rooms.set(name, room);
    if (connection.open) room.join();
    remember();
  }
  activate(room);
}

function leaveRoom(room) {
  const order = [...rooms.values()];
  const next = order[order.indexOf(room) + 1] ?? order[order.indexOf(room) - 1] ?? null;
  room.leave();
  remember();
  activate(next);
}

function remember() {
  memory.set('localStorage', 'rooms', [...rooms.keys()]);
  memory.set('localStorage', 'name', me.name);
}
