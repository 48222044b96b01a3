// The chat page: rooms protocol (join, chat, exit, presence) over one Connection.

const MAX_FRAME_BYTES = 65_536; // the server's default; over it the server closes with 1009

// -- what the server says -----------------------------------------------------

const connection = new Connection(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`, {
  open: () => rooms.forEach((room) => room.join()),
  state: (state) => {
    if (state.phase !== 'open') {
      requests.clear();
      rooms.forEach((room) => room.disconnected());
    }
    lastState = state;
    showStatus();
  },
  latency: (ms) => ($('latency').textContent = `${ms < 1 ? '<1' : Math.round(ms)} ms`),
  message: onMessage,
});
let lastState = { phase: 'stopped' };

function onMessage(message) {
  const waiting = requests.get(message.id);
  if (waiting && ['ack', 'error', 'joined', 'presence'].includes(message.type)) {
    requests.delete(message.id);
    return waiting(message);
  }
  const room = rooms.get(message.roomId ?? message.room);
  if (message.type === 'error') return room ? onRoomError(room, message) : toast(`The server says: ${errorWords(message)}.`);
  if (!room) return;
  if (message.type === 'join' || message.type === 'exit') return onNotice(room, message);
  if (message.type === 'gap' && message.epoch) room.place = { epoch: message.epoch, seq: message.to };
  if (message.type === 'gap' && message.to < message.from) return;
  if (message.type === 'gap') return room.log.notice(`${message.dropped ? `${message.dropped} messages` : 'Some messages'} did not reach you.`);
  if ('message' in message) room.received(message);
}

/** An error nobody asked for: the room failed on the node, we are out of it. */
function onRoomError(room, error) {
  toast(`${room.name}: ${errorWords(error)}.`);
  if (error.code === 'internal') room.refused(error);
}

function onNotice(room, { type, user, reason }) {
  if (user?.id !== me.id) {
    const what = type === 'join' ? 'joined' : reason === 'disconnect' ? 'lost the connection' : 'left';
    room.log.notice(`${userName(user)} ${what}.`);
  }
  room.noticed(type, user);
  if (room === active) showNewer();
}

// -- what the page shows ------------------------------------------------------

function activate(room) {
  if (active) {
    active.draft = $('message').value;
    active.log.element.hidden = true;
    active.tab.ariaSelected = 'false';
  }
  active = room;
  for (const other of rooms.values()) {
    other.tab.ariaSelected = String(other === room);
    other.tab.tabIndex = other === room ? 0 : -1;
    other.tab.setAttribute('aria-controls', 'panel');
  }
  for (const id of ['composer', 'leave', 'copy-link', 'show-members', 'composer-note']) $(id).hidden = !room;
  document.querySelector('.terminal').hidden = !room;
  $('members').hidden = !room;
  $('room-title').replaceChildren(...(room ? [h('span', { className: 'hash' }, '# '), room.name] : ['No room']));
  history.replaceState(null, '', room ? `#${encodeURIComponent(room.name)}` : location.pathname);
  showBanner();
  if (!room) return;
  room.log.element.hidden = false;
  room.log.toEnd();
  room.unread = 0;
  $('message').value = room.draft;
  $('message').placeholder = `Message # ${room.name}`;
  $('message-label').textContent = `Message to ${room.name}`;
  room.tab.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  growComposer();
  showUnread();
  showMembers();
  showNewer();
  showTerminal();
}

function showUnread() {
  let total = 0;
  for (const room of rooms.values()) {
    total += room.unread;
    room.badge.hidden = !room.unread;
    room.badge.textContent = room.unread > 99 ? '99+' : String(room.unread);
    room.tab.ariaLabel = room.unread ? `${room.name}, ${room.unread} unread` : room.name;
  }
  document.title = `${total ? `(${total}) ` : ''}${active ? `${active.name} · ` : ''}roomcast`;
}

