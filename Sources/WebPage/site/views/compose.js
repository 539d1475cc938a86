// The writing desk as a page of its own.

import { go } from '../app.js';
import { h } from '../dom.js';
import { desk } from '../parts/composer.js';
import { head } from '../parts/head.js';
import { t } from '../text.js';

export async function show(params, root) {
  const work = await desk({}, () => go('/'));
  root.append(head(t('compose.new')), h('div', { class: 'card' }, work.node));
  work.focus();
  return () => work.end();
}
