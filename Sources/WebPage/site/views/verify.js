// Checking a proof file that somebody was given.

import { h } from '../dom.js';
import { head } from '../parts/head.js';
import { checker } from '../parts/proof.js';
import { t } from '../text.js';

export async function show(params, root) {
  root.append(head(t('verify.pageTitle')),
    h('div', { class: 'card' }, h('p', {}, t('verify.pageWords')), checker(),
      h('p', { class: 'soft small' }, t('verify.cannot'))));
}
