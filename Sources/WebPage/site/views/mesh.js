// The mesh, to look at: who is connected and what flows, whether others can call, how far the posts
// of the people one follows have come, who holds one's newest post, and what the disk has room for.

import * as api from '../api.js';
import { bdi, fill, h } from '../dom.js';
import { confirm, dialog } from '../parts/dialog.js';
import { flock } from '../parts/flock.js';
import {
  each, every, inviting, joining, meshNow, nearby, nodeName, say,
} from '../parts/neighbours.js';
import { avatar, personLink } from '../parts/person.js';
import { sheet } from '../parts/sheet.js';
import { time } from '../parts/time.js';
import { tell, toast } from '../parts/toast.js';
import { me } from '../state.js';
import { ago, bytes, date, number, t } from '../text.js';

const LOOK = 2000;

export async function show(params, root) {
  await sheet('/style/mesh.css');
  root.classList.add('mesh');
  const picture = flock(me.get());
  const summary = h('p', { class: 'mesh-summary' });
  const parts = [connected(() => look()), reach(), newest(), followed(), disk()];
  let before = null;
  const look = async () => {
    let now;
    try {
      now = await meshNow();
    } catch (error) {
      say(summary, error.message);
      return;
    }
    const rates = ratesOf(before, now);
    before = now;
    say(summary, now.neighbours.length
      ? t('mesh.summary', { count: now.neighbours.length })
      : t('mesh.summaryAlone'));
    picture.draw(now, rates);
    for (const part of parts) part.draw?.(now, rates);
  };
  root.append(
    h('div', { class: 'head' }, h('h1', {}, t('mesh.title'))),
    h('div', { class: 'card mesh-top' }, summary, picture.node),
    ...parts.map((part) => part.node));
  await look();
  const ends = [every(LOOK, root, look), ...parts.map((part) => part.begin?.(root))];
  return () => {
    picture.end();
    for (const end of ends) end?.();
  };
}

/** Bytes a second of each node since the last look; of a connection that is new, nothing yet. */
function ratesOf(before, now) {
  const rates = new Map();
  const seconds = before ? Math.max(0.5, (now.time - before.time) / 1000) : 0;
  for (const peer of now.neighbours) {
    const old = before?.neighbours.find((one) => one.node === peer.node);
    const isSame = old && old.bytesIn <= peer.bytesIn && old.bytesOut <= peer.bytesOut;
    const per = (name) => (isSame && seconds ? (peer[name] - old[name]) / seconds : 0);
    rates.set(peer.node, {
      in: per('bytesIn'), out: per('bytesOut'), postsIn: per('postsIn'), postsOut: per('postsOut'),
    });
  }
  return rates;
}

function card(title, ...children) {
  return h('section', { class: 'card' }, h('h2', {}, title), children);
}

// MARK: Neighbours

function connected(look) {
  const body = h('tbody', {});
  const table = h('table', { class: 'peers' },
    h('caption', { class: 'unseen' }, t('mesh.tableCaption')),
    h('thead', {}, h('tr', {},
      h('th', { scope: 'col' }, t('mesh.neighbour')),
      h('th', { scope: 'col', class: 'figure' }, t('mesh.in')),
      h('th', { scope: 'col', class: 'figure' }, t('mesh.out')),
      h('th', { scope: 'col' }, h('span', { class: 'unseen' }, t('mesh.actions'))))),
    body);
  const none = h('p', { class: 'soft' }, t('mesh.none'));
  const away = h('ul', { class: 'lines' });
  const awayTitle = h('h3', {}, t('mesh.awayTitle'));
  const nearTitle = h('h3', {}, t('mesh.nearbyTitle'));
  const near = nearby(look);
  const rows = new Map();
  const awayRows = new Map();
  const join = () => {
    const open = dialog(t('mesh.joinTitle'), joining(() => {
      open.close();
      look();
    }));
  };
  return {
    node: card(t('mesh.neighbours'), none, table, awayTitle, away, nearTitle, near.node,
      h('div', { class: 'row' },
        h('button', {
          type: 'button', class: 'button',
          onclick: () => dialog(t('mesh.inviteTitle'), inviting()),
        }, t('mesh.inviteTitle')),
        h('button', { type: 'button', class: 'button quiet', onclick: join },
          t('mesh.joinTitle')))),
    draw(mesh, rates) {
      none.hidden = mesh.neighbours.length > 0;
      table.hidden = mesh.neighbours.length === 0;
      each(body, rows, mesh.neighbours, (peer) => peer.node, () => peerRow(rates));
      for (const peer of mesh.neighbours) rows.get(peer.node).flow(rates.get(peer.node), peer);
      const others = mesh.nearby.filter((one) => !one.connected);
      nearTitle.hidden = others.length === 0;
      near.draw({ nearby: others });
      awayTitle.hidden = mesh.away.length === 0;
      each(away, awayRows, mesh.away, (peer) => peer.node, awayRow);
    },
  };
}

