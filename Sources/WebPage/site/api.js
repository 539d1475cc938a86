// The only room that speaks with the node: tokens, errors in words, pages of lists, the stream.

import { events, kept, online, token } from './state.js';
import { has, t } from './text.js';

/** What went wrong, as a sentence for the reader. `status` is that of HTTP, 0 where none came. */
export class Failure extends Error {
  constructor(status, message, code = '') {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function request(method, path, { query, body, form, key, signal, open, keepalive } = {}) {
  const address = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of [value].flat()) {
      if (one !== null && one !== undefined) {
        address.searchParams.append(Array.isArray(value) ? `${name}[]` : name, one);
      }
    }
  }
  const headers = { Accept: 'application/json' };
  if (token() && !open) headers.Authorization = `Bearer ${token()}`;
  if (key) headers['Idempotency-Key'] = key;
  if (body) headers['Content-Type'] = 'application/json';
  let answer;
  try {
    answer = await fetch(address, {
      method, headers, signal, keepalive, body: body ? JSON.stringify(body) : form,
      credentials: 'omit', redirect: 'error', referrerPolicy: 'same-origin',
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    online.set(false);
    throw new Failure(0, t('error.offline'));
  }
  online.set(true);
  if (!answer.ok) throw await failure(answer);
  return answer;
}

async function failure(answer) {
  const said = await answer.json().catch(() => ({}));
  const words = said.error_description ?? said.error;
  const known = `error.${answer.status}`;
  const text = typeof words === 'string' && words && answer.status !== 404 && answer.status !== 401
    ? words.replace(/^Validation failed: /, '')
    : has(known) ? t(known) : t('error.other', { status: answer.status });
  return new Failure(answer.status, text, typeof said.error === 'string' ? said.error : '');
}

async function json(method, path, options) {
  return (await request(method, path, options)).json();
}

export const get = (path, query, options) => json('GET', path, { query, ...options });
export const post = (path, body, options) => json('POST', path, { body, ...options });
export const put = (path, body, options) => json('PUT', path, { body, ...options });
export const patch = (path, body, options) => json('PATCH', path, { body, ...options });
export const del = (path, body, options) => json('DELETE', path, { body, ...options });
export const text = async (path) => (await request('GET', path)).text();
export const blob = async (path) => (await request('GET', path)).blob();

/** Sends a form with files. */
export const upload = (path, form, options) => json(options?.method ?? 'POST', path, {
  form, ...options,
});

/**
 * Sends a file as it is, and tells how much of it has left (0 to 1). What fetch cannot tell, the
 * older way does.
 */
export function send(path, file, tell, signal) {
  return new Promise((done, fail) => {
    const call = new XMLHttpRequest();
    call.open('POST', path);
    call.responseType = 'json';
    call.setRequestHeader('Authorization', `Bearer ${token()}`);
    call.setRequestHeader('Content-Type', 'application/octet-stream');
    call.upload.addEventListener('progress', ({ loaded, total }) => tell(loaded / total));
    call.addEventListener('load', () => {
      if (call.status < 400) done(call.response);
      else {
        const answer = { status: call.status, json: async () => call.response ?? {} };
        failure(answer).then(fail);
      }
    });
    call.addEventListener('error', () => fail(new Failure(0, t('error.cut'))));
    call.addEventListener('abort', () => fail(new DOMException('', 'AbortError')));
    signal?.addEventListener('abort', () => call.abort());
    call.send(file);
  });
}

/**
 * A list that comes page by page: `next()` gives the items of the next page, [] after the last.
 * Pages are named by the node (Link, RFC 8288).
 */
export function pages(path, query = {}) {
  let next = { path, query };
  return {
    get isOver() {
      return next === null;
    },
    async next() {
      if (!next) return [];
      const answer = await request('GET', next.path, { query: next.query });
      const items = await answer.json();
      const link = /<([^>]*)>; rel="next"/.exec(answer.headers.get('Link') ?? '');
      const address = link && items.length ? new URL(link[1], location.origin) : null;
      next = address ? { path: address.pathname + address.search, query: {} } : null;
      return items;
    },
  };
}

// MARK: Signing in

const PAGE = () => `${location.origin}/`;
const SCOPES = 'read write follow push';

/** Trades the code of a link that the node printed for a token. */
export async function tradeCode(code) {
  return signIn({ grant_type: 'authorization_code', code });
}

export async function tradePassword(username, password) {
  return signIn({ grant_type: 'password', username, password });
}

async function signIn(grant) {
  const body = { client_id: 'web', redirect_uri: PAGE(), scope: SCOPES, ...grant };
  return session((await post('/oauth/token', body, { open: true })).access_token);
}

/** Who a token lets in, as `enter` of state.js wants it. */
export async function session(given) {
  const answer = await fetch('/api/v1/accounts/verify_credentials', {
    headers: { Authorization: `Bearer ${given}` }, credentials: 'omit',
  });
  if (!answer.ok) throw await failure(answer);
  const account = await answer.json();
  return {
    token: given, id: account.id, acct: account.acct, name: account.display_name,
    avatar: account.avatar, url: account.url,
  };
}

/** Makes a token void. */
export async function signOut(session) {
  await post('/oauth/revoke', { client_id: 'web', token: session.token }, { open: true });
}

// MARK: The stream

let stop = null;

/**
 * Listens to what happens, as long as somebody is signed in. A browser opens few connections to one
 * host: of all tabs one holds the stream and tells the others.
 */
export function listen() {
  stop?.();
  if (!token()) return;
  const ending = new AbortController();
  const tabs = new BroadcastChannel(`starling.${kept('current')}`);
  tabs.onmessage = ({ data }) => events.send(data);
  const tell = (event) => {
    events.send(event);
    tabs.postMessage(event);
  };
  const hold = () => follow(token(), tell, ending.signal);
  // Over plain HTTP from another machine, browsers give no locks: each tab has its own stream then.
  (navigator.locks?.request(`starling.stream.${kept('current')}`, { signal: ending.signal }, hold)
    ?? hold()).catch(() => {});
  stop = () => {
    ending.abort();
    tabs.close();
  };
}

const pause = (milliseconds, signal) => new Promise((done) => {
  const timer = setTimeout(done, milliseconds);
  signal.addEventListener('abort', () => {
    clearTimeout(timer);
    done();
  });
});

async function follow(held, tell, signal) {
  for (let wait = 1000; !signal.aborted; wait = Math.min(wait * 2, 30_000)) {
    try {
      const answer = await fetch('/api/v1/streaming?stream=user:starling', {
        headers: { Authorization: `Bearer ${held}` }, signal, credentials: 'omit',
      });
      if (answer.status === 401) return;
      if (answer.ok) {
        online.set(true);
        tell({ event: 'open' });
        await read(answer.body, tell);
        wait = 500;
      }
    } catch {
      if (signal.aborted) return;
      online.set(false);
    }
    await pause(wait * (0.75 + Math.random() / 2), signal);
  }
}

/** Reads server-sent events (WHATWG HTML §9.2) until the node closes. */
async function read(body, tell) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const event = /^event: ?(.*)$/m.exec(block)?.[1];
      const data = /^data: ?(.*)$/m.exec(block)?.[1] ?? '';
      if (event) tell({ event, payload: parsed(data) });
    }
  }
}

function parsed(data) {
  try {
    // Ids are texts: a number would lose its last digits.
    return /^\d+$/.test(data) ? data : JSON.parse(data);
  } catch {
    return data;
  }
}

