// What the browser remembers: the name and the rooms for good, the user id as long as the tab lives.

const bytesOf = (text) => new TextEncoder().encode(text).length;

const memory = {
  get(store, key) {
    try {
      return JSON.parse(globalThis[store].getItem(`roomcast.${key}`));
    } catch {
      return null; // storage forbidden, or not ours
    }
  },
  set(store, key, value) {
    try {
      globalThis[store].setItem(`roomcast.${key}`, JSON.stringify(value));
    } catch {
      // storage forbidden or full: the page works without a memory
    }
  },
};

/** This tab's user id. A duplicated tab inherits its storage: whoever finds the id locked takes a new one. */
async function tabId() {
  let id = memory.get('sessionStorage', 'id');
  if (typeof id !== 'string' || (await isTaken(id))) {
    id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');
    await isTaken(id);
  }
  memory.set('sessionStorage', 'id', id);
  return id;
}

function isTaken(id) {
  if (!navigator.locks) return false; // plain http pages have no locks
  return new Promise((resolve) => {
    navigator.locks.request(`roomcast.${id}`, { ifAvailable: true }, (lock) => {
      resolve(!lock);
      return lock && new Promise(() => {}); // held until the tab goes
    });
  });
}

/** Empty if `name` can be a room, else what is wrong with it. */
function roomNameProblem(name) {
  if (!name) return 'Type the name of a room.';
  if (bytesOf(name) > 255) return 'A room name may have at most 255 bytes.';
  return /[\u0000-\u001f\u007f]/.test(name) ? 'A room name has no control characters.' : '';
}

const roomOfLink = () => {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return '';
  }
};
