// A list of posts that grows at its end as one reads, waits with news at its top until the reader
// asks for them, and keeps its posts as they are now.

import { fill, h, isCalm, whenSeen } from '../dom.js';
import { changed, events, removed, written } from '../state.js';
import { t } from '../text.js';
import { watch } from './changes.js';
import { icon } from './icons.js';
import { inner, post } from './post.js';
import { hiddenNow } from './post-actions.js';
import { tell } from './toast.js';

/** How many posts wait at the top at most; after that the list is loaded anew. */
const MOST_WAITING = 200;

/**
 * A list of posts out of `source` ({next, isOver}). Options: `takes(status)`: whether a post that
 * comes by the stream belongs here; `empty`: what stands where nothing is; `anew`: loads the view
 * again; and those of `post`. Returns {node, begin, end, add}.
 */
export function timeline(source, options = {}) {
  const list = h('div', { class: 'sheet posts', role: 'feed', 'aria-busy': 'true' });
  const pill = h('button', { type: 'button', class: 'pill', hidden: true });
  let foot = h('div', { class: 'foot' });
  const node = h('div', { class: 'timeline' }, pill, list, foot);
  const all = new Map();
  let waiting = [];
  let unwatch = () => {};
  let isLoading = false;
  let tooMany = false;

  /** The end is another thing each time: so nothing moved, as browsers count it. */
  const end = (...content) => {
    const next = h('div', { class: 'foot' }, content);
    foot.replaceWith(next);
    foot = next;
  };

  // The rows.

  const row = (status) => {
    const view = post(status, options);
    all.set(status.id, view);
    return view.node;
  };

  const more = async () => {
    if (isLoading || source.isOver) return;
    isLoading = true;
    list.setAttribute('aria-busy', 'true');
    unwatch();
    try {
      const found = await source.next();
      const fresh = found.filter((status) => !all.has(status.id));
      list.append(...fresh.map(row));
      end(source.isOver ? null : h('span', { class: 'unseen' }, t('list.more')));
      const last = list.lastElementChild;
      if (!source.isOver && last) unwatch = whenSeen(last, more, '1200px');
      if (!last && !source.isOver) setTimeout(more);
      if (!last && source.isOver) end(options.empty ?? null);
      else if (source.isOver && options.end !== null) {
        end(h('p', { class: 'soft small' }, t('list.end')));
      }
    } catch (error) {
      end(h('p', {}, error.message), h('button', {
        type: 'button', class: 'button quiet', onclick: more,
      }, t('action.again')));
      if (error.status === undefined) tell(error);
    } finally {
      isLoading = false;
      list.setAttribute('aria-busy', 'false');
    }
  };

  // News. They wait above, so that nothing moves under the reader's eyes.

  const drawPill = () => {
    pill.hidden = waiting.length === 0 && !tooMany;
    if (!pill.hidden) {
      fill(pill, icon('up'), tooMany
        ? t('list.many') : t('list.new', { count: waiting.length }));
    }
  };

  const showWaiting = () => {
    if (tooMany || options.isRanked) return options.anew?.();
    list.prepend(...waiting.map(row));
    if (foot.querySelector('.empty')) end();
    const first = list.firstElementChild;
    waiting = [];
    drawPill();
    scrollTo({ top: 0, behavior: isCalm() ? 'auto' : 'smooth' });
    first?.focus({ preventScroll: true });
    return undefined;
  };
  pill.addEventListener('click', showWaiting);

  const hear = ({ event, payload }) => {
    if (event === 'update' && options.takes?.(payload)) {
      if (all.has(payload.id) || waiting.some((one) => one.id === payload.id)) return;
      if (waiting.length >= MOST_WAITING) tooMany = true;
      else waiting.unshift(payload);
      drawPill();
    }
  };

  const add = (status) => {
    if (all.has(status.id)) return;
    waiting = waiting.filter((one) => one.id !== status.id);
    drawPill();
    list.prepend(row(status));
    if (all.size === 1) end();
  };

  const every = (id, call) => {
    for (const view of all.values()) {
      if (inner(view.status).id === id || view.status.id === id) call(view);
    }
  };

  const ends = [
    events.listen(hear),
    changed.listen((status) => {
      every(inner(status).id, (view) => view.update(inner(status)));
      waiting = waiting.map((one) => (one.id === status.id ? { ...one, ...status } : one));
    }),
    removed.listen((id, isBack) => {
      waiting = waiting.filter((one) => inner(one).id !== id);
      drawPill();
      every(id, (view) => {
        view.node.hidden = !isBack;
      });
    }),
    written.listen((status) => {
      if (options.takesOwn?.(status)) add(status);
    }),
  ];
  const hide = (id, by, isOn) => {
    for (const view of all.values()) {
      if (inner(view.status).account.id !== id && view.status.account.id !== id) continue;
      const name = view.status.account.id === id
        ? view.status.account.display_name : inner(view.status).account.display_name;
      const others = view.status.filtered.filter((one) => one.starling?.by !== by);
      const line = { filter: { title: '' }, keyword_matches: [], starling: { by, name } };
      const it = inner(view.status);
      view.status = {
        ...view.status, filtered: isOn ? [...others, line] : others,
      };
      view.isShown = false;
      view.update({ ...it, filtered: it.filtered.filter((one) => one.starling?.by !== by) });
    }
  };
  ends.push(watch(() => [...all.values()].map((view) => inner(view.status).id)));
  hiddenNow.listeners.add(hide);
  ends.push(() => hiddenNow.listeners.delete(hide));

  return {
    node,
    begin: more,
    /** The id of the newest post that is here or waits. */
    newest: () => waiting[0]?.id ?? list.firstElementChild?.dataset.row,
    end() {
      unwatch();
      for (const stop of ends) stop();
    },
  };
}
