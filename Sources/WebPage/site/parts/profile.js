// Who stands behind a name: whom it could be taken for, keys, devices, what changed, tips; and what
// they publish for others to choose.

import * as api from '../api.js';
import { bdi, fill, h } from '../dom.js';
import { me } from '../state.js';
import { date, parts, t } from '../text.js';
import { dialog } from './dialog.js';
import { acting } from './form.js';
import { icon } from './icons.js';
import { personLink } from './person.js';
import { code } from './qr.js';
import { sheet } from './sheet.js';
import { toast } from './toast.js';

/** Adds to `node` what is known of a person's devices, key and history. */
export async function more(account, node) {
  const [person] = await Promise.all([
    api.get(`/api/starling/v1/accounts/${account.id}`), sheet('/style/settings.css'),
  ]);
  fill(node, warning(person), tips(person), published(person, account), behind(person));
}

// MARK: Taken for somebody else

/** Said above all else: a name is not who somebody is. */
function warning(person) {
  if (!person.looks_like.length || person.own) return null;
  return h('div', { class: 'note is-loud', role: 'note' },
    icon('warning'),
    h('div', { class: 'grow' },
      h('strong', {}, t('who.same')),
      person.looks_like.map((other) => h('p', {}, parts(`who.${other.relation}`, {
        name: personLink(other),
        key: h('span', { class: 'key' }, other.fingerprint.slice(4, 10)),
        mine: h('span', { class: 'key' }, person.fingerprint.slice(4, 10)),
      })))));
}

// MARK: Tips

/** Schemes that a wallet may be opened with; any other is text to copy. */
const WALLETS = ['bitcoin', 'lightning', 'monero', 'ethereum', 'litecoin', 'zcash'];

function tips(person) {
  if (!person.tips.length) return null;
  return h('div', { class: 'row' }, person.tips.map((uri) => h('button', {
    type: 'button', class: 'button quiet small', onclick: () => tip(person, uri),
  }, t('who.tip', { kind: uri.split(':')[0] }))));
}

async function tip(person, uri) {
  const place = h('div', { class: 'tip-code' });
  const since = person.changes.find((one) => one.what === 'tips' && one.added.includes(uri));
  dialog(t('who.tipTitle', { name: person.display_name }), [
    h('p', {}, t('who.tipWhat')), place,
    h('p', { class: 'code' }, uri),
    since ? h('p', { class: 'soft small' }, t('who.tipSince', {
      date: date(since.time, { dateStyle: 'long' }) })) : null,
    h('div', { class: 'row' }, copyButton(uri),
      WALLETS.includes(uri.split(':')[0].toLowerCase())
        ? h('a', { class: 'button quiet small', href: uri, target: '_blank', rel: 'noopener noreferrer' },
          t('who.wallet')) : null),
  ], { kind: 'small' });
  try {
    const { rows } = await api.post('/api/starling/v1/qr', { text: uri });
    if (rows) fill(place, code(rows, t('who.tipCode', { uri })));
  } catch (error) {
    fill(place, h('p', { class: 'bad-words' }, error.message));
  }
}

function copyButton(text) {
  return acting(t('who.copy'), async () => {
    try {
      await navigator.clipboard.writeText(text);
      toast(t('who.copied'));
    } catch {
      toast(t('who.notCopied'));
    }
  });
}

// MARK: For others to choose

function published(person, account) {
  if (!me.get()) return null;
  const place = h('div', { class: 'stack' });
  draw(place, person, account).catch(() => {});
  return place;
}

