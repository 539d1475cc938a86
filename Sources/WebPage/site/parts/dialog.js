// Windows over the page: the browser's own <dialog>, which keeps the focus and closes with Escape.

import { h } from '../dom.js';
import { t } from '../text.js';
import { icon } from './icons.js';

let numbers = 0;

/**
 * Opens a window with a title and content; returns {close, body, closed}. `closed` is a promise of
 * what `close(value)` was called with. `mayClose` may refuse (a draft that would be lost).
 */
export function dialog(title, content, { kind = '', mayClose } = {}) {
  const name = `dialog-${++numbers}`;
  const from = document.activeElement;
  const body = h('div', { class: 'dialog-body' }, content);
  let value;
  const box = h('dialog', { class: `dialog ${kind}`, 'aria-labelledby': name },
    h('header', { class: 'dialog-head' },
      h('h2', { id: name }, title),
      h('button', {
        type: 'button', class: 'round', 'aria-label': t('action.close'), onclick: () => ask(),
      }, icon('close'))),
    body);
  const ask = async () => {
    if (!mayClose || await mayClose()) box.close();
  };
  const closed = new Promise((done) => {
    box.addEventListener('close', () => {
      box.remove();
      if (from?.isConnected) from.focus({ preventScroll: true });
      done(value);
    });
  });
  box.addEventListener('cancel', (event) => {
    event.preventDefault();
    ask();
  });
  // A click beside the window closes it; one that began inside (selecting text) does not.
  let began = null;
  box.addEventListener('pointerdown', (event) => {
    began = event.target;
  });
  box.addEventListener('click', (event) => {
    if (event.target === box && began === box) ask();
  });
  // Going elsewhere by a link within it closes it, too.
  box.addEventListener('click', (event) => {
    if (event.target.closest?.('a[href]:not([target]):not([download])')) box.close();
  });
  document.body.append(box);
  box.showModal();
  return {
    body, closed, box,
    close(given) {
      value = given;
      box.close();
    },
  };
}

/** Asks before something that cannot be undone; a promise of yes or no. */
export async function confirm(title, words, { yes, no = t('action.cancel'), isBad = true } = {}) {
  const open = dialog(title, [
    h('p', {}, words),
    h('div', { class: 'row end' },
      h('button', { type: 'button', class: 'button quiet', onclick: () => open.close(false) }, no),
      h('button', {
        type: 'button', class: `button ${isBad ? 'bad' : ''}`, onclick: () => open.close(true),
      }, yes)),
  ], { kind: 'small' });
  return (await open.closed) === true;
}