function showMembers() {
  if (!active) return;
  const others = [...active.members.values()].filter((user) => user?.id !== me.id);
  others.sort((a, b) => userName(a).localeCompare(userName(b)));
  const line = (user, own) => h('li', { title: userName(user) }, avatar(user), h('span', { className: 'label' }, userName(user)), own ? h('span', { className: 'dim' }, 'you') : null);
  $('member-list').replaceChildren(...(active.phase === 'in' ? [line(me, true)] : []), ...others.map((user) => line(user, false)));
  const shown = others.length + 1;
  $('member-more').hidden = active.count <= shown;
  $('member-more').textContent = `and ${active.count - shown} more`;
  $('count').textContent = String(active.count);
  $('count-word').textContent = active.count === 1 ? 'member' : 'members';
  $('members-caption').textContent = `${active.count} ${active.count === 1 ? 'member' : 'members'}`;
}

function showNewer() {
  if (active && !active.log.atEnd) $('newer').hidden = false;
  else $('newer').hidden = true;
}

let countdown = null;
let restarting = false;
function showStatus() {
  const { phase, until, code, reason } = lastState;
  clearInterval(countdown);
  $('status').className = `status ${phase}`;
  if (phase !== 'open') $('latency').textContent = '';
  $('status-text').textContent = { open: 'Connected', connecting: 'Connecting…', waiting: 'Reconnecting…', stopped: 'Disconnected' }[phase];
  if (phase === 'waiting') {
    restarting ||= code === 1012; // until it is back: dials that fail meanwhile are no news
    const why = restarting ? 'The server is restarting.' : 'The connection was lost.';
    const tick = () => {
      const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      connectionProblem = `${why} ${seconds > 1 ? `Trying again in ${seconds} s.` : 'Trying again now.'}`;
      showBanner();
    };
    tick();
    countdown = setInterval(tick, 1000);
  } else if (phase === 'stopped' && code) {
    connectionProblem = code === 1009 ? 'That message was larger than the server allows, so it closed the connection.' : `The server closed the connection: ${reason || `code ${code}`}.`;
  } else if (phase === 'open') {
    connectionProblem = null;
    restarting = false;
  }
  showBanner();
}

let connectionProblem = null;
function showBanner() {
  const text = connectionProblem ?? active?.problem ?? (active ? null : 'You are in no room. Join one by its name.');
  $('banner').hidden = !text;
  $('banner').classList.toggle('bad', lastState.phase === 'stopped' && Boolean(connectionProblem));
  if ($('banner-text').textContent !== (text ?? '')) $('banner-text').textContent = text ?? '';
  $('banner-action').hidden = !connectionProblem || lastState.phase === 'connecting';
  $('banner-action').textContent = lastState.phase === 'waiting' ? 'Try now' : 'Connect again';
}

function showTerminal() {
  const lines = [
    `npx wscat -c ${connection.url}`,
    JSON.stringify({ type: 'SUBSCRIBE', room: active.name }),
    JSON.stringify({ type: 'sendMessage', roomId: active.name, message: 'hello from the terminal' }),
  ];
  const line = (text) => h('div', { className: 'line' }, h('code', {}, text), h('button', { className: 'quiet', onclick: () => copyText(text) }, 'Copy'));
  $('terminal-lines').replaceChildren(...lines.map(line));
}

function showMe() {
  $('my-name').textContent = me.name;
  paintAvatar($('my-avatar'), me);
}

// -- what the user does -------------------------------------------------------

function growComposer() {
  const box = $('message');
  box.style.height = 'auto';
  box.style.height = `${box.scrollHeight + 2}px`;
}

function send() {
  const text = $('message').value.replace(/\s+$/, '');
  if (!text || !active) return;
  if (!connection.open || active.phase !== 'in') return toast('Not connected to this room yet: your message stays here until you are.');
  if (bytesOf(JSON.stringify({ type: 'chat', roomId: active.name, user: me, message: text })) + 32 > MAX_FRAME_BYTES) return toast('That is too long: a message may have about 64,000 bytes.');
  $('message').value = '';
  growComposer();
  active.say(text);
}

