// Whose posts this node keeps, and what that may take of the disk.

import * as api from '../../api.js';
import { fill, h } from '../../dom.js';
import { choice, field, form, group } from '../../parts/form.js';
import { head } from '../../parts/head.js';
import { toast } from '../../parts/toast.js';
import { date, number, t } from '../../text.js';

const POLICY = '/api/starling/v1/policy';
const GIGA = 2 ** 30;
const MEGA = 2 ** 20;

export async function show(params, root) {
  const [policy, status] = await Promise.all([api.get(POLICY), api.get('/api/starling/v1/status')]);
  const use = h('div', { class: 'stack' });
  fill(use, usage(policy));
  root.append(head(t('settings.storage.title')),
    h('div', { class: 'stack settings' },
      group(t('settings.storage.use'), use),
      policyForm(policy, (now) => fill(use, usage(now))),
      startGroup(status)));
}

// MARK: What it takes

function usage(policy) {
  const share = Math.min(1, policy.total / policy.budget);
  const dropped = policy.dropped.reduce((sum, one) => sum + one.bodies, 0);
  const last = Math.max(0, ...policy.dropped.map((one) => one.last));
  return [
    h('p', {}, t('settings.storage.used', {
      used: room(policy.total), budget: room(policy.budget),
    })),
    h('div', { class: 'meter', 'aria-hidden': 'true' },
      h('span', { class: 'meter-fill', '.style': `inline-size: ${Math.max(1, share * 100)}%` })),
    h('dl', { class: 'details' },
      pair('settings.storage.media', t('settings.storage.of', {
        used: room(policy.media), budget: room(policy.mediaShare),
      })),
      policy.diskFree === undefined ? null : pair('settings.storage.free', room(policy.diskFree)),
      pair('settings.storage.dropped', dropped ? t('settings.storage.droppedWords', {
        count: dropped, date: date(last, { dateStyle: 'medium' }),
      }) : t('settings.storage.nothing')),
      policy.refused.why ? pair('settings.storage.refused', policy.refused.why) : null,
      policy.hops.filter((hop) => hop.logs > 0).map((hop) => pair(`settings.storage.hop${hop.hop}`,
        t('settings.storage.hopWords', {
          count: hop.logs, bytes: room(hop.headers + hop.bodies),
        })))),
  ];
}

/** In the units of the fields below, which are those of the command line. */
function room(value) {
  const unit = value >= GIGA ? 'gib' : value >= MEGA ? 'mib' : 'kib';
  const size = value / { gib: GIGA, mib: MEGA, kib: 1024 }[unit];
  return t(`settings.storage.${unit}`, { size: number(+size.toFixed(size < 10 ? 1 : 0)) });
}

const pair = (key, value) => [h('dt', {}, t(key)), h('dd', {}, value)];

// MARK: What it may take

function policyForm(policy, done) {
  let mode = policy.policy;
  const depth = h('select', {}, [1, 2, 3].map((value) => h('option', {
    value, '.selected': value === (policy.depth ?? 2),
  }, t(`settings.storage.depth${value}`))));
  const budget = h('input', {
    type: 'number', min: 0.004, max: 1_000_000, step: 'any', required: true, inputmode: 'decimal',
    '.value': String(+(policy.budget / GIGA).toFixed(3)),
  });
  const quotas = policy.quotas.map((value, at) => h('input', {
    type: 'number', min: 0, step: 'any', inputmode: 'decimal',
    placeholder: t('settings.storage.auto'),
    '.value': value ? String(+(value / MEGA).toFixed(3)) : '',
  }));
  const depthField = field(t('settings.storage.depth'), depth);
  depthField.hidden = mode === 'everything';
  return form([
    group(t('settings.storage.whose'),
      choice(t('settings.storage.whoseWhich'), [
        ['everything', t('settings.storage.everything'), t('settings.storage.everythingHelp')],
        ['follows', t('settings.storage.follows'), t('settings.storage.followsHelp')],
      ], mode, (value) => {
        mode = value;
        depthField.hidden = mode === 'everything';
      }),
      depthField,
      field(t('settings.storage.budget'), budget, t('settings.storage.budgetHelp')),
      h('details', {},
        h('summary', {}, t('settings.storage.quotas')),
        h('div', { class: 'stack' },
          h('p', { class: 'soft small' }, t('settings.storage.quotasHelp')),
          quotas.map((input, at) => field(t(`settings.storage.quota${at + 1}`), input))))),
  ], t('action.save'), async () => {
    const now = await api.put(POLICY, {
      policy: mode, depth: Number(depth.value),
      budget: Math.round(Number(budget.value) * GIGA),
      quotas: quotas.map((input, at) => ({
        hop: at + 1, bytes: Math.round(Number(input.value || 0) * MEGA),
      })),
    });
    toast(t('settings.storage.saved'));
    done(now);
  });
}

// MARK: What holds from a start on

function startGroup(status) {
  const rows = [
    ['address', status.address, 'starling run --listen HOST:PORT'],
    ['web', location.origin, 'starling run --web HOST:PORT --web-name NAME'],
    ['network', status.network ?? t('settings.storage.public'), 'starling run --network-file FILE'],
    ['local', null, 'starling run --no-lan'],
    ['data', status.data, 'starling run --data DIR'],
  ];
  return group(t('settings.storage.start'), h('p', { class: 'soft' }, t('settings.storage.startWhat')),
    h('dl', { class: 'details starts' }, rows.map(([name, value, command]) => [
      h('dt', {}, t(`settings.storage.starts.${name}`)),
      h('dd', {}, value ? h('p', { class: 'mono small' }, value) : null,
        h('code', { class: 'small' }, command)),
    ])),
    h('p', { class: 'soft small' }, t('settings.storage.version', { version: status.version }), ' ',
      t('settings.storage.holds', { count: status.posts, people: number(status.people) })));
}
