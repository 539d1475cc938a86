// What stands in the menus of a post.

import * as api from '../api.js';
import { changed, me, removed } from '../state.js';
import { t } from '../text.js';
import { postPath } from './person.js';
import { act, inner } from './post.js';
import { tell, toast } from './toast.js';

export function repostItems(view, it) {
  return [
    {
      label: t(it.reblogged ? 'post.unrepost' : 'post.repostNow'), sign: 'repost',
      call: () => act(view, 'repost'),
    },
    { label: t('post.quote'), sign: 'quote', call: () => act(view, 'quote') },
  ];
}

export function moreItems(view, it) {
  const isMine = it.account.id === me.get()?.id;
  const name = it.account.display_name;
  return [
    { label: t('verify.action'), sign: 'seal', call: () => act(view, 'verify') },
    { label: t('explain.action'), sign: 'why', call: () => act(view, 'explain') },
    { label: t('post.copy'), sign: 'link', call: () => copy(it) },
    { label: t('post.open'), sign: 'square', href: postPath(it) },
    '-',
    ...(isMine
      ? [
        { label: t('post.edit'), sign: 'pen', call: () => act(view, 'edit') },
        {
          label: t(it.pinned ? 'post.unpin' : 'post.pin'), sign: 'pin',
          call: () => change(it, it.pinned ? 'unpin' : 'pin'),
        },
        { label: t('post.retract'), sign: 'bin', isBad: true, call: () => retract(it) },
      ]
      : [
        {
          label: t('person.mute', { name }), sign: 'mute',
          call: () => hide(it.account, 'mute', 'unmute'),
        },
        {
          label: t('person.block', { name }), sign: 'block', isBad: true,
          call: () => hide(it.account, 'block', 'unblock'),
        },
      ]),
  ];
}

async function change(it, verb) {
  try {
    changed.send(inner(await api.post(`/api/v1/statuses/${it.id}/${verb}`)));
  } catch (error) {
    tell(error);
  }
}

async function copy(it) {
  try {
    await navigator.clipboard.writeText(it.uri);
    toast(t('post.copied'));
  } catch {
    toast(t('post.notCopied', { address: it.uri }));
  }
}

/** Mutes or blocks somebody: their posts become lines, here and at once. */
async function hide(account, verb, back) {
  try {
    await api.post(`/api/v1/accounts/${account.id}/${verb}`);
    const name = account.display_name;
    hiddenNow.add(account.id, verb);
    toast(t(`person.${verb}d`, { name }), {
      undo: async () => {
        await api.post(`/api/v1/accounts/${account.id}/${back}`).catch(tell);
        hiddenNow.remove(account.id, verb);
      },
    });
  } catch (error) {
    tell(error);
  }
}

/** What was hidden since lists were loaded; they show it at once. */
export const hiddenNow = {
  listeners: new Set(),
  add(id, by) {
    for (const one of this.listeners) one(id, by, true);
  },
  remove(id, by) {
    for (const one of this.listeners) one(id, by, false);
  },
};

/**
 * Takes a post back. A retraction is signed and spreads, so it cannot be undone: it is sent when
 * the time for second thoughts is over.
 */
export function retract(it) {
  removed.send(it.id, false);
  toast(t('post.retracted'), {
    undo: () => removed.send(it.id, true),
    done: async () => {
      try {
        await api.del(`/api/v1/statuses/${it.id}`, undefined, { keepalive: true });
        removed.send(it.id, false, true);
      } catch (error) {
        removed.send(it.id, true);
        tell(error);
      }
    },
  });
}
