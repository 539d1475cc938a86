import { h } from '../dom.js';
import { t } from '../text.js';

export async function show(params, root) {
  root.append(h('div', { class: 'head' }, h('h1', {}, t('welcome.title'))));
}
