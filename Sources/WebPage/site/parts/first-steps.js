// What is done in each of the first steps. Each puts its form into a card and calls `finish` when it
// is through: with 'skipped', with 'noted' where only this page knows, else with nothing.

import * as api from '../api.js';
import { $, fill, h } from '../dom.js';
import { me, remember, written } from '../state.js';
import { t } from '../text.js';
import { frame, markPlace } from './frame.js';
import {
  asCard, each, every, inviting, joining, meshNow, nearby, nodeName,
} from './neighbours.js';
import { followButton, personRow } from './person.js';
import { tell } from './toast.js';

const SETUP = '/api/starling/v1/setup';

/** The way on, and the way past. */
function ways(finish, { label = t('welcome.next'), type = 'button', skip = true, call } = {}) {
  return h('div', { class: 'row welcome-ways' },
    h('button', { type, class: 'button', onclick: call ?? null }, label),
    skip ? h('button', { type: 'button', class: 'button quiet', onclick: () => finish('skipped') },
      t('welcome.skip')) : null);
}

/** Locks a form's button while something is on its way, and shows what went wrong. */
async function during(form, wrong, call) {
  const button = form.querySelector('[type="submit"]');
  wrong.textContent = '';
  button.disabled = true;
  try {
    await call();
  } catch (error) {
    wrong.textContent = error.message;
  } finally {
    button.disabled = false;
  }
}

/** Draws the frame anew where a name has changed, without losing the view. */
function renamed() {
  const main = $('#main');
  const shown = main.firstElementChild;
  frame($('#page'));
  if (shown) $('#main').replaceChildren(shown);
  markPlace(location.pathname);
}

// MARK: Name

async function name(card, { setup, finish }) {
  const field = h('input', {
    id: 'welcome-name', required: true, maxlength: 60, autocomplete: 'nickname',
    'aria-describedby': 'welcome-name-help welcome-wrong',
  });
  field.value = setup.account.display_name;
  const about = h('textarea', {
    id: 'welcome-about', rows: 3, maxlength: 500, 'aria-describedby': 'welcome-about-help',
  });
  const own = await api.get('/api/v1/accounts/verify_credentials');
  about.value = own.source.note;
  const wrong = h('p', { id: 'welcome-wrong', class: 'bad-words', role: 'alert' });
  const form = h('form', {
    class: 'stack', onsubmit: (event) => {
      event.preventDefault();
      during(form, wrong, async () => {
        const display = field.value.trim();
        if (display !== own.display_name || about.value !== own.source.note) {
          remember(await api.patch('/api/v1/accounts/update_credentials',
            { display_name: display, note: about.value }));
          renamed();
        }
        await finish('noted');
      });
    },
  },
  h('p', {}, t('welcome.name.what')),
  h('div', { class: 'field' },
    h('label', { for: 'welcome-name' }, t('welcome.name.label')), field,
    h('p', { id: 'welcome-name-help', class: 'soft small' },
      t('welcome.name.help', { key: setup.account.uri.split(':').pop().slice(4, 10) }))),
  h('div', { class: 'field' },
    h('label', { for: 'welcome-about' }, t('welcome.name.about')), about,
    h('p', { id: 'welcome-about-help', class: 'soft small' }, t('welcome.name.aboutHelp'))),
  wrong, ways(finish, { type: 'submit' }));
  card.append(form);
}

// MARK: Recovery words

