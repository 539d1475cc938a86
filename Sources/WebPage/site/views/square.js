// The square: everybody whom the node has heard of.

import * as api from '../api.js';
import { again } from '../app.js';
import { h } from '../dom.js';
import { prompt } from '../parts/prompt.js';
import { timeline } from '../parts/timeline.js';
import { events } from '../state.js';
import { t } from '../text.js';

export async function show(params, root) {
  const list = timeline(api.pages('/api/v1/timelines/public', { limit: 20 }), {
    takes: (status) => !status.reblog && status.in_reply_to_id === null,
    takesOwn: (status) => status.in_reply_to_id === null,
    anew: again,
    empty: h('div', { class: 'empty' }, h('p', {}, t('square.empty'))),
  });
  root.append(prompt(), h('header', { class: 'head' },
    h('div', { class: 'grow' }, h('h1', {}, t('square.title')),
      h('p', { class: 'soft small' }, t('square.about')))), list.node);
  // Posts of strangers come by no stream of the reader's: a look each minute finds them.
  const look = setInterval(async () => {
    if (document.hidden || !list.node.isConnected) return;
    const newest = list.newest();
    const found = await api.get('/api/v1/timelines/public', { limit: 40, since_id: newest })
      .catch(() => []);
    for (const status of found.reverse()) events.send({ event: 'update', payload: status });
  }, 20_000);
  await list.begin();
  return () => {
    clearInterval(look);
    list.end();
  };
}
