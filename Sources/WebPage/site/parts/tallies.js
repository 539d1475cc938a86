// Whose votes a poll counts: three circles around the reader, and a count from the signatures on.

import * as api from '../api.js';
import { bdi, fill, h } from '../dom.js';
import { t } from '../text.js';
import { dialog } from './dialog.js';
import { keyChip, personLink } from './person.js';
import { bar } from './poll.js';
import { time } from './time.js';
import { tell } from './toast.js';

const CIRCLES = ['follows', 'two-hops', 'everyone'];

export async function tallies(it) {
  const found = await api.get(`/api/starling/v1/polls/${it.id}`);
  const sorted = [...found.tallies]
    .sort((a, b) => CIRCLES.indexOf(a.circle) - CIRCLES.indexOf(b.circle));
  const checked = h('div', { class: 'stack', 'aria-live': 'polite' });
  const button = h('button', {
    type: 'button', class: 'button quiet', onclick: async () => {
      button.disabled = true;
      try {
        fill(checked, recounted(await api.get(`/api/starling/v1/polls/${it.id}/recount`), found));
      } catch (error) {
        tell(error);
      } finally {
        button.disabled = false;
      }
    },
  }, t('poll.recount'));
  dialog(t('poll.title'), [
    sorted.map((tally) => circle(tally, found.options)),
    h('p', { class: 'soft small' }, t('poll.everyoneHelp')),
    button, checked,
  ]);
}

function circle(tally, options) {
  const most = Math.max(1, ...tally.counts);
  return h('section', { class: 'poll circle' },
    h('h3', {}, t(`poll.circle.${tally.circle}`), ' ',
      h('span', { class: 'soft small' }, t('poll.voters', { count: tally.voters_count }))),
    tally.voters_count === 0 ? h('p', { class: 'soft' }, t('poll.nobody'))
      : h('ul', {}, options.map((title, at) => bar(title,
        tally.counts[at] / tally.voters_count, tally.counts[at], tally.counts[at] === most))),
    tally.voters?.length ? h('details', {},
      h('summary', {}, t('poll.who')),
      h('ul', { class: 'voters' }, tally.voters.map((account) => h('li', {},
        personLink({ ...account, display_name: `@${account.username}` }))))) : null);
}

function recounted(found, { options }) {
  return [
    h('p', {}, h('strong', {}, t('poll.recounted', { count: found.votes_count })), ' ',
      found.faults_count ? t('poll.faults', { count: found.faults_count }) : t('poll.noFaults')),
    h('ul', { class: 'voters' }, found.votes.map((vote) => h('li', { class: vote.fault ? 'bad' : '' },
      bdi(`@${vote.account.username}`, { class: 'name' }), ' ', keyChip(vote.account), ' ',
      bdi(vote.options.map((at) => options[at] ?? '?').join(', ')), ' ', time(vote.time),
      vote.fault ? h('p', { class: 'bad-words small' }, t('poll.fault', { fault: vote.fault }))
        : null))),
  ];
}
