// Neighbours: the nodes that one's own speaks with. How they are called, and the ways to more of
// them: an invite to give away, one to take, and whoever is near.

import * as api from '../api.js';
import { bdi, fill, h } from '../dom.js';
import { date, t } from '../text.js';
import { icon } from './icons.js';
import { code, readCode } from './qr.js';
import { tell, toast } from './toast.js';

const BASE = '/api/starling/v1';

export const meshNow = () => api.get(`${BASE}/mesh`);

/** What a person sees of a node's key. */
export const shortKey = (node) => node.slice(4, 10);

/** Whose node it says to be, as text; the beginning of its key where it says nothing. */
export function nodeName(peer) {
  const [first, ...others] = peer.writers ?? (peer.account ? [peer.account] : []);
  if (!first) return t('mesh.node', { key: shortKey(peer.node) });
  return others.length
    ? t('mesh.nodeOfMore', { name: first.display_name, count: others.length })
    : first.display_name;
}

/** Writes only what has changed: nobody who reads or selects is disturbed. */
export function say(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

/** A thing to do, as a card of its own. */
export function asCard(title, content) {
  return h('section', { class: 'card' }, h('h2', {}, title), content);
}

/** An invite for one friend: made when it is asked for, as text and as a code. */
export function inviting() {
  const place = h('div', { class: 'stack' });
  const button = h('button', {
    type: 'button', class: 'button quiet', onclick: async () => {
      button.disabled = true;
      try {
        fill(place, invite(await api.post(`${BASE}/invite`, {})));
        button.textContent = t('mesh.inviteAnother');
      } catch (error) {
        tell(error);
      } finally {
        button.disabled = false;
      }
    },
  }, t('mesh.inviteMake'));
  return [h('p', { class: 'soft' }, t('mesh.inviteWhat')), place,
    h('div', { class: 'row' }, button)];
}

function invite(made) {
  const text = h('textarea', {
    class: 'mono', readonly: true, rows: 6, 'aria-label': t('mesh.inviteText'), spellcheck: 'false',
    onfocus: (event) => event.target.select(),
  });
  text.value = made.invite;
  return [
    h('div', { class: 'invite' },
      made.qr ? code(made.qr, t('mesh.inviteCode')) : null,
      h('div', { class: 'stack' }, text,
        h('div', { class: 'row' }, h('button', {
          type: 'button', class: 'button small', onclick: async () => {
            try {
              await navigator.clipboard.writeText(made.invite);
              toast(t('mesh.copied'));
            } catch {
              text.focus();
            }
          },
        }, t('mesh.copy')),
        h('span', { class: 'soft small' }, t('mesh.inviteUntil', {
          date: date(made.until, { day: 'numeric', month: 'long' }),
        }))))),
    h('p', { class: 'soft small' }, t('mesh.inviteCare')),
  ];
}

/** Takes a friend's invite: pasted, or off a picture of its code. */
export function joining(joined = () => {}) {
  const name = `join-${crypto.randomUUID()}`;
  const field = h('textarea', {
    id: name, class: 'mono', rows: 3, spellcheck: 'false', autocapitalize: 'none',
    autocomplete: 'off', placeholder: 'starling://…',
    'aria-describedby': `${name}-help ${name}-wrong`,
  });
  const wrong = h('p', { id: `${name}-wrong`, class: 'bad-words', role: 'alert' });
  const button = h('button', { type: 'submit', class: 'button' }, t('mesh.join'));
  const join = async () => {
    wrong.textContent = '';
    if (!field.value.trim()) {
      wrong.textContent = t('mesh.joinNothing');
      return field.focus();
    }
    button.disabled = true;
    try {
      const answer = await api.post(`${BASE}/mesh/neighbours`, { invite: field.value });
      field.value = '';
      toast(answer.mutual ? t('mesh.joinedFriend') : t('mesh.joined'));
      joined();
    } catch (error) {
      wrong.textContent = error.message;
      field.focus();
    } finally {
      button.disabled = false;
    }
    return undefined;
  };
  const picture = h('input', {
    type: 'file', accept: 'image/*', class: 'unseen', tabindex: '-1', 'aria-hidden': 'true',
  });
  const choose = h('button', {
    type: 'button', class: 'button quiet', onclick: () => picture.click(),
  }, icon('image'), t('mesh.readCode'));
  picture.addEventListener('change', async () => {
    const [file] = picture.files;
    picture.value = '';
    if (!file) return;
    wrong.textContent = '';
    choose.disabled = true;
    try {
      const found = await readCode(file);
      if (found) {
        field.value = found;
        button.focus();
      } else {
        wrong.textContent = t('mesh.noCode');
      }
    } catch (error) {
      wrong.textContent = error.status === undefined ? t('mesh.noPicture') : error.message;
    } finally {
      choose.disabled = false;
    }
  });
  return h('form', {
    class: 'stack', onsubmit: (event) => {
      event.preventDefault();
      join();
    },
  },
  h('div', { class: 'field' },
    h('label', { for: name }, t('mesh.joinLabel')),
    h('p', { id: `${name}-help`, class: 'soft small' }, t('mesh.joinHelp')),
    field, wrong),
  h('div', { class: 'row' }, button, choose, picture));
}

/** Nodes that are heard in the local network. `draw(mesh)` shows what is heard now. */
export function nearby(joined = () => {}) {
  const list = h('ul', { class: 'lines' });
  const rows = new Map();
  const row = (found) => {
    const state = h('span', { class: 'soft small' }, t('mesh.connected'));
    const button = h('button', {
      type: 'button', class: 'button small', onclick: async () => {
        button.disabled = true;
        try {
          await api.post(`${BASE}/mesh/neighbours`, { node: found.node });
          toast(t('mesh.joined'));
          joined();
        } catch (error) {
          tell(error);
        } finally {
          button.disabled = false;
        }
      },
    }, t('mesh.connect'), h('span', { class: 'unseen' }, ` ${shortKey(found.node)}`));
    return {
      node: h('li', { class: 'line' },
        h('div', { class: 'grow' },
          h('p', {}, t('mesh.node', { key: shortKey(found.node) })),
          h('p', { class: 'soft small clip' }, bdi(found.address))),
        state, button),
      draw(now) {
        state.hidden = !now.connected;
        button.hidden = now.connected;
      },
    };
  };
  return {
    node: list,
    draw(mesh) {
      each(list, rows, mesh.nearby, (one) => one.node, row);
    },
  };
}

/**
 * Keeps the rows of a list as the items are: `make(item)` gives {node, draw}, which stays as long
 * as there is an item with its key.
 */
export function each(list, rows, items, keyOf, make) {
  const keys = new Set(items.map(keyOf));
  for (const [key, row] of rows) {
    if (keys.has(key)) continue;
    row.node.remove();
    rows.delete(key);
  }
  for (const item of items) {
    const key = keyOf(item);
    if (!rows.has(key)) {
      rows.set(key, make(item));
      list.append(rows.get(key).node);
    }
    rows.get(key).draw(item);
  }
}

/**
 * Calls `ask` now and again while `root` is there and looked at, until the returned thing is called.
 */
export function every(milliseconds, root, ask) {
  let timer = null;
  let isOver = false;
  const next = async () => {
    clearTimeout(timer);
    if (isOver) return;
    if (!document.hidden && root.isConnected) await ask();
    clearTimeout(timer);
    if (!isOver) timer = setTimeout(next, milliseconds);
  };
  const back = () => {
    if (!document.hidden) next();
  };
  document.addEventListener('visibilitychange', back);
  timer = setTimeout(next, milliseconds);
  return () => {
    isOver = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', back);
  };
}
