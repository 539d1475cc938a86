// The frame around every view: the ways, the account, the margin of wide screens.

import * as api from '../api.js';
import { renew } from '../app.js';
import { $, bdi, fill, h } from '../dom.js';
import { enter, leave, me, sessions, unread } from '../state.js';
import { shortNumber, t } from '../text.js';
import { icon } from './icons.js';
import { menuButton } from './menu.js';
import { avatar, followButton, personRow } from './person.js';

const ways = [
  { path: '/', name: 'home', sign: 'home' },
  { path: '/p/square', name: 'square', sign: 'square' },
  { path: '/p/notifications', name: 'notifications', sign: 'bell', count: true },
  { path: '/p/search', name: 'search', sign: 'search' },
  { path: '/p/bookmarks', name: 'bookmarks', sign: 'bookmark', wide: true },
  { path: '/p/mesh', name: 'mesh', sign: 'mesh', wide: true },
  { path: '/p/settings', name: 'settings', sign: 'settings', wide: true },
];

/** Draws the frame anew; who is not signed in sees a smaller one. */
export function frame(page) {
  const session = me.get();
  fill(page,
    h('a', { class: 'skip', href: '#main' }, t('frame.skip')),
    navigation(session),
    h('main', { id: 'main', tabindex: '-1' }),
    session ? h('aside', { class: 'margin', 'aria-label': t('frame.margin') }) : null);
  if (session) fillMargin($('.margin', page));
}

function navigation(session) {
  const mark = h('a', { href: '/', class: 'mark', 'aria-label': 'Starling' },
    h('img', { src: '/starling.svg', alt: '', width: 40, height: 40 }), h('span', {}, 'Starling'));
  if (!session) return h('nav', { class: 'ways is-out', 'aria-label': t('frame.ways') }, mark);
  return h('nav', { class: 'ways', 'aria-label': t('frame.ways') },
    mark,
    h('ul', {},
      ways.map((way) => h('li', { class: way.wide ? 'wide-only' : '' }, wayLink(way))),
      h('li', { class: 'narrow-only' }, selfMenu(session, 'way', t('frame.more')))),
    h('a', { href: '/p/compose', class: 'new-post', 'aria-label': t('compose.new') },
      icon('pen'), h('span', { 'aria-hidden': 'true' }, t('compose.new'))),
    h('div', { class: 'self wide-only' }, selfMenu(session, 'way', session.name)));
}

function wayLink(way) {
  const link = h('a', { href: way.path, class: 'way', data: { way: way.path } },
    icon(way.sign), h('span', {}, t(`frame.${way.name}`)));
  if (way.count) {
    const badge = h('span', { class: 'count' });
    link.append(badge);
    unread.listen((count) => {
      badge.hidden = count === 0;
      fill(badge, h('span', { 'aria-hidden': 'true' }, shortNumber(Math.min(count, 999))),
        h('span', { class: 'unseen' }, t('notifications.unread', { count })));
    });
  }
  return link;
}

function selfMenu(session, kind, label) {
  const picture = h('img', {
    class: 'avatar', src: session.avatar, alt: '', width: 24, height: 24,
  });
  const others = () => sessions.get().filter((one) => one.id !== session.id);
  return menuButton(t('frame.account', { name: session.name }),
    [picture, h('span', { class: 'clip' }, bdi(label))],
    () => [
      { label: t('frame.profile'), sign: 'person', href: `/@${session.acct}` },
      ...ways.filter((way) => way.wide).map((way) => (
        { label: t(`frame.${way.name}`), sign: way.sign, href: way.path })),
      { label: t('frame.verify'), sign: 'seal', href: '/p/verify' },
      { label: t('keys.title'), sign: 'keys', call: () => import('./keys.js').then((k) => k.help()) },
      '-',
      ...others().map((one) => ({
        label: t('frame.switch', { name: one.name }), sign: 'switch',
        call: () => {
          enter(one);
          renew();
        },
      })),
      { label: t('frame.add'), sign: 'plus', href: '/p/login' },
      {
        label: t('frame.out'), sign: 'out', isBad: true, call: async () => {
          await api.signOut(session).catch(() => {});
          leave(session.id);
          renew();
        },
      },
    ], { class: kind });
}

/** Says which way leads here. */
export function markPlace(path) {
  for (const link of document.querySelectorAll('[data-way]')) {
    const way = link.dataset.way;
    const isHere = way === '/' ? path === '/' : path === way || path.startsWith(`${way}/`);
    if (isHere) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

/** People who could be followed; more comes into it as parts of the page are made. */
async function fillMargin(margin) {
  const found = await api.get('/api/v2/suggestions', { limit: 4 }).catch(() => []);
  const people = found.map((one) => one.account).filter(Boolean);
  if (people.length) {
    margin.append(h('section', { class: 'card' },
      h('h2', {}, t('frame.suggested')),
      h('ul', {}, people.map((account) => personRow(account, followButton(account))))));
  }
  margin.append(h('p', { class: 'soft small' }, t('frame.about')));
}
