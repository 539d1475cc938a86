// A post, wherever one is shown.

import * as api from '../api.js';
import { bdi, fill, h } from '../dom.js';
import { changed, me } from '../state.js';
import { date, parts, shortNumber, t } from '../text.js';
import { icon } from './icons.js';
import { media } from './media.js';
import { menuButton } from './menu.js';
import { avatar, keyChip, known, personLink, personPath, postPath } from './person.js';
import { poll } from './poll.js';
import { moreItems, repostItems } from './post-actions.js';
import { rich } from './rich.js';
import { time } from './time.js';
import { tell } from './toast.js';

const LONG = { letters: 1400, lines: 20 };

/**
 * A post as an <article>; {node, update}. Options: `recipe`, by which it is where it is; `isMain`,
 * for the post that a page is about; `isCompact`, for one that is quoted in a window.
 */
export function post(status, options = {}) {
  const node = h('article', { class: `post ${options.isMain ? 'is-main' : ''}`, tabindex: '-1' });
  const view = { node, status, options, isShown: Boolean(options.isShown), isOpen: false };
  node.post = view;
  view.update = (next) => {
    // What hides a post depends on where it stands: an answer about it alone does not know that.
    if (next.filtered.length === 0) next = { ...next, filtered: inner(view.status).filtered };
    const before = inner(view.status);
    view.status = view.status.reblog ? { ...view.status, reblog: next } : next;
    if (same(before, next, COUNTS)) redraw(view, before, next);
    else if (!same(before, next, [])) draw(view);
  };
  view.draw = () => draw(view);
  // What came while a menu was open is drawn when it closes: nothing vanishes under a finger.
  node.addEventListener('toggle', ({ newState }) => {
    if (newState === 'closed' && view.isLate) drawBelow(view);
  }, true);
  draw(view);
  return view;
}

/** What changes often, and stands below a post or in its poll. */
const COUNTS = ['poll', 'pleroma', 'replies_count', 'reblogs_count', 'favourites_count',
  'quotes_count', 'favourited', 'reblogged', 'bookmarked', 'pinned', 'muted', 'account'];

function same(one, other, without) {
  const rest = (status) => JSON.stringify(status, (key, value) => (
    without.includes(key) ? undefined : value));
  return rest(one) === rest(other);
}

/** Draws only what changed, so that what somebody is choosing or reading stays. */
function redraw(view, before, next) {
  if (next.poll && view.poll && !same(before.poll, next.poll, [])) {
    const chosen = [...view.poll.querySelectorAll(':checked')].map((one) => one.value);
    const fresh = poll(next);
    view.poll.replaceWith(fresh);
    view.poll = fresh;
    for (const value of chosen) fresh.querySelector(`input[value="${value}"]`)?.click();
  }
  if (!same(before, next, ['poll'])) drawBelow(view);
}

function drawBelow(view) {
  if (!view.below) return;
  view.isLate = Boolean(view.below.querySelector('.menu'));
  if (view.isLate) return;
  const act = view.below.contains(document.activeElement) ? document.activeElement.dataset.act : '';
  const it = inner(view.status);
  fill(view.below, reactions(view, it), actions(view, it));
  if (act) view.below.querySelector(`[data-act="${act}"]`)?.focus();
}

/** The post itself, where a row is a repost of it. */
export function inner(status) {
  return status.reblog ?? status;
}

function draw(view) {
  const { node, status } = view;
  const it = inner(status);
  known.set(it.account.id, it.account.display_name);
  const focus = document.activeElement?.dataset?.act;
  const hadFocus = node.contains(document.activeElement);
  node.dataset.id = it.id;
  node.dataset.row = status.id;
  const isHidden = !view.isShown && [...status.filtered, ...it.filtered].length > 0;
  node.classList.toggle('is-hidden', isHidden);
  node.setAttribute('aria-label', t('post.by', { name: it.account.display_name }));
  fill(node, isHidden ? hiddenLine(view) : whole(view));
  if (hadFocus) (node.querySelector(`[data-act="${focus}"]`) ?? node).focus();
}

// MARK: Hidden

/** The line in the place of a hidden post: who hid it, why, and how to see it. */
function hiddenLine(view) {
  const reasons = [...view.status.filtered, ...inner(view.status).filtered];
  const words = [...new Set(reasons.map((one) => reason(one)))];
  return h('div', { class: 'hidden-line' },
    icon('eye'),
    h('p', { class: 'grow' }, h('strong', {}, t('hidden.title')), ' ', words.join(' · ')),
    h('button', {
      type: 'button', class: 'button small quiet', data: { act: 'show' }, onclick: () => {
        view.isShown = true;
        draw(view);
        view.node.focus();
      },
    }, t('hidden.show')));
}

