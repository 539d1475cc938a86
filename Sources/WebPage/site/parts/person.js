// People: pictures, names, keys. A name can be taken by anybody; the key behind it cannot, so the
// beginning of it stands beside every name that is not of this node.

import * as api from '../api.js';
import { bdi, h } from '../dom.js';
import { me } from '../state.js';
import { t } from '../text.js';
import { tell } from './toast.js';

/** Names of people who were seen on the page, by id: a reply names only the id of whom it answers. */
export const known = new Map();

/** The address of a person's page. */
export function personPath(account) {
  return `/@${encodeURIComponent(account.acct).replace(/%40/g, '@')}`;
}

export function postPath(status) {
  return `${personPath(status.account)}/${status.id}`;
}

/** The beginning of a key as the node shows it; null for accounts of this node. */
export function keyOf(account) {
  return account.acct.split('@')[1] ?? null;
}

export function keyChip(account) {
  const key = keyOf(account);
  if (!key) return null;
  // All keys begin with z6Mk.
  return h('span', { class: 'key', title: t('person.key', { key }) },
    h('span', { class: 'unseen' }, t('person.keySpoken')), key.slice(4, 10));
}

export function avatar(account, size = 44) {
  return h('img', {
    class: 'avatar', src: account.avatar_static, alt: '', width: size, height: size,
    loading: 'lazy', decoding: 'async',
  });
}

/** Name and key, as a link to the person's page. */
export function personLink(account, props = {}) {
  return h('a', { href: personPath(account), class: 'person', ...props },
    bdi(account.display_name, { class: 'name' }), keyChip(account));
}

/** A line in lists of people. */
export function personRow(account, ...more) {
  return h('li', { class: 'person-row' },
    h('a', { href: personPath(account), tabindex: '-1', 'aria-hidden': 'true' }, avatar(account)),
    h('div', { class: 'grow' },
      personLink(account),
      h('p', { class: 'soft small clip' }, bdi(`@${account.acct}`))),
    more);
}

/** Follow, or unfollow. `relationship` is asked for where it is not given. */
export function followButton(account, relationship) {
  if (me.get()?.id === account.id || !me.get()) return null;
  const button = h('button', { type: 'button', class: 'button small follow', disabled: true },
    t('person.follow'));
  const draw = (now) => {
    relationship = now;
    button.disabled = false;
    button.setAttribute('aria-pressed', String(now.following));
    button.classList.toggle('quiet', now.following);
    button.textContent = now.following ? t('person.following') : t('person.follow');
    button.setAttribute('aria-label',
      t(now.following ? 'person.unfollowName' : 'person.followName',
        { name: account.display_name }));
  };
  button.addEventListener('click', async () => {
    button.disabled = true;
    const verb = relationship.following ? 'unfollow' : 'follow';
    try {
      draw(await api.post(`/api/v1/accounts/${account.id}/${verb}`));
    } catch (error) {
      button.disabled = false;
      tell(error);
    }
  });
  if (relationship) draw(relationship);
  else {
    api.get('/api/v1/accounts/relationships', { id: [account.id] })
      .then(([found]) => found && draw(found)).catch(() => {});
  }
  return button;
}
