// Posts with a tag.

import * as api from '../api.js';
import { h } from '../dom.js';
import { head } from '../parts/head.js';
import { timeline } from '../parts/timeline.js';
import { t } from '../text.js';

export async function show({ tag }, root) {
  const has = (status) => status.tags.some((one) => one.name === tag.toLowerCase());
  const list = timeline(api.pages(`/api/v1/timelines/tag/${encodeURIComponent(tag)}`), {
    takes: (status) => !status.reblog && has(status), takesOwn: has,
    empty: h('div', { class: 'empty' }, h('p', {}, t('tag.empty'))),
  });
  root.append(head(h('bdi', {}, t('tag.title', { tag }))), list.node);
  await list.begin();
  return () => list.end();
}