function peerRow() {
  const name = h('span', { class: 'name' });
  const more = h('span', { class: 'soft small' });
  const cells = {
    in: h('span', {}), postsIn: h('span', { class: 'soft small' }),
    out: h('span', {}), postsOut: h('span', { class: 'soft small' }),
  };
  const place = h('span', {});
  let drawn = '';
  let current = null;
  const forgetButton = h('button', {
    type: 'button', class: 'link soft small', onclick: () => forget(current),
  }, t('mesh.forget'));
  return {
    node: h('tr', {},
      h('th', { scope: 'row' }, place, more),
      h('td', { class: 'figure' }, cells.in, cells.postsIn),
      h('td', { class: 'figure' }, cells.out, cells.postsOut),
      h('td', { class: 'figure' }, forgetButton)),
    draw(peer) {
      current = peer;
      const called = nodeName(peer);
      if (called !== drawn) {
        drawn = called;
        const [first] = peer.writers;
        fill(place, first ? personLink(first) : fill(name, bdi(called)));
        forgetButton.setAttribute('aria-label', t('mesh.forgetName', { name: called }));
      }
      say(more, [
        t(`mesh.place.${peer.place ?? 'internet'}`), t(`mesh.direction.${peer.direction}`),
        t('mesh.since', { when: ago(Date.now() - peer.seconds * 1000, 'long') }),
      ].join(' · '));
    },
    flow(rate, peer) {
      say(cells.in, t('mesh.perSecond', { bytes: bytes(Math.round(rate.in)) }));
      say(cells.out, t('mesh.perSecond', { bytes: bytes(Math.round(rate.out)) }));
      say(cells.postsIn, posts(rate.postsIn, peer.postsIn));
      say(cells.postsOut, posts(rate.postsOut, peer.postsOut));
    },
  };
}

/** Posts in all, and how many a second while they come. */
function posts(rate, all) {
  if (rate < 0.1) return t('mesh.posts', { count: all });
  return t('mesh.postsFlow', { count: all, rate: number(Math.round(rate * 10) / 10) });
}

function awayRow() {
  const name = h('bdi', {});
  const state = h('span', { class: 'soft small' });
  let current = null;
  const button = h('button', {
    type: 'button', class: 'link soft small', onclick: () => forget(current),
  }, t('mesh.forget'));
  return {
    node: h('li', { class: 'line' }, h('span', { class: 'lamp' }),
      h('div', { class: 'grow' }, name, ' ', state), button),
    draw(peer) {
      current = peer;
      say(name, nodeName(peer));
      say(state, t(peer.calling ? 'mesh.calling' : 'mesh.waiting'));
      button.setAttribute('aria-label', t('mesh.forgetName', { name: nodeName(peer) }));
    },
  };
}

async function forget(peer) {
  const name = nodeName(peer);
  if (!await confirm(t('mesh.forgetName', { name }), t('mesh.forgetWords'),
    { yes: t('mesh.forget') })) return;
  try {
    await api.del(`/api/starling/v1/mesh/neighbours/${peer.node}`);
    toast(t('mesh.forgotten', { name }));
  } catch (error) {
    tell(error);
  }
}

// MARK: Reachable?

function reach() {
  const lamp = h('span', { class: 'lamp' });
  const verdict = h('strong', {});
  const words = h('p', {});
  const todo = h('ol', { class: 'dots' });
  const details = h('details', {}, h('summary', {}, t('mesh.reach.todo')), todo);
  let drawn = '';
  return {
    node: card(t('mesh.reach.title'), h('p', { class: 'reach-verdict' }, lamp, verdict), words, details),
    draw({ reach: now }) {
      const state = reachState(now);
      const when = ago(Date.now() - (now.internet ?? now.home ?? 0) * 1000, 'long');
      say(words, t(`mesh.reach.${state}.words`, { when, port: String(now.port) }));
      if (state === drawn) return;
      drawn = state;
      lamp.className = `lamp is-${state}`;
      say(verdict, t(`mesh.reach.${state}.verdict`));
      details.hidden = state === 'internet';
      const address = now.homeAddresses.find((one) => one.includes('.')) ?? now.homeAddresses[0];
      const steps = state === 'machine' ? ['listen'] : state === 'public'
        ? ['firewall', 'friend'] : ['router', 'invite', 'friend'];
      fill(todo, steps.map((step) => h('li', {}, t(`mesh.reach.step.${step}`, {
        port: String(now.port), address: address ?? '…',
      }))));
    },
  };
}

/** What is known of it: nobody can know more without asking a stranger to call. */
function reachState(now) {
  if (now.internet !== undefined) return 'internet';
  if (now.publicAddresses.length) return 'public';
  if (now.home !== undefined) return 'home';
  return now.homeAddresses.length ? 'unknown' : 'machine';
}

// MARK: One's newest post

