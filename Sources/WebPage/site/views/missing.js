// What stands where nothing is.

import { h } from '../dom.js';
import { t } from '../text.js';

export async function show(params, root) {
  root.append(h('div', { class: 'empty' },
    h('img', { src: '/starling.svg', alt: '', width: 72, height: 72 }),
    h('h1', {}, t('error.nothing')),
    h('p', {}, t('error.404')),
    h('a', { class: 'button', href: '/' }, t('frame.home'))));
}
