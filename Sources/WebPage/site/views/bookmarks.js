// What the reader keeps.

import * as api from '../api.js';
import { h } from '../dom.js';
import { head } from '../parts/head.js';
import { timeline } from '../parts/timeline.js';
import { t } from '../text.js';

export async function show(params, root) {
  const list = timeline(api.pages('/api/v1/bookmarks'), {
    empty: h('div', { class: 'empty' }, h('p', {}, t('bookmarks.empty'))),
  });
  root.append(head(t('bookmarks.title')), list.node);
  await list.begin();
  return () => list.end();
}
