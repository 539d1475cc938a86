// A person's page.

import * as api from '../api.js';
import { go } from '../app.js';
import { bdi, fill, h, whenSeen } from '../dom.js';
import { dialog } from '../parts/dialog.js';
import { head } from '../parts/head.js';
import { icon } from '../parts/icons.js';
import { menuButton } from '../parts/menu.js';
import { avatar, followButton, personPath, personRow } from '../parts/person.js';
import { rich } from '../parts/rich.js';
import { timeline } from '../parts/timeline.js';
import { tell, toast } from '../parts/toast.js';
import { me, remember } from '../state.js';
import { t } from '../text.js';

const TABS = {
  posts: { exclude_replies: true }, replies: {}, media: { only_media: true },
};

export async function show({ acct, query }, root) {
  const handle = acct.slice(1);
  const account = await api.get('/api/v1/accounts/lookup', { acct: handle });
  remember(account);
  const relation = me.get() && me.get().id !== account.id
    ? (await api.get('/api/v1/accounts/relationships', { id: [account.id] }))[0] : null;
  const tab = query.get('show') in TABS ? query.get('show') : 'posts';
  const list = timeline(api.pages(`/api/v1/accounts/${account.id}/statuses`, TABS[tab]), {
    takes: (status) => status.account.id === account.id
      && (tab !== 'posts' || status.in_reply_to_id === null)
      && (tab !== 'media' || status.media_attachments.length > 0),
    takesOwn: (status) => status.account.id === account.id && tab !== 'media',
    empty: h('div', { class: 'empty' }, h('p', {}, t('profile.empty'))),
  });
  const pinned = tab === 'posts'
    ? await api.get(`/api/v1/accounts/${account.id}/statuses`, { pinned: true }).catch(() => [])
    : [];
  const pins = timeline(once(pinned), { end: null, empty: h('span') });
  root.append(head(bdi(account.display_name)), card(account, relation),
    h('nav', { class: 'tabs', 'aria-label': t('profile.posts') },
      Object.keys(TABS).map((name) => h('a', {
        href: `${personPath(account)}${name === 'posts' ? '' : `?show=${name}`}`,
        'aria-current': name === tab ? 'page' : null,
      }, t(`profile.${name}`)))));
  if (pinned.length) {
    root.append(h('section', { class: 'pins' },
      h('h2', { class: 'above' }, icon('pin'), t('profile.pinned')), pins.node));
  }
  root.append(list.node);
  await Promise.all([list.begin(), pins.begin()]);
  return () => {
    list.end();
    pins.end();
  };
}

function once(items) {
  let next = items;
  return {
    get isOver() {
      return next === null;
    },
    async next() {
      const found = next ?? [];
      next = null;
      return found;
    },
  };
}

function card(account, relation) {
  const isMe = me.get()?.id === account.id;
  const about = h('div', { class: 'profile-more' });
  const node = h('section', { class: 'card profile' },
    h('div', { class: 'row profile-top' },
      avatar(account, 88),
      h('div', { class: 'grow' },
        h('p', { class: 'profile-name' }, bdi(account.display_name)),
        h('p', { class: 'soft small mono' }, bdi(`@${account.acct}`)),
        relation?.followed_by ? h('p', { class: 'soft small' }, t('person.followsYou')) : null),
      isMe ? h('a', { class: 'button quiet small', href: '/p/settings/profile' },
        t('profile.edit')) : followButton(account, relation),
      relation ? personMenu(account, relation) : null),
    account.note ? h('div', { class: 'post-text' }, rich(account.note)) : null,
    fields(account),
    h('p', { class: 'row counts' },
      h('span', {}, t('person.posts', { count: account.statuses_count })),
      h('button', { type: 'button', class: 'link', onclick: () => people(account, 'following') },
        t('person.followings', { count: account.following_count })),
      h('button', { type: 'button', class: 'link', onclick: () => people(account, 'followers') },
        t('person.followers', { count: account.followers_count }))),
    about);
  // What no other network shows of a person: devices, key, history. A part of its own.
  import('../parts/profile.js').then((part) => part.more?.(account, about)).catch(tell);
  return node;
}

function fields(account) {
  const links = account.fields.filter((one) => one.name !== 'tip');
  if (!links.length) return null;
  return h('dl', { class: 'details' }, links.map((one) => [
    h('dt', {}, bdi(one.name)), h('dd', {}, rich(one.value)),
  ]));
}

function personMenu(account, relation) {
  const name = account.display_name;
  const change = async (verb, property, isOn) => {
    try {
      Object.assign(relation, await api.post(`/api/v1/accounts/${account.id}/${verb}`));
      relation[property] = isOn;
      if (isOn) toast(t(`person.${verb}d`, { name }));
      go(personPath(account), { replace: true });
    } catch (error) {
      tell(error);
    }
  };
  return menuButton(t('post.menu'), icon('more'), () => [
    relation.muting
      ? { label: t('person.unmute', { name }), sign: 'mute', call: () => change('unmute', 'muting', false) }
      : { label: t('person.mute', { name }), sign: 'mute', call: () => change('mute', 'muting', true) },
    relation.blocking
      ? { label: t('person.unblock', { name }), sign: 'block', call: () => change('unblock', 'blocking', false) }
      : {
        label: t('person.block', { name }), sign: 'block', isBad: true,
        call: () => change('block', 'blocking', true),
      },
  ], { class: 'round' });
}

function people(account, what) {
  const source = api.pages(`/api/v1/accounts/${account.id}/${what}`, { limit: 40 });
  const list = h('ul', {});
  const foot = h('p', { class: 'soft' });
  const more = async () => {
    const found = await source.next().catch((error) => {
      tell(error);
      return [];
    });
    list.append(...found.map((one) => personRow(one, followButton(one))));
    if (!source.isOver && list.lastElementChild) {
      const stop = whenSeen(list.lastElementChild, () => {
        stop();
        more();
      });
    }
    fill(foot, list.childElementCount ? null : '–');
  };
  dialog(t(`person.${what}Title`, { name: account.display_name }), [list, foot]);
  more();
}