async function words(card, { setup, finish, isDone }) {
  if (isDone) {
    card.append(h('p', {}, t('welcome.words.gone')), ways(finish, { skip: false, call: () => finish() }));
    return;
  }
  const place = h('div', { class: 'stack' });
  card.append(h('p', {}, t('welcome.words.what')), place);
  if (!setup.local) {
    fill(place, h('p', { class: 'note' }, t('welcome.words.elsewhere')),
      ways(finish, { skip: false, label: t('welcome.skip'), call: () => finish('skipped') }));
    return;
  }
  const closed = () => fill(place,
    h('ul', { class: 'dots' },
      ['paper', 'secret', 'reset'].map((key) => h('li', {}, t(`welcome.words.${key}`)))),
    ways(finish, { label: t('welcome.words.show'), call: open }));
  const open = async () => {
    let told;
    try {
      told = await api.get(`${SETUP}/words`);
    } catch (error) {
      return tell(error);
    }
    const list = h('ol', { class: 'words', tabindex: '-1', 'aria-label': t('welcome.words.list') },
      told.words.map((word) => h('li', {}, h('span', { translate: 'no' }, word))));
    fill(place, list, ways(finish, {
      label: t('welcome.words.written'), call: () => ask(told),
    }));
    list.focus({ preventScroll: true });
    return undefined;
  };
  const ask = (told) => {
    const wrong = h('p', { id: 'welcome-wrong', class: 'bad-words', role: 'alert' });
    const fields = told.ask.map((place, at) => h('input', {
      id: `welcome-word-${at}`, required: true, autocomplete: 'off', autocapitalize: 'none',
      spellcheck: 'false', 'aria-describedby': 'welcome-wrong',
    }));
    const form = h('form', {
      class: 'stack', autocomplete: 'off', onsubmit: (event) => {
        event.preventDefault();
        during(form, wrong, async () => {
          const given = fields.map((field) => field.value);
          for (const field of fields) field.removeAttribute('aria-invalid');
          try {
            await api.post(`${SETUP}/words`, { words: given });
          } catch (error) {
            if (error.status === 422) {
              // The node says which: so does the page, that has the words.
              const bad = fields.filter((field, at) => (
                field.value.trim().toLowerCase() !== told.words[told.ask[at] - 1]));
              for (const field of bad) field.setAttribute('aria-invalid', 'true');
              bad[0]?.focus();
              wrong.textContent = t('welcome.words.wrong');
              return;
            }
            throw error;
          }
          await finish();
        });
      },
    },
    h('p', {}, t('welcome.words.ask')),
    h('div', { class: 'three' }, fields.map((field, at) => h('div', { class: 'field' },
      h('label', { for: field.id }, t('welcome.words.number', { number: told.ask[at] })), field))),
    wrong,
    h('div', { class: 'row welcome-ways' },
      h('button', { type: 'submit', class: 'button' }, t('welcome.words.check')),
      h('button', { type: 'button', class: 'button quiet', onclick: open },
        t('welcome.words.again'))));
    fill(place, form);
    fields[0].focus();
  };
  closed();
}

// MARK: Neighbours

async function neighbours(card, { finish }) {
  const list = h('ul', { class: 'lines' });
  const none = h('p', { class: 'soft' }, t('welcome.neighbours.none'));
  const live = h('div', { 'aria-live': 'polite' }, none, list);
  const rows = new Map();
  const look = async () => {
    const mesh = await meshNow().catch(() => null);
    if (!mesh) return;
    none.hidden = mesh.neighbours.length > 0;
    quiet.hidden = mesh.nearby.length > 0;
    near.draw(mesh);
    each(list, rows, mesh.neighbours, (peer) => peer.node, () => {
      const words = h('bdi', {});
      return {
        node: h('li', { class: 'line is-good' }, h('span', { class: 'lamp' }), words),
        draw: (peer) => {
          words.textContent = t('welcome.neighbours.one', { name: nodeName(peer) });
        },
      };
    });
  };
  const near = nearby(look);
  const quiet = h('p', { class: 'soft' }, t('mesh.nearbyNone'));
  card.append(
    h('p', {}, t('welcome.neighbours.what')), live,
    ways(finish, { label: t('welcome.next'), call: () => finish('noted') }));
  const more = h('div', { class: 'stack' },
    asCard(t('mesh.joinTitle'), joining(look)), asCard(t('mesh.inviteTitle'), inviting()),
    asCard(t('mesh.nearbyTitle'), [quiet, near.node]));
  card.after(more);
  await look();
  const stop = every(2000, card, look);
  return () => {
    stop();
    more.remove();
  };
}

// MARK: People

