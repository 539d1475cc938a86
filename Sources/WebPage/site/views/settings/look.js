// Language, colours, keys: what this browser keeps for itself.

import { h } from '../../dom.js';
import { check, choice, group } from '../../parts/form.js';
import { head } from '../../parts/head.js';
import * as theme from '../../parts/theme.js';
import { keep, kept } from '../../state.js';
import { choose, languages, t } from '../../text.js';

export async function show(params, root) {
  const chosen = localStorage.getItem('starling.language');
  const keys = check(t('keys.off'), kept('keys', true) !== false, (isOn) => keep('keys', isOn));
  root.append(head(t('settings.look.title')),
    h('div', { class: 'stack settings' },
      group(t('settings.look.language'),
        choice(t('settings.look.languageWhich'), [
          [null, t('settings.look.browser')],
          ...Object.entries(languages).map(([code, name]) => [
            code, h('span', { lang: code }, name)]),
        ], chosen in languages ? chosen : null, choose)),
      group(t('settings.look.colours'),
        choice(t('settings.look.coloursWhich'), [
          [null, t('settings.look.system')], ['light', t('settings.look.light')],
          ['dark', t('settings.look.dark')],
        ], theme.chosen(), theme.choose)),
      group(t('keys.title'), keys.node,
        h('p', {}, h('button', {
          type: 'button', class: 'link',
          onclick: () => import('../../parts/keys.js').then((part) => part.help()),
        }, t('settings.look.keysAll')))),
      h('p', { class: 'soft small' }, t('settings.look.here'))));
}
