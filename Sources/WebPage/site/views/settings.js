// Settings: what there is to set, and the page of each.

import { h } from '../dom.js';
import { head } from '../parts/head.js';
import { icon } from '../parts/icons.js';
import { sheet } from '../parts/sheet.js';
import { t } from '../text.js';

const sections = {
  profile: ['person', () => import('./settings/profile.js')],
  look: ['eye', () => import('./settings/look.js')],
  orders: ['square', () => import('./settings/orders.js')],
  hidden: ['mute', () => import('./settings/hidden.js')],
  people: ['keys', () => import('./settings/people.js')],
  access: ['seal', () => import('./settings/access.js')],
  storage: ['file', () => import('./settings/storage.js')],
  moving: ['down', () => import('./settings/moving.js')],
};

export async function show(params, root) {
  await sheet('/style/settings.css');
  const found = sections[params.section];
  if (found) {
    const part = await found[1]();
    return part.show(params, root);
  }
  root.append(head(t('settings.title')),
    h('ul', { class: 'sheet settings-list' }, Object.entries(sections).map(([name, [sign]]) => (
      h('li', {}, h('a', { href: `/p/settings/${name}` },
        icon(sign),
        h('span', { class: 'grow' },
          h('strong', {}, t(`settings.${name}.title`)),
          h('span', { class: 'soft small block' }, t(`settings.${name}.about`)))))))));
  return undefined;
}
