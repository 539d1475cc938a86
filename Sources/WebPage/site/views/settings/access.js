// Who may use this node: its password, and the apps that were let in.

import * as api from '../../api.js';
import { renew } from '../../app.js';
import { bdi, fill, h } from '../../dom.js';
import { confirm } from '../../parts/dialog.js';
import { acting, check, field, form, group } from '../../parts/form.js';
import { head } from '../../parts/head.js';
import { toast } from '../../parts/toast.js';
import { leave, me } from '../../state.js';
import { date, t } from '../../text.js';

const APPS = '/api/starling/v1/apps';

export async function show(params, root) {
  const list = h('ul', { class: 'lines' });
  const none = h('p', { class: 'soft' }, t('settings.access.noApps'));
  const draw = async () => {
    const apps = await api.get(APPS);
    none.hidden = apps.some((one) => !one.page);
    fill(list, apps.map((one) => line(one, draw)));
  };
  await draw();
  root.append(head(t('settings.access.title')),
    h('div', { class: 'stack settings' },
      group(t('settings.access.apps'), h('p', { class: 'soft' }, t('settings.access.appsWhat')),
        list, none),
      passwordGroup(draw),
      group(t('settings.access.here'), h('p', { class: 'soft' }, t('settings.access.hereWhat')),
        h('p', {}, acting(t('frame.out'), async () => {
          const session = me.get();
          await api.post('/api/starling/v1/logout', {});
          leave(session.id);
          renew();
        })))));
}

function line(app, draw) {
  const name = app.page ? t('settings.access.page') : app.name;
  const others = app.page ? app.sessions - 1 : 1;
  const end = acting(app.page ? t('settings.access.endOthers') : t('settings.access.end'),
    async () => {
      const words = app.page ? t('settings.access.endOthersWords')
        : t('settings.access.endWords', { name });
      if (!await confirm(t('settings.access.endTitle', { name }), words,
        { yes: t('settings.access.end') })) return;
      await api.del(`${APPS}/${app.id}`);
      toast(t('settings.access.ended', { name }));
      await draw();
    }, app.page ? {} : { 'aria-label': t('settings.access.endName', { name }) });
  return h('li', { class: 'line' },
    h('div', { class: 'grow' },
      h('p', { class: 'line-title' }, bdi(name)),
      h('p', { class: 'soft small' },
        app.page ? t('settings.access.browsers', { count: app.sessions })
          : t('settings.access.mayDo', { what: may(app.scopes) })),
      h('p', { class: 'soft small' }, t('settings.access.lastUsed', {
        names: app.accounts.join(', '),
        date: date(`${app.last_used_on}T12:00:00`, { dateStyle: 'medium' }),
      }))),
    others > 0 ? end : null);
}

/** What an app was let in for, as far as people tell it apart. */
function may(scopes) {
  const isOf = (name) => scopes.some((one) => one === name || one.startsWith(`${name}:`));
  const may = [];
  if (isOf('read')) may.push(t('settings.access.read'));
  if (isOf('write') || isOf('follow')) may.push(t('settings.access.write'));
  return may.join(', ') || t('settings.access.nothing');
}

function passwordGroup(draw) {
  const current = h('input', { type: 'password', required: true, autocomplete: 'current-password' });
  const next = h('input', {
    type: 'password', required: true, minlength: 10, autocomplete: 'new-password',
  });
  const again = h('input', { type: 'password', required: true, autocomplete: 'new-password' });
  const keep = check(t('settings.access.keep'), false);
  const same = () => {
    again.setCustomValidity(again.value === next.value ? '' : t('settings.access.notSame'));
  };
  next.addEventListener('input', same);
  again.addEventListener('input', same);
  const change = form([
    // Password managers want to know whose it is.
    h('input', {
      type: 'text', name: 'username', autocomplete: 'username', hidden: true, '.value': me.get().acct,
    }),
    field(t('settings.access.current'), current, t('settings.access.currentHelp')),
    field(t('settings.access.next'), next, t('settings.access.nextHelp')),
    field(t('settings.access.again'), again), keep.node,
  ], t('settings.access.set'), async () => {
    await api.put('/api/starling/v1/password', {
      current: current.value, password: next.value, keep_sessions: keep.box.checked,
    });
    change.reset();
    toast(t('settings.access.isSet'));
    await draw();
  });
  return group(t('settings.access.password'), h('p', { class: 'soft' }, t('settings.access.passwordWhat')),
    change);
}
