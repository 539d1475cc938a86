// Times: how long ago, and by a touch or a pointer when exactly. One clock moves them all.

import { h } from '../dom.js';
import { ago, date } from '../text.js';

/** A <time> that says how long ago something was; its title says when. */
export function time(value, props = {}) {
  return h('time', { datetime: value, title: date(value), class: 'ago', ...props }, ago(value));
}

setInterval(() => {
  for (const node of document.querySelectorAll('time.ago')) {
    const words = ago(node.dateTime);
    if (node.textContent !== words) node.textContent = words;
  }
}, 20_000);
