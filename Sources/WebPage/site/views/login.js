// The door: a link that the node prints, or the owner's password.

import * as api from '../api.js';
import { go, renew } from '../app.js';
import { h } from '../dom.js';
import { enter, me } from '../state.js';
import { t } from '../text.js';

export async function show(params, root) {
  const name = h('input', {
    id: 'login-name', name: 'username', autocomplete: 'username', autocapitalize: 'none',
    spellcheck: 'false', 'aria-describedby': 'login-name-help',
  });
  const word = h('input', {
    id: 'login-password', name: 'password', type: 'password', required: true,
    autocomplete: 'current-password', 'aria-describedby': 'login-password-help login-error',
  });
  const wrong = h('p', { id: 'login-error', class: 'bad-words', role: 'alert' });
  const button = h('button', { class: 'button', type: 'submit' }, t('login.enter'));
  root.append(h('div', { class: 'door' },
    h('img', { src: '/starling.svg', alt: '', width: 88, height: 88 }),
    h('h1', {}, me.get() ? t('login.another') : t('login.title')),
    h('p', {}, t('login.what')),
    h('form', {
      class: 'card form', onsubmit: async (event) => {
        event.preventDefault();
        wrong.textContent = '';
        button.disabled = true;
        try {
          enter(await api.tradePassword(name.value.trim(), word.value));
          history.replaceState(history.state, '', '/');
          renew();
        } catch (error) {
          wrong.textContent = error.code === 'invalid_grant' ? t('login.wrong') : error.message;
          word.focus();
        } finally {
          button.disabled = false;
        }
      },
    },
    h('div', { class: 'field' },
      h('label', { for: 'login-name' }, t('login.name')), name,
      h('p', { id: 'login-name-help', class: 'soft small' }, t('login.nameHelp'))),
    h('div', { class: 'field' },
      h('label', { for: 'login-password' }, t('login.password')), word,
      h('p', { id: 'login-password-help', class: 'soft small' }, t('login.passwordHelp'))),
    wrong, button),
    h('div', { class: 'card' },
      h('h2', {}, t('login.linkTitle')), h('p', {}, t('login.link')),
      h('pre', { class: 'code' }, 'starling web')),
    me.get() ? h('p', {}, h('button', {
      type: 'button', class: 'link', onclick: () => go('/'),
    }, t('action.back'))) : null));
}
