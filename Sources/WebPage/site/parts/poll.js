// Polls: voting, and results that say whose votes they count.

import * as api from '../api.js';
import { h } from '../dom.js';
import { changed, me } from '../state.js';
import { ago, number, t } from '../text.js';
import { tell } from './toast.js';

export function poll(it) {
  const { poll } = it;
  const isDone = poll.voted || poll.expired || !me.get() || it.account.id === me.get().id;
  const box = h('div', { class: 'poll' }, isDone ? results(poll) : choices(it));
  box.append(h('p', { class: 'soft small poll-foot' },
    t('poll.voters', { count: poll.voters_count }), ' · ',
    poll.expired ? t('poll.over') : t('poll.until', { when: ago(poll.expires_at, 'long') }), ' · ',
    h('button', {
      type: 'button', class: 'link', data: { act: 'tallies' },
      onclick: () => import('./tallies.js').then((part) => part.tallies(it)).catch(tell),
    }, t('poll.whose'))));
  return box;
}

function results(poll) {
  const most = Math.max(1, ...poll.options.map((one) => one.votes_count));
  return h('ul', {}, poll.options.map((option, at) => {
    const share = poll.voters_count ? option.votes_count / poll.voters_count : 0;
    return bar(option.title, share, option.votes_count, option.votes_count === most,
      poll.own_votes?.includes(at));
  }));
}

/** One answer with its share as a bar. */
export function bar(title, share, count, isFirst = false, isMine = false) {
  const fillBar = h('span', { class: 'bar-fill' });
  fillBar.style.width = `${Math.round(share * 1000) / 10}%`;
  return h('li', { class: `bar ${isFirst ? 'is-first' : ''}` }, fillBar,
    h('span', { class: 'bar-title', dir: 'auto' }, title,
      isMine ? h('span', { class: 'mine' }, ` ✓ ${t('poll.mine')}`) : null),
    h('span', { class: 'bar-share' },
      h('span', { class: 'unseen' }, t('poll.votes', { count })),
      h('span', { 'aria-hidden': 'true' }, `${Math.round(share * 100)} % (${number(count)})`)));
}

function choices(it) {
  const { poll } = it;
  const name = `poll-${it.id}-${Math.round(Math.random() * 1e9)}`;
  const button = h('button', { class: 'button small', type: 'submit', disabled: true },
    t('poll.vote'));
  const form = h('form', {
    onchange: () => {
      button.disabled = !form.querySelector(':checked');
    },
    onsubmit: async (event) => {
      event.preventDefault();
      const chosen = [...form.querySelectorAll(':checked')].map((one) => Number(one.value));
      button.disabled = true;
      try {
        const next = await api.post(`/api/v1/polls/${poll.id}/votes`, { choices: chosen });
        changed.send({ ...it, poll: next });
      } catch (error) {
        button.disabled = false;
        tell(error);
      }
    },
  },
  h('fieldset', {},
    h('legend', { class: 'unseen' }, t(poll.multiple ? 'poll.chooseSome' : 'poll.chooseOne')),
    poll.options.map((option, at) => h('label', { class: 'choice' },
      h('input', { type: poll.multiple ? 'checkbox' : 'radio', name, value: at }),
      h('span', { dir: 'auto' }, option.title)))),
  button);
  return form;
}
