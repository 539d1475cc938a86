// What the page remembers: who is signed in (kept by the browser), and small stores that parts of
// the page listen to.

/** A value with listeners. */
export function store(value) {
  const listeners = new Set();
  return {
    get: () => value,
    set(next) {
      value = next;
      for (const listener of [...listeners]) listener(value);
    },
    /** Calls `listener` now and whenever the value changes; returns what ends that. */
    listen(listener) {
      listeners.add(listener);
      listener(value);
      return () => listeners.delete(listener);
    },
  };
}

/** Many things happen: whoever listens hears each. */
export function signal() {
  const listeners = new Set();
  return {
    send(...values) {
      for (const listener of [...listeners]) listener(...values);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

// What a browser keeps for this origin. It may be full or refused: then the page forgets.
export function kept(name, otherwise = null) {
  try {
    const text = localStorage.getItem(`starling.${name}`);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

export function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(`starling.${name}`);
    else localStorage.setItem(`starling.${name}`, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/** 128 random bits as text. (`crypto.randomUUID` is missing over plain HTTP.) */
export function random() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => (
    byte.toString(16).padStart(2, '0'))).join('');
}

// MARK: Who is signed in

/** {token, id, acct, name, avatar} of each account that was signed in here. */
export const sessions = store(kept('sessions', []));
/** The account of this tab; null when nobody is signed in. */
export const me = store(null);

export function token() {
  return me.get()?.token ?? null;
}

export function start() {
  const all = sessions.get();
  const current = kept('current');
  me.set(all.find((one) => one.id === current) ?? all[0] ?? null);
}

/** Adds an account, or replaces it, and makes it this tab's. */
export function enter(session) {
  const others = sessions.get().filter((one) => one.id !== session.id);
  sessions.set([...others, session]);
  keep('sessions', sessions.get());
  keep('current', session.id);
  me.set(session);
}

/** Forgets a token; another account takes its place where there is one. */
export function leave(id) {
  sessions.set(sessions.get().filter((one) => one.id !== id));
  keep('sessions', sessions.get());
  if (me.get()?.id === id) {
    const next = sessions.get()[0] ?? null;
    keep('current', next?.id ?? null);
    me.set(next);
  }
}

/** What is newly known of the account: a new name, another picture. */
export function remember(account) {
  const session = me.get();
  if (!session || session.id !== account.id) return;
  enter({
    ...session, acct: account.acct, name: account.display_name, avatar: account.avatar,
    url: account.url,
  });
}

// MARK: What happens

/** A post changed, here or elsewhere: the status as it is now. */
export const changed = signal();
/** A post was taken back: its id. */
export const removed = signal();
/** A post of one's own was written: the status. */
export const written = signal();
/** Events of the stream: {event, payload}. */
export const events = signal();
/** How many notifications are unread. */
export const unread = store(0);
/** Whether the node answers: true, or false while it does not. */
export const online = store(true);

// MARK: Drafts

const draftName = (key) => `draft.${me.get()?.id ?? 'nobody'}.${key}`;

export function draft(key) {
  return kept(draftName(key));
}

/** Keeps what was typed; null forgets it. */
export function keepDraft(key, value) {
  return keep(draftName(key), value);
}
