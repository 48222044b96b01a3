// Small pieces of the page. Everything that came over the wire becomes a text node, never markup.

const $ = (id) => document.getElementById(id);
const MAX_ENTRIES = 500; // per room; older ones leave the page
const GROUP_MS = 5 * 60_000; // messages of one author within this time share a head line

/** `h('p', {className: 'x'}, 'text', node)` */
function h(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null));
  return element;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** What tells users apart: their id, or all of the user where there is none. */
function userKey(user) {
  return JSON.stringify(user?.id ?? user ?? null);
}

function userName(user) {
  for (const text of [user?.name, user?.id, user])
    if ((typeof text === 'string' && text.trim()) || typeof text === 'number') return String(text).slice(0, 80);
  return 'Someone';
}

function hueOf(text) {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193) >>> 0; // FNV-1a
  return (hash >>> 8) % 360;
}

function paintAvatar(element, user) {
  const words = userName(user).trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)].map((word) => [...word][0]) : [...words[0]].slice(0, 2);
  element.textContent = letters.join('').toUpperCase();
  element.style.setProperty('--hue', hueOf(userKey(user)));
  return element;
}

function avatar(user) {
  const element = paintAvatar(h('span', { className: 'avatar' }), user);
  element.ariaHidden = 'true';
  return element;
}

/** A message's text with its web addresses as links. */
function textWithLinks(text) {
  const box = h('div', { className: 'text' });
  let end = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}]/g)) {
    box.append(text.slice(end, match.index));
    box.append(h('a', { href: match[0], rel: 'noopener noreferrer nofollow', target: '_blank' }, match[0]));
    end = match.index + match[0].length;
  }
  box.append(text.slice(end));
  return box;
}

function messageBody(message) {
  if (typeof message === 'string') return textWithLinks(message);
  return h('div', { className: 'text json' }, JSON.stringify(message) ?? '');
}

/** The log of one room: messages and notices, scrolled to the end unless the reader is further up. */
class RoomLog {
  constructor(onScroll) {
    this.element = h('div', { className: 'log', role: 'log', tabIndex: 0, hidden: true });
    this.element.ariaLive = 'polite';
    this.element.append(h('div', { className: 'empty' }, h('b', {}, 'It is quiet here'), h('span', {}, 'Say hello, or copy the link and invite someone.')));
    this.lastKey = null;
    this.lastAt = 0;
    this.atEnd = true;
    this.element.addEventListener('scroll', () => {
      const { scrollHeight, scrollTop, clientHeight } = this.element;
      this.atEnd = scrollHeight - scrollTop - clientHeight < 40;
      onScroll();
    });
    new ResizeObserver(() => this.atEnd && this.toEnd()).observe(this.element);
  }

  toEnd() {
    this.atEnd = true;
    this.element.scrollTop = this.element.scrollHeight;
  }

  notice(text) {
    this.lastKey = null;
    this.append(h('div', { className: 'notice' }, text));
  }

  message(user, message, pending = false) {
    const at = new Date();
    const key = userKey(user);
    const follows = key === this.lastKey && at - this.lastAt < GROUP_MS;
    const head = h('div', { className: 'who' }, h('b', {}, userName(user)), h('time', { dateTime: at.toISOString(), title: at.toLocaleString() }, clock.format(at)));
    const body = h('div', { className: 'body' }, head, messageBody(message));
    const entry = h('div', { className: `entry${follows ? ' follows' : ''}${pending ? ' pending' : ''}` }, follows ? null : avatar(user), body);
    if (!pending) [this.lastKey, this.lastAt] = [key, at];
    this.append(entry);
    return entry;
  }

  append(element) {
    this.element.querySelector('.empty')?.remove();
    this.element.append(element);
    while (this.element.childElementCount > MAX_ENTRIES) this.element.firstElementChild.remove();
    if (this.atEnd) this.element.scrollTop = this.element.scrollHeight;
  }
}

function toast(text) {
  const element = h('div', { className: 'toast' }, text);
  $('toasts').append(element);
  setTimeout(() => element.remove(), 6000);
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast('Copied.');
  } catch {
    toast(text); // plain http pages have no clipboard: show it to be copied by hand
  }
}

const ERROR_WORDS = {
  bus_unavailable: 'the server cannot reach its message bus right now',
  draining: 'this server is shutting down, you will be moved to another one',
  rate_limited: 'that was too fast, wait a moment',
  too_many_rooms: 'you are in as many rooms as the server allows; leave one first',
  too_large: 'that is longer than the server allows',
  bad_room: 'a room name has 1 to 255 bytes and no control characters',
  not_member: 'only members of the room may do that',
  forbidden: 'the server does not allow that',
  unauthorized: 'the server wants you to sign in for that',
  internal: 'something went wrong on the server',
};

/** What an error answer means, as the end of a sentence. */
function errorWords(error) {
  return ERROR_WORDS[error.code] ?? String(error.message ?? error.code ?? 'the server gave no reason');
}
