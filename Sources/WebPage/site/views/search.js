// Finding people, posts and tags in what the node holds.

import * as api from '../api.js';
import { go } from '../app.js';
import { bdi, fill, h } from '../dom.js';
import { icon } from '../parts/icons.js';
import { followButton, personRow } from '../parts/person.js';
import { timeline } from '../parts/timeline.js';
import { t } from '../text.js';

export async function show({ query }, root) {
  const wanted = query.get('q')?.trim() ?? '';
  const field = h('input', {
    type: 'search', id: 'search', name: 'q', '.value': wanted, enterkeyhint: 'search',
    autocomplete: 'off', maxlength: 500, 'aria-describedby': 'search-hint',
  });
  const results = h('div', { class: 'stack' });
  root.append(
    h('header', { class: 'head' }, h('h1', {}, t('search.title'))),
    h('search', {}, h('form', {
      class: 'search', onsubmit: (event) => {
        event.preventDefault();
        const words = field.value.trim();
        if (words) go(`/p/search?q=${encodeURIComponent(words)}`);
      },
    },
    h('label', { for: 'search', class: 'unseen' }, t('search.label')), field,
    h('button', { class: 'button', type: 'submit', 'aria-label': t('search.title') },
      icon('search')),
    h('p', { id: 'search-hint', class: 'soft small' }, t('search.hint')))),
    results);
  if (!wanted) {
    field.focus();
    return undefined;
  }
  const found = await api.get('/api/v2/search', { q: wanted, limit: 20 });
  const posts = timeline(later(wanted, found.statuses), { end: null });
  const isNone = !found.accounts.length && !found.statuses.length && !found.hashtags.length;
  fill(results,
    isNone ? h('div', { class: 'empty', role: 'status' },
      h('p', {}, t('search.none', { words: wanted }))) : null,
    found.hashtags.length ? h('section', { class: 'row pad', 'aria-label': t('search.tags') },
      found.hashtags.map((tag) => h('a', {
        class: 'button quiet small', href: `/p/tag/${encodeURIComponent(tag.name)}`,
      }, bdi(`#${tag.name}`)))) : null,
    found.accounts.length ? h('section', {},
      h('h2', { class: 'pad' }, t('search.people')),
      h('ul', { class: 'sheet' }, found.accounts.map((account) => (
        personRow(account, followButton(account)))))) : null,
    found.statuses.length ? h('section', {},
      h('h2', { class: 'pad' }, t('search.posts')), posts.node) : null);
  await posts.begin();
  return () => posts.end();
}

/** The posts that were found, and further ones as the reader goes on. */
function later(words, first) {
  let offset = 0;
  let next = first;
  return {
    get isOver() {
      return next === null;
    },
    async next() {
      const found = next ?? [];
      offset += found.length;
      next = null;
      if (found.length >= 20) {
        const more = await api.get('/api/v2/search', {
          q: words, type: 'statuses', limit: 20, offset,
        });
        next = more.statuses.length ? more.statuses : null;
      }
      return found;
    },
  };
}