/** Asks for the name, and at the first visit for a room. */
function openWelcome(first) {
  const dialog = $('welcome');
  $('welcome-room').hidden = !first;
  $('welcome-cancel').hidden = first;
  $('welcome-title').textContent = first ? 'Welcome to roomcast' : 'Change your name';
  $('welcome-text').hidden = !first;
  $('welcome-go').textContent = first ? 'Enter' : 'Save';
  $('welcome-error').textContent = '';
  $('name').value = me.name;
  if (first) $('first-room').value = roomOfLink() || 'lobby';
  dialog.oncancel = (event) => first && event.preventDefault();
  dialog.showModal();
  $('name').select();
}

function onWelcome(event) {
  event.preventDefault();
  const first = !$('welcome-room').hidden;
  const name = $('name').value.trim();
  const room = $('first-room').value.trim();
  const problem = !name ? 'Please type a name.' : first ? roomNameProblem(room) : '';
  $('welcome-error').textContent = problem;
  if (problem) return (name ? $('first-room') : $('name')).focus();
  $('welcome').close();
  const renamed = !first && name !== me.name;
  if (renamed && connection.open) rooms.forEach((each) => ask({ type: 'exit', roomId: each.name, user: { ...me } }, () => {}));
  me.name = name;
  showMe();
  remember();
  if (first) enter([room]);
  else if (renamed && connection.open) rooms.forEach((each) => each.join());
}

function changeRoom(step) {
  const order = [...rooms.values()];
  if (order.length) activate(order[(order.indexOf(active) + step + order.length) % order.length]);
}

function listen() {
  $('welcome-form').addEventListener('submit', onWelcome);
  $('welcome-cancel').onclick = () => $('welcome').close();
  $('rename').onclick = () => openWelcome(false);
  $('skip').onclick = (event) => (event.preventDefault(), $('message').focus());
  $('join-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const name = $('join-room').value.trim();
    const problem = roomNameProblem(name);
    if (problem) return toast(problem);
    $('join-room').value = '';
    enterRoom(name);
    $('message').focus();
  });
  $('composer').addEventListener('submit', (event) => (event.preventDefault(), send()));
  $('message').addEventListener('input', growComposer);
  $('message').addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  $('tabs').addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step || event.altKey) return;
    event.preventDefault();
    changeRoom(step);
    active.tab.focus();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') toggleMembers(false);
    if (!event.altKey || !['ArrowUp', 'ArrowDown'].includes(event.key)) return;
    event.preventDefault();
    changeRoom(event.key === 'ArrowDown' ? 1 : -1);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible' || !active) return;
    active.unread = 0;
    showUnread();
  });
  addEventListener('hashchange', () => roomOfLink() && !roomNameProblem(roomOfLink()) && enterRoom(roomOfLink()));
  $('leave').onclick = () => leaveRoom(active);
  $('copy-link').onclick = () => copyText(location.href);
  $('newer').onclick = () => active.log.toEnd();
  $('banner-action').onclick = () => connection.connect();
  $('show-members').onclick = () => toggleMembers(!$('members').classList.contains('shown'));
  $('hide-members').onclick = () => (toggleMembers(false), $('show-members').focus());
}

function toggleMembers(shown) {
  $('members').classList.toggle('shown', shown);
  $('show-members').ariaExpanded = String(shown);
}

function enter(names) {
  $('app').hidden = false;
  names.forEach(enterRoom);
  connection.connect();
  $('message').focus();
}

async function start() {
  me.id = await tabId();
  const name = memory.get('localStorage', 'name');
  const known = memory.get('localStorage', 'rooms');
  if (typeof name === 'string') me.name = name.slice(0, 60);
  listen();
  showMe();
  if (!me.name) return openWelcome(true);
  const names = new Set((Array.isArray(known) ? known : []).filter((each) => typeof each === 'string' && !roomNameProblem(each)));
  const linked = roomOfLink();
  if (linked && !roomNameProblem(linked)) names.delete(linked), names.add(linked); // the linked room comes last, hence in front
  enter(names.size ? [...names] : ['lobby']);
}

start();
