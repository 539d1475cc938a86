// Keys that act alone: to go through posts without a pointer. They can be turned off (WCAG 2.1.4).

import { go } from '../app.js';
import { $, h } from '../dom.js';
import { keep, kept, me } from '../state.js';
import { t } from '../text.js';
import { dialog } from './dialog.js';
import { postPath } from './person.js';
import { act, inner } from './post.js';

const OF_POSTS = {
  Enter: 'open', o: 'open', r: 'reply', p: 'repost', e: 'react', b: 'bookmark', v: 'verify',
  w: 'why',
};
const shown = [
  ['j', 'next'], ['k', 'previous'], ['Enter', 'open'], ['r', 'reply'], ['p', 'repost'],
  ['e', 'react'], ['b', 'bookmark'], ['v', 'verify'], ['w', 'why'], ['n', 'write'],
  ['.', 'show'], ['/', 'search'], ['h', 'home'], ['g', 'news'], ['?', 'this'], ['Esc', 'close'],
];

export function keys() {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (!me.get() || kept('keys', true) === false || document.querySelector('dialog[open]')) return;
    if (event.target.closest('input, textarea, select, [contenteditable], [role="menu"]')) return;
    // Keys that a button or a link under the focus has of its own stay its own.
    if (event.key === 'Enter' && event.target.closest('a, button, summary, video')) return;
    if (press(event.key)) event.preventDefault();
  });
}

function press(key) {
  switch (key) {
    case 'j': return move(1);
    case 'k': return move(-1);
    case 'n': import('./composer.js').then((part) => part.write({})); return true;
    case '/': go('/p/search'); return true;
    case 'h': go('/'); return true;
    case 'g': go('/p/notifications'); return true;
    case '.': $('.pill:not([hidden])')?.click(); return true;
    case '?': help(); return true;
    default: return OF_POSTS[key] ? onPost(OF_POSTS[key]) : false;
  }
}

const posts = () => [...document.querySelectorAll('#main .post:not([hidden])')];

function move(step) {
  const all = posts();
  if (!all.length) return false;
  const at = all.indexOf(document.activeElement?.closest('.post'));
  // Without a place yet: the first post that is on the screen.
  const first = all.findIndex((one) => one.getBoundingClientRect().bottom > 80);
  const to = at < 0 ? Math.max(first, 0) : Math.min(Math.max(at + step, 0), all.length - 1);
  all[to].focus({ preventScroll: true });
  all[to].scrollIntoView({ block: 'nearest' });
  return true;
}

function onPost(name) {
  const view = document.activeElement?.closest('.post')?.post;
  if (!view) return false;
  if (name === 'open') go(postPath(inner(view.status)));
  else act(view, name === 'why' ? 'explain' : name);
  return true;
}

export function help() {
  dialog(t('keys.title'), [
    h('label', { class: 'check' }, h('input', {
      type: 'checkbox', '.checked': kept('keys', true) !== false,
      onchange: (event) => keep('keys', event.target.checked),
    }), t('keys.off')),
    h('table', { class: 'keys' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, t('keys.key')),
        h('th', { scope: 'col' }, t('keys.action')))),
      h('tbody', {}, shown.map(([key, name]) => h('tr', {},
        h('td', {}, h('kbd', {}, key)), h('td', {}, t(`keys.${name}`)))))),
  ]);
}
