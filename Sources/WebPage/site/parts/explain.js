// Why a post is where it is: in words, and each term of the order that put it there.

import * as api from '../api.js';
import { h } from '../dom.js';
import { me } from '../state.js';
import { has, number, t } from '../text.js';
import { words } from '../views/home.js';
import { dialog } from './dialog.js';
import { inner } from './post.js';
import { tell } from './toast.js';

export async function explain(status, recipe) {
  const it = inner(status);
  const [found, relation] = await Promise.all([
    api.get(`/api/starling/v1/posts/${status.id}/explain`, { recipe }).catch(async (error) => {
      // A list of people is no order of its own.
      if (error.status === 404 && recipe) {
        return api.get(`/api/starling/v1/posts/${status.id}/explain`);
      }
      throw error;
    }),
    api.get('/api/v1/accounts/relationships', { id: [it.account.id] }).catch(tell),
  ]);
  dialog(t('explain.title'), [
    h('p', { class: 'lead' }, cause(status, relation?.[0])),
    h('p', {}, t('explain.byOrder', { name: words(found, 'name') })),
    h('table', { class: 'terms' },
      h('thead', {}, h('tr', {},
        ['feature', 'value', 'weight', 'product'].map((name) => (
          h('th', { scope: 'col' }, t(`explain.${name}`)))))),
      h('tbody', {}, found.terms.map((term) => h('tr', {},
        h('th', { scope: 'row' }, has(`feature.${term.feature}`)
          ? t(`feature.${term.feature}`) : term.feature),
        h('td', {}, number(term.value)),
        h('td', {}, `× ${number(term.weight)}`),
        h('td', {}, number(term.product))))),
      h('tfoot', {}, h('tr', {},
        h('th', { scope: 'row', colspan: 3 }, t('explain.sum')),
        h('td', {}, h('strong', {}, number(found.score)))))),
    h('p', { class: 'soft small' }, t('explain.home'), ' ', t('explain.change')),
  ]);
}

function cause(status, relation) {
  const { account } = inner(status);
  if (status.reblog) return t('explain.reposted', { name: status.account.display_name });
  if (account.id === me.get()?.id) return t('explain.own');
  if (relation?.following) return t('explain.follow', { name: account.display_name });
  return t('explain.square');
}