/** Who hides a post, and why, as a sentence. */
export function reason({ filter, keyword_matches: words = [], starling }) {
  if (starling) {
    const { by, name, list, label, reason: why } = starling;
    return t(`hidden.${by}`, { name, list, label, why: why || t('hidden.noReason') });
  }
  if (words.length) return t('hidden.words', { title: filter.title, words: words.join(', ') });
  return filter.title;
}

// MARK: Whole

function whole(view) {
  const { status, options } = view;
  const it = inner(status);
  if (it.pleroma?.placeholder) return h('p', { class: 'soft absent' }, t('post.absent'));
  return [
    status.reblog ? h('p', { class: 'above' }, icon('repost'),
      h('span', {}, parts('post.reposted', { name: personLink(status.account) }))) : null,
    view.isShown && [...status.filtered, ...it.filtered].length ? hiddenAgain(view) : null,
    h('div', { class: 'post-row' },
      h('a', { href: personPath(it.account), tabindex: '-1', 'aria-hidden': 'true' },
        avatar(it.account)),
      h('div', { class: 'post-body' },
        head(it),
        replyLine(it, options),
        text(view, it),
        it.quote && !options.isCompact ? quoted(it.quote) : null,
        options.isMain ? when(it) : null,
        options.isCompact ? null : below(view, it))),
  ];
}

function hiddenAgain(view) {
  return h('p', { class: 'above' }, icon('eye'), h('button', {
    type: 'button', class: 'link', data: { act: 'hide' }, onclick: () => {
      view.isShown = false;
      draw(view);
    },
  }, t('hidden.again')));
}

function head(it) {
  return h('header', { class: 'post-head' },
    personLink(it.account),
    it.edited_at ? h('a', {
      href: postPath(it), class: 'soft small', title: date(it.edited_at),
    }, t('post.edited')) : null,
    h('a', { href: postPath(it), class: 'post-time' }, time(it.created_at)),
  );
}

function replyLine(it, { isMain, isThread }) {
  if (it.in_reply_to_account_id === null || isMain || isThread) return null;
  const id = it.in_reply_to_account_id;
  const who = it.mentions.find((one) => one.id === id);
  const account = it.pleroma?.in_reply_to_account_acct?.split('@')[0];
  const name = bdi(known.get(id) || who?.username || account || t('post.somebody'));
  return h('p', { class: 'soft small' }, h('a', { href: postPath(it), class: 'plain' },
    parts('post.replying', { name })));
}

/** Text, pictures and poll: behind its warning, where it has one. */
function text(view, it) {
  const words = h('div', { class: 'post-text', lang: it.language }, rich(it.content));
  const plain = it.pleroma?.content?.['text/plain'] ?? '';
  const isLong = plain.length > LONG.letters || plain.split('\n').length > LONG.lines;
  const content = [words];
  if (isLong && !view.options.isMain && !view.isLong) {
    words.classList.add('is-cut');
    content.push(h('button', {
      type: 'button', class: 'link', data: { act: 'long' }, onclick: () => {
        view.isLong = true;
        draw(view);
      },
    }, t('post.more')));
  }
  view.poll = it.poll ? poll(it) : null;
  content.push(media(it.media_attachments), view.poll);
  if (!it.spoiler_text) return content;
  return [
    h('div', { class: 'warning' }, icon('warning'),
      h('p', { class: 'grow', dir: 'auto' }, it.spoiler_text),
      h('button', {
        type: 'button', class: 'button small quiet', 'aria-expanded': String(view.isOpen),
        data: { act: 'warning' }, onclick: () => {
          view.isOpen = !view.isOpen;
          draw(view);
        },
      }, t(view.isOpen ? 'post.hide' : 'post.show'))),
    view.isOpen ? content : null,
  ];
}

function quoted(quote) {
  const status = quote.quoted_status;
  if (!status) return h('p', { class: 'quote soft' }, t('post.quoteGone'));
  return h('div', { class: 'quote' },
    h('header', { class: 'post-head' },
      avatar(status.account, 22),
      bdi(status.account.display_name, { class: 'name' }), keyChip(status.account),
      h('a', { href: postPath(status), class: 'post-time cover' }, time(status.created_at))),
    status.spoiler_text
      ? h('p', { dir: 'auto' }, status.spoiler_text)
      : [h('div', { class: 'post-text is-cut' }, rich(status.content)),
        status.media_attachments.length
          ? h('p', { class: 'soft small' },
            t('post.media', { count: status.media_attachments.length })) : null]);
}

