// "Verify": whose key signed a post, where it stands in that key's log, who holds it, and the proof.

import * as api from '../api.js';
import { bdi, fill, h } from '../dom.js';
import { date, number, parts, t } from '../text.js';
import { check } from './check.js';
import { dialog } from './dialog.js';
import { icon } from './icons.js';
import { nodeName } from './neighbours.js';
import { keyChip } from './person.js';
import { tell } from './toast.js';

const MOST_BYTES = 524_288;

export async function verify(it) {
  const path = `/api/starling/v1/posts/${it.id}`;
  const [place, held] = await Promise.all([
    api.get(path), api.get(`${path}/holders`).catch(() => null),
  ]);
  const verdict = h('div', { class: 'stack', 'aria-live': 'polite' },
    h('p', { class: 'soft' }, t('verify.checking')));
  dialog(t('verify.title'), [
    verdict,
    facts(it, place, held),
    h('details', {},
      h('summary', {}, t('verify.details')), details(place)),
    h('div', { class: 'row' },
      h('button', {
        type: 'button', class: 'button quiet', onclick: () => download(it).catch(tell),
      }, icon('down'), t('verify.download')),
      h('a', { class: 'button quiet', href: '/p/verify' }, t('verify.other'))),
  ]);
  try {
    const text = await api.text(`/api/starling/v1/posts/${it.id}/proof`);
    fill(verdict, await judged(text, it));
  } catch (error) {
    fill(verdict, bad(error.message));
  }
}

function facts(it, place, held) {
  const name = bdi(it.account.display_name, { class: 'name' });
  return h('ul', { class: 'facts' },
    h('li', {}, icon('person'), h('p', {}, parts('verify.signed', { name }), ' ',
      keyChip(it.account) ?? h('span', { class: 'key' }, place.fingerprint.slice(4, 10)))),
    h('li', {}, icon('square'), h('p', {}, t('verify.place', {
      place: place.index + 1, size: place.size,
    }), ' ', h('span', { class: 'soft' }, t('verify.placeHelp')))),
    h('li', {}, icon('pen'), h('p', {}, t('verify.time', { date: date(place.time) }), ' ',
      h('span', { class: 'soft' }, t('verify.timeHelp')))),
    holders(held),
    place.forked_at === null ? null : h('li', { class: 'bad' }, icon('warning'),
      h('p', {}, t('verify.forked', { place: place.forked_at + 1 }))));
}

/** Which neighbours say that they hold it; nothing for who is not signed in. */
function holders(held) {
  if (!held) return null;
  return h('li', {}, icon('mesh'), h('div', {},
    h('p', {}, t('verify.holders', { count: held.holders.length })),
    held.holders.length ? h('ul', { class: 'soft' }, held.holders.slice(0, 20).map(
      (one) => h('li', {}, bdi(nodeName(one))))) : null));
}

function details(place) {
  const rows = [
    ['author', place.author], ['log', place.log], ['index', number(place.index)],
    ['size', number(place.size)], ['address', place.address], ['hash', place.content_address],
  ];
  return h('dl', { class: 'details' }, rows.filter(([, value]) => value).map(([name, value]) => [
    h('dt', {}, t(`verify.${name}`)), h('dd', { class: 'mono' }, value),
  ]));
}

async function download(it) {
  const proof = await api.blob(`/api/starling/v1/posts/${it.id}/proof`);
  const address = URL.createObjectURL(proof);
  h('a', { href: address, download: `post-${it.id}.tlog-proof` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

const good = (...words) => h('p', { class: 'verdict good' }, icon('check'), h('span', {}, words));
const bad = (words) => h('p', { class: 'verdict bad' }, icon('close'),
  h('span', {}, t('verify.doesNotHold'), ' ', words));

/** What node and browser, each by itself, say of a proof file. */
async function judged(text, it) {
  const [node, browser] = await Promise.all([
    api.post('/api/starling/v1/verify', { proof: text }),
    check(text).catch((error) => ({ error: error.message })),
  ]);
  if (!node.ok) return bad(t('verify.reason', { reason: node.error }));
  if (browser.error) return bad(t('verify.reason', { reason: browser.error }));
  const said = it.pleroma?.content?.['text/plain'];
  // The proof is of the first version.
  const isEdited = Boolean(it.edited_at);
  if (!isEdited && node.text !== null && said !== undefined && node.text !== said) {
    return bad(t('verify.otherText'));
  }
  return [
    good(t('verify.holds')),
    h('p', { class: 'soft small' },
      t(browser.isSigned ? 'verify.both' : 'verify.nodeOnly'), ' ',
      isEdited ? t('verify.firstVersion') : ''),
  ];
}

/** A field for a proof file that somebody was given, from wherever: what it proves. */
export function checker() {
  const result = h('div', { 'aria-live': 'polite', class: 'stack' });
  const input = h('input', {
    type: 'file', id: 'proof-file', class: 'unseen', accept: '.tlog-proof,text/plain',
    onchange: () => {
      if (input.files[0]) read(input.files[0]);
      input.value = '';
    },
  });
  const read = async (file) => {
    fill(result, h('p', { class: 'soft' }, t('verify.checking')));
    try {
      if (file.size > MOST_BYTES) throw new Error(t('verify.noProof'));
      fill(result, await report(await file.text()));
    } catch (error) {
      fill(result, bad(error.message));
    }
  };
  const label = h('label', { for: 'proof-file', class: 'drop' },
    icon('seal'), h('strong', {}, t('verify.drop')), h('span', { class: 'soft' }, t('verify.choose')));
  for (const name of ['dragover', 'drop', 'dragleave']) {
    label.addEventListener(name, (event) => {
      event.preventDefault();
      label.classList.toggle('is-over', name === 'dragover');
      if (name === 'drop' && event.dataTransfer.files[0]) read(event.dataTransfer.files[0]);
    });
  }
  return h('div', { class: 'stack' }, input, label, result);
}

async function report(text) {
  const [node, browser] = await Promise.all([
    api.post('/api/starling/v1/verify', { proof: text }),
    check(text).catch((error) => ({ error: error.message })),
  ]);
  if (!node.ok || browser.error) {
    return bad(t('verify.reason', { reason: node.error ?? browser.error }));
  }
  const who = await api.get('/api/v1/accounts/lookup', { acct: node.author }).catch(() => null);
  const name = bdi(who?.display_name ?? node.author, { class: 'name' });
  return [
    good(t('verify.holds')),
    h('p', {}, parts('verify.signed', { name }), ' ', who ? keyChip(who) : null),
    h('p', {}, t('verify.place', { place: node.index + 1, size: node.size })),
    node.text === null ? h('p', { class: 'soft' }, t('verify.noText'))
      : h('blockquote', { class: 'said', dir: 'auto' }, node.text),
    h('p', { class: 'soft small' }, t(browser.isSigned ? 'verify.both' : 'verify.nodeOnly')),
    h('details', {}, h('summary', {}, t('verify.details')), details(node)),
  ];
}