async function draw(place, person, account) {
  const base = `/api/starling/v1/accounts/${account.id}`;
  const [recipes, lists] = await Promise.all([
    api.get(`${base}/recipes`), api.get(`${base}/labels`),
  ]);
  const isMe = me.get()?.id === account.id;
  const anew = () => draw(place, person, account);
  const { labelWords, chooseLabels } = lists.length
    ? await import('../views/settings/hidden.js') : {};
  fill(place,
    isMe || !person.following ? null : weight(person),
    recipes.length ? h('details', { class: 'fold' },
      h('summary', {}, t('who.recipes', { count: recipes.length })),
      h('ul', { class: 'lines' }, recipes.map((one) => h('li', { class: 'line' },
        h('div', { class: 'grow' }, h('p', { class: 'line-title' }, bdi(one.name)),
          one.description ? h('p', { class: 'soft small' }, bdi(one.description)) : null),
        isMe ? null : acting(t(one.chosen ? 'who.recipeLeave' : 'who.recipeUse'), async () => {
          if (one.chosen) await api.del(`/api/starling/v1/recipes/${one.id}`);
          else await api.post(`${base}/recipes`, { address: one.address });
          toast(t(one.chosen ? 'who.recipeLeft' : 'who.recipeUsed', { name: one.name }));
          await anew();
        }))))) : null,
    lists.length ? h('details', { class: 'fold' },
      h('summary', {}, t('who.labels', { count: lists.length })),
      h('ul', { class: 'lines' }, lists.map((one) => h('li', { class: 'line' },
        h('div', { class: 'grow' }, labelWords(one)),
        isMe ? null : acting(
          t(one.chosen ? 'settings.hidden.labelsLeave' : 'who.labelsUse'), async () => {
            await chooseLabels(one, !one.chosen);
            await anew();
          }))))) : null);
}

/** What the reader gives somebody in orders that ask for it. */
function weight(person) {
  const said = h('output', {}, String(person.weight));
  const input = h('input', {
    type: 'range', min: -100, max: 100, step: 10, '.value': String(person.weight),
    'aria-describedby': 'who-weight-help',
    oninput: () => {
      said.textContent = input.value;
    },
    onchange: async () => {
      try {
        await api.put(`/api/starling/v1/accounts/${person.id}/weight`, {
          weight: Number(input.value),
        });
      } catch (error) {
        toast(error.message, { kind: 'bad' });
      }
    },
  });
  return h('details', { class: 'fold' },
    h('summary', {}, t('who.weight')),
    h('label', { class: 'row weight-of' }, h('span', {}, t('who.less')), input,
      h('span', {}, t('who.more')), said),
    h('p', { id: 'who-weight-help', class: 'soft small' }, t('who.weightHelp')));
}

// MARK: Keys

function behind(person) {
  const place = h('div', { class: 'stack' });
  const fold = h('details', { class: 'fold' }, h('summary', {}, t('who.title')), place);
  fold.addEventListener('toggle', async () => {
    if (!fold.open || place.childElementCount) return;
    const { deviceList } = await import('../views/settings/people.js');
    fill(place,
      h('h2', {}, t('who.digits')), h('p', { class: 'soft small' }, t('who.digitsHelp')),
      h('p', { class: 'digits' }, person.digits.split(' ').map((one) => h('span', {}, one))),
      h('p', { class: 'code' }, person.did), h('div', { class: 'row' }, copyButton(person.did)),
      h('h2', {}, t('settings.people.devices')),
      person.devices.length ? deviceList(person.devices) : h('p', { class: 'soft' }, t('who.noDevices')),
      h('h2', {}, t('who.changes')), h('p', { class: 'soft small' }, t('who.changesHelp')),
      h('ol', { class: 'changes' }, person.changes.map(change)));
  });
  return fold;
}

function change(one) {
  const key = one.key ? h('span', { class: 'mono small' }, one.key.replace(/^did:key:/, '').slice(0, 14))
    : null;
  const words = {
    began: 'who.change.began', 'root-replaced': 'who.change.root', 'device-added': 'who.change.device',
    'device-revoked': 'who.change.revoked', renamed: 'who.change.renamed',
  }[one.what];
  return h('li', {},
    h('time', { datetime: one.time, class: 'soft small' }, date(one.time, { dateStyle: 'medium' })),
    one.what === 'tips' ? [
      one.added.map((uri) => h('p', {}, t('who.change.tipAdded'), ' ', h('span', { class: 'mono small' }, uri))),
      one.removed.map((uri) => h('p', {}, t('who.change.tipRemoved'), ' ', h('s', { class: 'mono small' }, uri))),
    ] : h('p', {}, parts(words, {
      key, from: one.from, before: bdi(one.before), after: bdi(one.after),
    })));
}