function newest() {
  const place = h('div', { class: 'stack' });
  const text = h('blockquote', { class: 'newest' });
  const words = h('p', {});
  let id = null;
  const look = async () => {
    if (!id) return;
    const found = await api.get(`/api/starling/v1/posts/${id}/holders`).catch(() => null);
    if (!found) return;
    const names = found.holders.map(nodeName).join(', ');
    say(words, found.holders.length
      ? t('mesh.newest.held', { count: found.holders.length, peers: found.peers, names })
      : t(found.peers ? 'mesh.newest.nobody' : 'mesh.newest.alone'));
  };
  return {
    node: card(t('mesh.newest.title'), place),
    draw({ newest: post }) {
      if (post?.id === id && id !== null) return;
      if (!post) {
        if (!place.firstChild) fill(place, h('p', { class: 'soft' }, t('mesh.newest.none')));
        return;
      }
      id = post.id;
      fill(text, bdi(post.text));
      fill(place, text, h('p', { class: 'soft small' }, time(post.created_at)), words);
      look();
    },
    begin: (root) => every(3 * LOOK, root, look),
  };
}

// MARK: Whom one follows

function followed() {
  const list = h('ul', { class: 'lines' });
  const none = h('p', { class: 'soft' }, t('mesh.authors.none'));
  const rows = new Map();
  const row = ({ account }) => {
    const words = h('span', { class: 'soft small' });
    const filled = h('span', { class: 'meter-fill' });
    const meter = h('span', {
      class: 'meter', role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100,
      'aria-label': t('mesh.authors.label', { name: account.display_name }),
    }, filled);
    return {
      node: h('li', { class: 'line author' }, avatar(account, 36),
        h('div', { class: 'grow' }, personLink(account), meter, words)),
      draw(now) {
        const share = now.total ? Math.min(1, (now.held + now.newest) / now.total) : 0;
        const percent = now.current ? 100 : Math.floor(share * 100);
        meter.setAttribute('aria-valuenow', percent);
        filled.style.width = `${percent}%`;
        meter.classList.toggle('is-full', now.current);
        const state = !now.known ? 'nothing' : now.current ? 'all'
          : now.fetching ? 'coming' : 'waiting';
        say(words, t(`mesh.authors.${state}`, {
          count: now.held + now.newest, held: now.held + now.newest, total: now.total,
        }));
      },
    };
  };
  return {
    node: card(t('mesh.authors.title'), none, list),
    draw({ authors }) {
      none.hidden = authors.length > 0;
      each(list, rows, authors, (one) => one.account.id, row);
    },
  };
}

// MARK: The disk

function disk() {
  const words = h('p', {});
  const filled = h('span', { class: 'meter-fill' });
  const meter = h('span', {
    class: 'meter', role: 'meter', 'aria-valuemin': 0, 'aria-label': t('mesh.disk.label'),
  }, filled);
  const free = h('p', { class: 'soft small' });
  const notes = h('ul', { class: 'dots' });
  let drawn = '';
  const look = async () => {
    const { storage } = await api.get('/api/starling/v1/status').catch(() => ({}));
    if (!storage) return;
    const key = JSON.stringify(storage);
    if (key === drawn) return;
    drawn = key;
    const used = storage.total;
    meter.setAttribute('aria-valuemax', storage.budget);
    meter.setAttribute('aria-valuenow', Math.min(used, storage.budget));
    meter.setAttribute('aria-valuetext', t('mesh.disk.of', {
      used: bytes(used), budget: bytes(storage.budget),
    }));
    filled.style.width = `${Math.min(100, (used / storage.budget) * 100)}%`;
    say(words, t('mesh.disk.words', {
      used: bytes(used), budget: bytes(storage.budget), media: bytes(storage.media),
    }));
    say(free, storage.diskFree === undefined ? ''
      : t('mesh.disk.free', { free: bytes(storage.diskFree) }));
    fill(notes, told(storage).map((note) => h('li', {}, note)));
  };
  return {
    node: card(t('mesh.disk.title'), meter, words, free, notes),
    begin(root) {
      look();
      return every(10 * LOOK, root, look);
    },
  };
}

/** What was dropped, what is refused, and why. */
function told(storage) {
  const notes = storage.dropped.map((one) => t(`mesh.disk.dropped.${one.rule}`, {
    count: one.bodies, bytes: bytes(one.bytes), who: t(`mesh.disk.hop.${one.hop}`),
    date: date(one.last, { dateStyle: 'medium' }),
  }));
  if (storage.diskLow) notes.push(t('mesh.disk.low'));
  else if (storage.refused.closedFrom !== undefined) {
    notes.push(t('mesh.disk.closed', { who: t(`mesh.disk.hop.${storage.refused.closedFrom}`) }));
  }
  if (storage.refused.fullLogs) {
    notes.push(t('mesh.disk.full', { count: storage.refused.fullLogs }));
  }
  return notes.length ? notes : [t('mesh.disk.nothing')];
}
