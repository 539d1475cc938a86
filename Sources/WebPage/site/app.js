// The start of the page: words, account, the frame around every view, and which view is shown.

import * as api from './api.js';
import { $, fill, h } from './dom.js';
import { frame, markPlace } from './parts/frame.js';
import { toast } from './parts/toast.js';
import { draw } from './parts/theme.js';
import { enter, events, me, online, random, start, unread } from './state.js';
import { preferred, speak, t } from './text.js';

// MARK: Which view a path shows

/** A path with names in it, the view's file, and whether it is shown without an account. */
const routes = [
  ['/', () => import('./views/home.js')],
  ['/p/square', () => import('./views/square.js')],
  ['/p/notifications', () => import('./views/notifications.js')],
  ['/p/search', () => import('./views/search.js')],
  ['/p/bookmarks', () => import('./views/bookmarks.js')],
  ['/p/tag/:tag', () => import('./views/tag.js')],
  ['/p/compose', () => import('./views/compose.js')],
  ['/p/verify', () => import('./views/verify.js'), 'open'],
  ['/p/mesh', () => import('./views/mesh.js')],
  ['/p/welcome', () => import('./views/welcome.js')],
  ['/p/settings', () => import('./views/settings.js')],
  ['/p/settings/:section', () => import('./views/settings.js')],
  ['/p/settings/:section/:item', () => import('./views/settings.js')],
  ['/p/login', () => import('./views/login.js'), 'open'],
  ['/:acct', () => import('./views/author.js'), 'open'],
  ['/:acct/:id', () => import('./views/thread.js'), 'open'],
].map(([pattern, load, open]) => ({ parts: pattern.split('/'), load, open: open === 'open' }));

function route(path) {
  const parts = path.replace(/(.)\/+$/, '$1').split('/');
  for (const one of routes) {
    if (one.parts.length !== parts.length) continue;
    const params = {};
    const fits = one.parts.every((part, at) => {
      if (!part.startsWith(':')) return part === parts[at];
      params[part.slice(1)] = decoded(parts[at]);
      return part !== ':acct' || parts[at].startsWith('@');
    });
    if (fits) return { ...one, params };
  }
  return { load: () => import('./views/missing.js'), params: {}, open: true };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

// MARK: Going from view to view

/** Views that were left, so that going back finds them as they were: {root, end, scroll, title}. */
const left = new Map();
const MOST_LEFT = 8;
let here = null;
let turn = 0;

/** Goes to a path of the page. */
export function go(path, { replace = false } = {}) {
  const address = new URL(path, location.origin);
  if (replace) {
    history.replaceState({ key: here?.key ?? random() }, '', address);
    drop();
  } else {
    if (address.href === location.href && here) return scrollTo({ top: 0 });
    history.pushState({ key: random() }, '', address);
  }
  return show();
}

/** Shows the current view anew. */
export function again() {
  drop();
  return show();
}

function drop() {
  if (!here) return;
  here.end?.();
  here.root.remove();
  here = null;
}

function putAside() {
  if (!here) return;
  here.title = document.title;
  here.root.remove();
  left.set(here.key, here);
  for (const [key, old] of left) {
    if (left.size <= MOST_LEFT) break;
    old.end?.();
    left.delete(key);
  }
  here = null;
}

async function show() {
  const mine = ++turn;
  const key = history.state?.key ?? random();
  if (!history.state?.key) history.replaceState({ key }, '');
  if (here && here.key !== key) putAside();
  const main = $('#main');
  markPlace(location.pathname);
  if (left.has(key)) {
    here = left.get(key);
    left.delete(key);
    main.replaceChildren(here.root);
    document.title = here.title;
    scrollTo(0, here.scroll ?? 0);
    return;
  }
  const found = route(location.pathname);
  if (!found.open && !me.get()) return go(`/p/login`, { replace: true });
  const root = h('div', { class: 'view' });
  const view = { key, root, end: null, scroll: 0 };
  here = view;
  main.replaceChildren(root);
  scrollTo(0, 0);
  try {
    const { show: begin } = await found.load();
    const end = await begin({ ...found.params, query: new URLSearchParams(location.search) }, root);
    if (left.get(key) === view || here === view) view.end = end;
    else end?.();
  } catch (error) {
    if (here === view) trouble(root, error);
  }
  if (mine === turn) settle(root, mine === 1);
}

/** What a view says when it cannot be shown. */
function trouble(root, error) {
  if (!(error instanceof api.Failure)) console.error(error);
  if (error.status === 401) return go('/p/login', { replace: true });
  const words = error instanceof api.Failure ? error.message : t('error.page');
  fill(root, h('div', { class: 'empty' },
    h('h1', { tabindex: '-1' }, error.status === 404 ? t('error.nothing') : t('error.title')),
    h('p', {}, words),
    h('button', { class: 'button', type: 'button', onclick: again }, t('action.again'))));
}

/** A screen reader says where it is: the heading of the next view has the focus. */
function settle(root, isFirst) {
  const heading = $('h1', root);
  if (heading) {
    document.title = `${heading.textContent} · Starling`;
    if (isFirst) return;
    if (!document.activeElement || document.activeElement === document.body
        || !root.contains(document.activeElement)) {
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    }
  }
}

// Links of the page lead to its views without loading it anew.
document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey
      || event.altKey) return;
  const link = event.target.closest?.('a[href]');
  if (!link || link.target || link.hasAttribute('download')) return;
  const address = new URL(link.href);
  const path = address.pathname;
  if (address.origin !== location.origin) return;
  if (address.hash && path === location.pathname && address.search === location.search) return;
  if (path !== '/' && !path.startsWith('/p/') && !path.startsWith('/@')) return;
  event.preventDefault();
  go(path + address.search);
});

