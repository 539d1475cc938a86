// Short news at the edge of the page; some can be undone for as long as they are there.

import { $, h } from '../dom.js';
import { t } from '../text.js';

const SHOWN = 6000;

/**
 * Shows a sentence. With `undo`, there is a button for that time, and `done` is called when it is
 * over without; leaving the page counts as that, too.
 */
export function toast(words, { undo, done, kind = '' } = {}) {
  let isOver = false;
  const box = h('div', { class: `toast ${kind}` }, h('p', {}, words));
  const finish = (call) => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    removeEventListener('pagehide', leave);
    box.remove();
    call?.();
  };
  const leave = () => finish(done);
  let timer = setTimeout(leave, SHOWN);
  if (undo) {
    box.append(h('button', { type: 'button', class: 'link', onclick: () => finish(undo) },
      t('action.undo')));
    addEventListener('pagehide', leave);
  }
  box.append(h('button', {
    type: 'button', class: 'round', 'aria-label': t('action.close'), onclick: leave,
  }, '×'));
  // Who reads it, or reaches for its button, is not hurried.
  for (const stop of ['pointerenter', 'focusin']) {
    box.addEventListener(stop, () => clearTimeout(timer));
  }
  for (const on of ['pointerleave', 'focusout']) {
    box.addEventListener(on, () => {
      clearTimeout(timer);
      if (!isOver) timer = setTimeout(leave, SHOWN);
    });
  }
  $('#toasts').append(box);
  return { close: leave };
}

/** An error as a toast. */
export function tell(error) {
  if (error?.name === 'AbortError') return;
  if (error?.status === undefined) console.error(error);
  toast(error?.message ?? String(error), { kind: 'bad' });
}
