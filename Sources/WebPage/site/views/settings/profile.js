// How others see the reader: signed, and public.

import * as api from '../../api.js';
import { fill, h } from '../../dom.js';
import { check, field, form, group } from '../../parts/form.js';
import { head } from '../../parts/head.js';
import { avatar, personPath } from '../../parts/person.js';
import { toast } from '../../parts/toast.js';
import { me, remember } from '../../state.js';
import { t } from '../../text.js';

const PICTURES = 'image/png,image/jpeg,image/webp,image/gif';

export async function show(params, root) {
  const account = await api.get('/api/v1/accounts/verify_credentials');
  const person = await api.get(`/api/starling/v1/accounts/${account.id}`);
  const name = h('input', {
    '.value': account.display_name, maxlength: 64, required: true, autocomplete: 'nickname',
  });
  const bio = h('textarea', { rows: 4, '.value': person.bio });
  const picture = pictureField(t('settings.profile.picture'), account, 'avatar');
  const header = pictureField(t('settings.profile.header'), account, 'header');
  const links = rows(person.links.map((one) => [one.label, one.uri]), {
    labels: [t('settings.profile.linkName'), t('settings.profile.linkAddress')],
    add: t('settings.profile.linkAdd'), most: 8, holder: ['', 'https://'],
  });
  const tips = rows(person.tips.map((one) => [one]), {
    labels: [t('settings.profile.tip')], add: t('settings.profile.tipAdd'), most: 8,
    holder: ['bitcoin:…'],
  });
  const save = async () => {
    await picture.remove();
    await header.remove();
    const data = new FormData();
    data.append('display_name', name.value.trim());
    data.append('note', bio.value);
    if (picture.file) data.append('avatar', picture.file);
    if (header.file) data.append('header', header.file);
    const fields = [
      ...links.values.map(([label, uri]) => [label || uri, uri]),
      ...tips.values.map(([uri]) => ['tip', uri]),
    ].filter(([, value]) => value);
    // One without words stands for none: the list as a whole is replaced.
    (fields.length ? fields : [['', '']]).forEach(([label, value], at) => {
      data.append(`fields_attributes[${at}][name]`, label);
      data.append(`fields_attributes[${at}][value]`, value);
    });
    const changed = await api.upload('/api/v1/accounts/update_credentials', data, {
      method: 'PATCH',
    });
    remember(changed);
    for (const shown of document.querySelectorAll('.self img')) shown.src = changed.avatar;
    toast(t('settings.profile.saved'));
  };
  root.append(head(t('settings.profile.title')),
    form([
      group(t('settings.profile.you'),
        field(t('settings.profile.name'), name, t('settings.profile.nameHelp')),
        field(t('settings.profile.bio'), bio), picture.node, header.node),
      group(t('settings.profile.links'), links.node),
      group(t('settings.profile.tips'), h('p', { class: 'soft' }, t('settings.profile.tipsHelp')),
        tips.node),
      h('p', { class: 'soft small' }, t('settings.profile.public')),
    ], t('settings.profile.save'), save, { class: 'stack settings' }),
    h('p', { class: 'settings' }, h('a', {
      class: 'button quiet small', href: personPath(account),
    }, t('frame.profile'))));
}

/** A picture, which can be chosen, or taken away. */
function pictureField(label, account, kind) {
  const shown = kind === 'avatar' ? avatar(account, 72)
    : h('img', { class: 'header-shown', src: account.header_static, alt: '', height: 72 });
  const input = h('input', { type: 'file', accept: PICTURES });
  const gone = check(t('settings.profile.pictureGone'), false);
  let made = null;
  input.addEventListener('change', () => {
    if (made) URL.revokeObjectURL(made);
    const [file] = input.files;
    made = file ? URL.createObjectURL(file) : null;
    shown.src = made ?? account[`${kind}_static`];
    gone.box.checked = false;
  });
  return {
    node: h('div', { class: 'row picture-row' }, shown,
      h('div', { class: 'grow' }, field(label, input), gone.node)),
    get file() {
      return gone.box.checked ? null : input.files[0];
    },
    async remove() {
      if (gone.box.checked) await api.del(`/api/v1/profile/${kind}`);
      gone.box.checked = false;
    },
  };
}

/** Lines of one or two fields, which can be added and taken away. */
function rows(given, { labels, add, most, holder }) {
  const list = h('ul', { class: 'stack rows' });
  const more = h('button', {
    type: 'button', class: 'button quiet small', onclick: () => {
      list.append(row(labels.map(() => '')));
      list.lastElementChild.querySelector('input').focus();
      count();
    },
  }, add);
  const count = () => {
    more.hidden = list.childElementCount >= most;
  };
  const row = (values) => {
    const node = h('li', { class: 'row' },
      labels.map((label, at) => h('input', {
        '.value': values[at], 'aria-label': label, placeholder: holder[at] || label,
        class: 'grow', spellcheck: 'false', autocapitalize: 'none',
      })),
      h('button', {
        type: 'button', class: 'button quiet small', onclick: () => {
          node.remove();
          count();
          more.focus();
        },
      }, t('action.remove')));
    return node;
  };
  fill(list, given.map(row));
  count();
  return {
    node: h('div', { class: 'stack' }, list, h('div', { class: 'row' }, more)),
    get values() {
      return [...list.children].map((one) => (
        [...one.querySelectorAll('input')].map((input) => input.value.trim())));
    },
  };
}