function when(it) {
  return h('p', { class: 'soft small when' },
    h('time', { datetime: it.created_at }, date(it.created_at)),
    it.edited_at ? [' · ', h('button', {
      type: 'button', class: 'link soft', data: { act: 'history' },
      onclick: () => import('./history.js').then((part) => part.history(it)).catch(tell),
    }, t('post.editedAt', { date: date(it.edited_at) }))] : null);
}

// MARK: Below it

function below(view, it) {
  view.below = h('div', { class: 'below' }, reactions(view, it), actions(view, it));
  return view.below;
}

function reactions(view, it) {
  const all = it.pleroma?.emoji_reactions ?? [];
  if (!all.length) return null;
  return h('ul', { class: 'reactions', 'aria-label': t('post.reactions') },
    all.slice(0, 24).map(({ name, count, me: mine }) => h('li', {}, h('button', {
      type: 'button', class: 'reaction', 'aria-pressed': String(mine), data: { act: `e-${name}` },
      disabled: !me.get(),
      'aria-label': t('post.reaction', { emoji: name, count }),
      onclick: () => react(view, name, !mine),
    }, h('span', { class: 'emoji' }, name.slice(0, 24)), ' ', shortNumber(count)))));
}

function actions(view, it) {
  const button = (name, sign, label, call, more = {}) => h('button', {
    type: 'button', class: `act act-${name}`, 'aria-label': label, title: label,
    data: { act: name }, onclick: () => call(view), ...more,
  }, icon(sign), more.count ? h('span', { 'aria-hidden': 'true' }, shortNumber(more.count)) : null);
  if (!me.get()) {
    return h('div', { class: 'acts' },
      button('verify', 'seal', t('verify.action'), (view) => act(view, 'verify')));
  }
  return h('div', { class: 'acts' },
    button('reply', 'reply', t('post.reply', { count: it.replies_count }),
      (view) => act(view, 'reply'), { count: it.replies_count }),
    menuButton(t('post.repost', { count: it.reblogs_count }),
      [icon('repost'), it.reblogs_count
        ? h('span', { 'aria-hidden': 'true' }, shortNumber(it.reblogs_count)) : null],
      () => repostItems(view, it),
      {
        class: 'act act-repost', data: { act: 'repost' },
        'aria-pressed': it.reblogged ? 'true' : null,
      }),
    button('react', 'smile', t('post.react'), (view) => act(view, 'react')),
    button('bookmark', 'bookmark', t(it.bookmarked ? 'post.unbookmark' : 'post.bookmark'),
      (view) => act(view, 'bookmark'), { 'aria-pressed': String(it.bookmarked) }),
    button('verify', 'seal', t('verify.action'), (view) => act(view, 'verify')),
    menuButton(t('post.menu'), icon('more'), () => moreItems(view, it),
      { class: 'act act-more', data: { act: 'more' } }));
}

/** Sets an emoji under a post, or takes it back; what the node answers is shown. */
export async function react(view, emoji, isOn) {
  const { id } = inner(view.status);
  const path = `/api/v1/pleroma/statuses/${id}/reactions/${encodeURIComponent(emoji)}`;
  try {
    changed.send(await (isOn ? api.put(path) : api.del(path)));
  } catch (error) {
    tell(error);
  }
}

/** Does one of the things that can be done with a post, by its name. */
export async function act(view, name) {
  const it = inner(view.status);
  try {
    switch (name) {
      case 'reply': return (await import('./composer.js')).write({ reply: it });
      case 'quote': return (await import('./composer.js')).write({ quote: it });
      case 'edit': return (await import('./composer.js')).write({ edit: it });
      case 'verify': return (await import('./proof.js')).verify(it);
      case 'explain':
        return (await import('./explain.js')).explain(view.status, view.options.recipe);
      case 'react': {
        const from = view.node.querySelector('[data-act="react"]');
        const { pick } = await import('./emoji.js');
        const emoji = await pick(from);
        if (emoji) await react(view, emoji, true);
        return undefined;
      }
      case 'repost': return changed.send(inner(await api.post(
        `/api/v1/statuses/${it.id}/${it.reblogged ? 'unreblog' : 'reblog'}`)));
      case 'bookmark': return changed.send(await api.post(
        `/api/v1/statuses/${it.id}/${it.bookmarked ? 'unbookmark' : 'bookmark'}`));
      default: return undefined;
    }
  } catch (error) {
    return tell(error);
  }
}
