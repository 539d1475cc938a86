// The people for whom this node writes, and their devices.

import * as api from '../../api.js';
import { renew } from '../../app.js';
import { bdi, fill, h } from '../../dom.js';
import { dialog } from '../../parts/dialog.js';
import { acting, check, field, form, group } from '../../parts/form.js';
import { head } from '../../parts/head.js';
import { avatar } from '../../parts/person.js';
import { toast } from '../../parts/toast.js';
import { enter, sessions } from '../../state.js';
import { date, number, parts, t } from '../../text.js';

const PEOPLE = '/api/starling/v1/identities';

export async function show(params, root) {
  const list = h('div', { class: 'stack' });
  const draw = async () => {
    const people = await api.get(PEOPLE);
    fill(list, await Promise.all(people.map((one) => card(one, draw))));
  };
  await draw();
  root.append(head(t('settings.people.title')),
    h('div', { class: 'stack settings' },
      h('p', {}, t('settings.people.what')), list,
      group(t('settings.people.create'), h('p', { class: 'soft' }, t('settings.people.createWhat')),
        createForm())));
}

async function card(one, draw) {
  const person = await api.get(`/api/starling/v1/accounts/${one.id}`);
  return h('section', { class: 'card', 'aria-label': one.name },
    h('div', { class: 'row' }, avatar(one.account, 48),
      h('div', { class: 'grow' },
        h('h2', {}, bdi(one.account.display_name)),
        h('p', { class: 'soft small' }, t('settings.people.here', { name: one.name }))),
      one.current ? h('span', { class: 'badge' }, t('settings.people.current'))
        : acting(t('settings.people.switch'), () => become(one, '/'))),
    one.state === 'writable' ? null
      : h('p', { class: 'note' }, t('settings.people.readOnly', { why: one.state ?? '' })),
    h('h3', {}, t('settings.people.devices')),
    deviceList(person.devices, (device) => revoke(one, device, draw)),
    h('div', { class: 'row' },
      h('button', { type: 'button', class: 'button quiet small', onclick: () => rename(one, draw) },
        t('settings.people.rename')),
      h('button', { type: 'button', class: 'button quiet small', onclick: () => renewKey(one, draw) },
        t('settings.people.newDevice'))));
}

/** Devices as lines; `act` is what can be done with those that still count and are elsewhere. */
export function deviceList(devices, act) {
  return h('ul', { class: 'lines' }, devices.map((device) => h('li', { class: 'line' },
    h('div', { class: 'grow' },
      h('p', { class: 'mono small' }, device.fingerprint,
        device.here ? h('span', { class: 'badge' }, t('settings.people.thisNode')) : null),
      h('p', { class: 'soft small' },
        device.since ? t('settings.people.since', {
          date: date(device.since, { dateStyle: 'medium' }) }) : null, ' · ',
        t('settings.people.entries', { count: device.entries }),
        device.revoked_from === null ? null
          : ` · ${t('settings.people.revoked', { from: number(device.revoked_from) })}`,
        device.forked_at === null ? null : ` · ${t('settings.people.forked')}`)),
    act && !device.here && device.revoked_from === null ? h('button', {
      type: 'button', class: 'button quiet small', onclick: () => act(device),
    }, t('settings.people.revoke')) : null)));
}

/** Goes on as another of the node's people, without the password. */
async function become(one, path) {
  const known = sessions.get().find((other) => other.id === one.id);
  const given = known ? await api.session(known.token).catch(() => null) : null;
  enter(given ?? await api.session(
    (await api.post(`${PEOPLE}/${one.id}/token`, {})).access_token));
  history.pushState({ key: crypto.randomUUID() }, '', path);
  renew();
}

function createForm() {
  const name = h('input', { required: true, maxlength: 64, autocomplete: 'off' });
  return form([field(t('settings.people.name'), name, t('settings.people.nameHelp'))],
    t('settings.people.make'), async () => {
      const made = await api.post(PEOPLE, { name: name.value.trim() });
      toast(t('settings.people.made', { name: made.name }));
      await become(made, '/p/welcome');
    });
}

function rename(one, draw) {
  const name = h('input', { required: true, maxlength: 64, '.value': one.name });
  const open = dialog(t('settings.people.rename'), form([
    field(t('settings.people.name'), name, t('settings.people.renameHelp')),
  ], t('action.save'), async () => {
    await api.patch(`${PEOPLE}/${one.id}`, { name: name.value.trim() });
    open.close();
    await draw();
  }));
}

// MARK: What needs the recovery words

function wordsField() {
  return h('textarea', {
    rows: 4, required: true, autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false',
    class: 'mono',
  });
}

function renewKey(one, draw) {
  const words = wordsField();
  const alone = check(t('settings.people.alone'), false);
  const open = dialog(t('settings.people.newDevice'), [
    h('p', {}, t('settings.people.newDeviceWhat')),
    form([
      field(t('settings.people.words'), words, t('settings.people.wordsHelp')), alone.node,
    ], t('settings.people.newDevice'), async () => {
      await api.post(`${PEOPLE}/${one.id}/devices`, {
        words: words.value, alone: alone.box.checked,
      });
      words.value = '';
      open.close();
      toast(t('settings.people.newDeviceDone'));
      await draw();
    }),
  ]);
}

function revoke(one, device, draw) {
  const words = wordsField();
  const from = h('input', {
    type: 'number', min: 0, max: device.entries, step: 1, required: true,
    '.value': String(device.entries),
  });
  const alone = check(t('settings.people.alone'), false);
  const open = dialog(t('settings.people.revoke'), [
    h('p', {}, parts('settings.people.revokeWhat', {
      device: h('span', { class: 'mono' }, device.fingerprint),
    })),
    form([
      field(t('settings.people.from'), from, t('settings.people.fromHelp')),
      field(t('settings.people.words'), words, t('settings.people.wordsHelp')), alone.node,
    ], t('settings.people.revoke'), async () => {
      await api.post(`${PEOPLE}/${one.id}/revocations`, {
        words: words.value, device: device.log, from: Number(from.value),
        alone: alone.box.checked,
      });
      words.value = '';
      open.close();
      toast(t('settings.people.revokeDone'));
      await draw();
    }),
  ]);
}