async function follows(card, { finish }) {
  const list = h('ul', { class: 'people' });
  const none = h('p', { class: 'soft', 'aria-live': 'polite' }, t('welcome.follows.none'));
  const rows = new Map();
  const row = ({ account, starling }) => ({
    node: personRow(account,
      h('span', { class: 'why' }, reason(starling)), followButton(account)),
    draw() {},
  });
  const known = new Map();
  const look = async () => {
    const found = await api.get('/api/v2/suggestions', { limit: 20 }).catch(() => []);
    // Whom one follows already, or has just followed, stays in sight.
    for (const one of found) known.set(one.account.id, one);
    none.hidden = known.size > 0;
    each(list, rows, [...known.values()], (one) => one.account.id, row);
  };
  const wrong = h('p', { id: 'welcome-wrong', class: 'bad-words', role: 'alert' });
  const field = h('input', {
    id: 'welcome-who', autocapitalize: 'none', spellcheck: 'false', autocomplete: 'off',
    'aria-describedby': 'welcome-who-help welcome-wrong',
  });
  const form = h('form', {
    class: 'field', onsubmit: (event) => {
      event.preventDefault();
      if (!field.value.trim()) return;
      during(form, wrong, async () => {
        const { accounts } = await api.get('/api/v2/search',
          { q: field.value.trim(), type: 'accounts', resolve: true, limit: 10 });
        const others = accounts.filter((one) => one.id !== me.get().id);
        if (!others.length) wrong.textContent = t('welcome.follows.nobody');
        for (const account of others) {
          known.delete(account.id);
          rows.get(account.id)?.node.remove();
          rows.delete(account.id);
          const found = row({ account, starling: null });
          rows.set(account.id, found);
          known.set(account.id, { account, starling: null });
          list.prepend(found.node);
        }
        none.hidden = known.size > 0;
      });
    },
  },
  h('label', { for: 'welcome-who' }, t('welcome.follows.label')),
  h('div', { class: 'row' }, h('div', { class: 'grow' }, field),
    h('button', { type: 'submit', class: 'button quiet' }, t('welcome.follows.find'))),
  h('p', { id: 'welcome-who-help', class: 'soft small' }, t('welcome.follows.help')), wrong);
  card.append(h('p', {}, t('welcome.follows.what')), none, list, form,
    ways(finish, { call: () => finish('noted') }));
  const already = await api.get(`/api/v1/accounts/${me.get().id}/following`, { limit: 40 });
  for (const account of already) known.set(account.id, { account, starling: null });
  await look();
  return every(4000, card, look);
}

function reason(starling) {
  if (!starling) return null;
  if (starling.reason === 'neighbour') return t('welcome.follows.neighbour');
  if (starling.friends) return t('welcome.follows.friends', { count: starling.friends });
  return t('welcome.follows.recent');
}

// MARK: First post

async function post(card, { finish, isDone }) {
  if (isDone) {
    card.append(h('p', {}, t('welcome.post.done')), ways(finish, { skip: false, call: () => finish() }));
    return;
  }
  const wrong = h('p', { id: 'welcome-wrong', class: 'bad-words', role: 'alert' });
  const field = h('textarea', {
    id: 'welcome-post', rows: 4, required: true, 'aria-describedby': 'welcome-post-help welcome-wrong',
  });
  field.value = t('welcome.post.draft', { name: me.get().name });
  const key = crypto.randomUUID();
  const form = h('form', {
    class: 'stack', onsubmit: (event) => {
      event.preventDefault();
      during(form, wrong, async () => {
        const made = await api.post('/api/v1/statuses', { status: field.value }, { key });
        written.send(made);
        await finish();
      });
    },
  },
  h('p', {}, t('welcome.post.what')),
  h('div', { class: 'field' },
    h('label', { for: 'welcome-post' }, t('welcome.post.label')), field,
    h('p', { id: 'welcome-post-help', class: 'soft small' }, t('welcome.post.help'))),
  wrong, ways(finish, { type: 'submit', label: t('welcome.post.send') }));
  card.append(form);
}

export const steps = { name, words, neighbours, follows, post };