addEventListener('popstate', () => {
  if (location.hash.startsWith('#code=')) enterByLink().then(show);
  else show();
});
addEventListener('scroll', () => {
  if (here) here.scroll = scrollY;
}, { passive: true });
history.scrollRestoration = 'manual';

// MARK: Signing in

/** A link that the node printed lets its owner in. The code is taken out of the address at once. */
async function enterByLink() {
  const code = /^#code=([\w.~-]+)$/.exec(location.hash)?.[1];
  if (!code) return;
  history.replaceState(history.state, '', location.pathname + location.search);
  try {
    enter(await api.tradeCode(code));
  } catch (error) {
    if (!me.get()) toast(error.status ? t('login.spent') : error.message);
  }
}

/** After another account was chosen, or the last one left, nothing of the one before stays. */
export function renew() {
  for (const old of left.values()) old.end?.();
  left.clear();
  drop();
  frame($('#page'));
  listen();
  return show();
}

function listen() {
  api.listen();
  if (me.get()) countUnread();
}

function countUnread() {
  if (location.pathname === '/p/notifications') return;
  api.get('/api/v1/notifications/unread_count')
    .then(({ count }) => unread.set(count))
    .catch((error) => {
      // The token was made void elsewhere.
      if (error.status === 401) go('/p/login');
    });
}

let opened = 0;
events.listen(({ event }) => {
  // After a break, what came meanwhile is counted anew.
  if (event === 'open' && opened++) countUnread();
  if (event === 'notification' && location.pathname !== '/p/notifications') {
    unread.set(unread.get() + 1);
  }
});

// Signing out in one tab signs out in all.
addEventListener('storage', ({ key }) => {
  if (key === 'starling.sessions' || key === 'starling.language') location.reload();
});

// MARK: The start

async function begin() {
  start();
  const language = preferred();
  speak(language, await api.get(`/languages/${language}.json`, {}, { open: true }));
  draw();
  await enterByLink();
  frame($('#page'));
  online.listen((isOn) => document.documentElement.classList.toggle('is-offline', !isOn));
  listen();
  await show();
  const { keys } = await import('./parts/keys.js');
  keys();
}

begin().catch((error) => {
  console.error(error);
  document.body.append(h('p', { class: 'fatal' }, String(error.message ?? error)));
});
