// The head of a view: the way back, and what it is.

import { h } from '../dom.js';
import { t } from '../text.js';
import { icon } from './icons.js';

export function head(title, ...more) {
  return h('header', { class: 'head' },
    history.length > 1 ? h('button', {
      type: 'button', class: 'round back', 'aria-label': t('action.back'),
      onclick: () => history.back(),
    }, icon('back')) : null,
    h('h1', {}, title), more);
}
