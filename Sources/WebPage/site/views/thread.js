// A post with what came before it and what answers it.

import * as api from '../api.js';
import { go } from '../app.js';
import { fill, h } from '../dom.js';
import { watch } from '../parts/changes.js';
import { desk } from '../parts/composer.js';
import { head } from '../parts/head.js';
import { postPath } from '../parts/person.js';
import { post } from '../parts/post.js';
import { changed, events, me, removed, written } from '../state.js';
import { t } from '../text.js';

/** Deeper answers stand no further to the right. */
const DEEPEST = 5;

export async function show({ acct, id }, root) {
  if (!/^\d+$/.test(id)) throw new api.Failure(404, t('error.404'));
  const [status, around] = await Promise.all([
    api.get(`/api/v1/statuses/${id}`), api.get(`/api/v1/statuses/${id}/context`),
  ]);
  const it = status.reblog ?? status;
  if (decodeURIComponent(postPath(it)) !== `/${acct}/${it.id}`) {
    history.replaceState(history.state, '', postPath(it));
  }
  const views = new Map();
  const make = (one, options) => {
    const view = post(one, { isThread: true, ...options });
    views.set(one.id, view);
    return view.node;
  };
  const before = h('div', { class: 'posts before' }, around.ancestors.map((one) => make(one)));
  const main = make(it, { isMain: true });
  const answers = h('div', { class: 'posts answers' });
  const draw = (found) => {
    const depths = new Map([[it.id, 0]]);
    fill(answers, found.map((one) => {
      const depth = (depths.get(one.in_reply_to_id) ?? 0) + 1;
      depths.set(one.id, depth);
      const known = views.get(one.id);
      if (known) known.update(one);
      const node = known?.node ?? make(one);
      node.dataset.depth = String(Math.min(depth, DEEPEST));
      return node;
    }));
  };
  draw(around.descendants);
  const work = me.get() ? await desk({ reply: it, isInline: true }) : null;
  root.append(head(t('thread.title', { name: it.account.display_name })),
    h('div', { class: 'sheet thread' }, before, main,
      work ? h('div', { class: 'reply-desk' }, work.node) : null, answers));
  if (around.ancestors.length) {
    requestAnimationFrame(() => main.scrollIntoView({ block: 'start' }));
  }

  let timer = null;
  const anew = () => {
    timer ??= setTimeout(async () => {
      timer = null;
      const next = await api.get(`/api/v1/statuses/${it.id}/context`).catch(() => null);
      if (next) draw(next.descendants);
    }, 400);
  };
  const ends = [
    watch(() => [...views.keys()]),
    changed.listen((one) => views.get(one.id)?.update(one)),
    // An answer more is a change of what it answers.
    events.listen(({ event, payload }) => {
      if (event === 'starling.changed' && views.has(String(payload))) anew();
    }),
    written.listen((one) => {
      if (views.has(one.in_reply_to_id)) anew();
    }),
    removed.listen((gone, isBack, isDone) => {
      const view = views.get(gone);
      if (!view) return;
      view.node.hidden = !isBack;
      if (gone === it.id && isDone && root.isConnected) go('/', { replace: true });
    }),
  ];
  return () => {
    work?.end();
    clearTimeout(timer);
    for (const end of ends) end();
  };
}
