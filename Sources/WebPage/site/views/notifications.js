// News: what others said that concerns the reader.

import * as api from '../api.js';
import { bdi, fill, h, whenSeen } from '../dom.js';
import { watch } from '../parts/changes.js';
import { icon } from '../parts/icons.js';
import { avatar, followButton, personLink, personPath, postPath } from '../parts/person.js';
import { post } from '../parts/post.js';
import { rich } from '../parts/rich.js';
import { time } from '../parts/time.js';
import { changed, events, removed, unread } from '../state.js';
import { has, parts, t } from '../text.js';

const SIGNS = {
  mention: 'reply', reblog: 'repost', favourite: 'smile', follow: 'person', quote: 'quote',
  'pleroma:emoji_reaction': 'smile',
};

export async function show(params, root) {
  const source = api.pages('/api/v1/notifications', { limit: 30 });
  const list = h('ol', { class: 'sheet posts news' });
  const foot = h('div', { class: 'foot' });
  const views = new Map();
  const seen = new Set();
  root.append(h('header', { class: 'head' }, h('h1', {}, t('notifications.title'))), list, foot);

  const row = (one) => {
    seen.add(one.id);
    const found = line(one);
    if (found.view) views.set(one.status.id, found.view);
    return found.node;
  };
  let unwatch = () => {};
  let isLoading = false;
  const more = async () => {
    if (isLoading || source.isOver) return;
    isLoading = true;
    unwatch();
    try {
      const found = (await source.next()).filter((one) => !seen.has(one.id));
      list.append(...found.map(row));
      const last = list.lastElementChild;
      fill(foot, last ? null : h('div', { class: 'empty' }, icon('bell'),
        h('p', {}, t('notifications.empty'))));
      if (last && !source.isOver) unwatch = whenSeen(last, more, '1000px');
    } finally {
      isLoading = false;
    }
  };
  const add = (found) => {
    const fresh = found.filter((one) => !seen.has(one.id));
    if (!fresh.length) return;
    fill(foot);
    for (const one of fresh) list.prepend(row(one));
    if (!document.hidden) read(list);
  };
  // What came before the stream was open, or while it was away.
  const catchUp = async () => {
    const newest = list.firstElementChild?.dataset.id;
    const found = await api.get('/api/v1/notifications', { since_id: newest, limit: 30 })
      .catch(() => []);
    add(found.reverse());
  };
  await more();

  const ends = [
    events.listen(({ event, payload }) => {
      if (event === 'notification') add([payload]);
      if (event === 'open') catchUp();
    }),
    changed.listen((status) => views.get(status.id)?.update(status)),
    removed.listen((id, isBack) => {
      const view = views.get(id);
      if (view) view.node.closest('li').hidden = !isBack;
    }),
    watch(() => [...views.keys()]),
  ];
  await read(list);
  return () => {
    unwatch();
    for (const end of ends) end();
  };
}

/** Says that all of it was read: here, and in other programs. */
async function read(list) {
  unread.set(0);
  const newest = list.firstElementChild?.dataset.id;
  if (!newest) return;
  await api.post('/api/v1/markers', { notifications: { last_read_id: newest } }).catch(() => {});
}

function line(one) {
  const key = has(`notifications.${one.type}`) ? one.type : 'other';
  const words = parts(`notifications.${key}`, {
    name: personLink(one.account), emoji: h('span', { class: 'emoji' }, one.emoji ?? ''),
  });
  const top = h('p', { class: 'news-line' },
    icon(SIGNS[one.type] ?? 'bell'),
    h('a', { href: personPath(one.account), tabindex: '-1', 'aria-hidden': 'true' },
      avatar(one.account, 28)),
    h('span', { class: 'grow' }, words), h('span', { class: 'soft small' }, time(one.created_at)));
  const node = h('li', { data: { id: one.id } }, top);
  if (one.type === 'follow') {
    top.append(followButton(one.account) ?? '');
  } else if (['mention', 'quote'].includes(one.type) && one.status) {
    const view = post(one.status);
    node.append(view.node);
    return { node, view };
  } else if (one.status) {
    node.append(h('a', { class: 'news-of soft', href: postPath(one.status) },
      h('span', { class: 'post-text is-cut', inert: true }, one.status.spoiler_text
        ? bdi(one.status.spoiler_text) : rich(one.status.content))));
  }
  return { node };
}
