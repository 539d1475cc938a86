// Orders of home ("recipes"): whole numbers for what counts, nothing that guesses.

import * as api from '../../api.js';
import { go } from '../../app.js';
import { bdi, fill, h } from '../../dom.js';
import { confirm } from '../../parts/dialog.js';
import { acting, field, form, group } from '../../parts/form.js';
import { head } from '../../parts/head.js';
import { personLink, personRow } from '../../parts/person.js';
import { rich } from '../../parts/rich.js';
import { toast } from '../../parts/toast.js';
import { keep, kept, me } from '../../state.js';
import { has, number, parts, t } from '../../text.js';
import { words } from '../home.js';

const RECIPES = '/api/starling/v1/recipes';

export function show(params, root) {
  return params.item ? edit(params, root) : list(root);
}

// MARK: All of them

async function list(root) {
  const [recipes, weights] = await Promise.all([
    api.get(RECIPES), api.get('/api/starling/v1/weights'),
  ]);
  const of = (fits) => recipes.filter(fits);
  root.append(head(t('settings.orders.title')),
    h('div', { class: 'stack settings' },
      h('p', {}, t('settings.orders.what')),
      h('p', {}, h('a', { class: 'button', href: '/p/settings/orders/new' },
        t('settings.orders.new'))),
      part(t('settings.orders.own'), of((one) => one.own)),
      part(t('settings.orders.others'), of((one) => !one.own && one.publisher)),
      part(t('settings.orders.shipped'), of((one) => !one.publisher)),
      group(t('settings.orders.weights'),
        h('p', { class: 'soft' }, t('settings.orders.weightsWhat')),
        weights.length ? h('ul', {}, weights.map((one) => (
          personRow(one.account, h('span', { class: 'weight' }, signed(one.weight))))))
          : h('p', { class: 'soft' }, t('settings.orders.weightsNone')))));
}

function part(title, recipes) {
  return recipes.length ? group(title, h('ul', { class: 'lines' }, recipes.map(line))) : null;
}

function line(recipe) {
  const anew = () => go('/p/settings/orders', { replace: true });
  const name = recipe.gone ? t('settings.orders.gone') : words(recipe, 'name');
  const leave = acting(recipe.own ? t('settings.orders.retract') : t('settings.orders.leave'),
    async () => {
      if (recipe.own && !await confirm(t('settings.orders.retractTitle', { name }),
        t('settings.orders.retractWords'), { yes: t('settings.orders.retract') })) return;
      await api.del(`${RECIPES}/${recipe.id}`);
      const chosen = `order.${me.get().id}`;
      if (kept(chosen) === recipe.id) keep(chosen, null);
      await anew();
    });
  return h('li', { class: 'line' },
    h('div', { class: 'grow' },
      h('p', { class: 'line-title' }, bdi(name)),
      recipe.publisher && !recipe.own
        ? h('p', { class: 'soft small' }, parts('settings.orders.by', {
          name: personLink({ ...recipe.publisher, display_name: recipe.publisher.username }),
        })) : null,
      h('p', { class: 'soft small' }, bdi(words(recipe, 'about'))),
      h('p', { class: 'soft small' }, sum(recipe.weights))),
    h('div', { class: 'row' },
      recipe.own ? h('a', {
        class: 'button quiet small', href: `/p/settings/orders/${recipe.id}`,
      }, t('settings.orders.edit')) : null,
      recipe.gone ? null : h('a', {
        class: 'button quiet small', href: `/p/settings/orders/new?from=${recipe.id}`,
      }, t('settings.orders.copy')),
      recipe.newer && !recipe.own ? acting(t('settings.orders.newer'), async () => {
        await api.post(`/api/starling/v1/accounts/${recipe.publisher.id}/recipes`,
          { address: recipe.newer });
        await anew();
      }) : null,
      recipe.publisher ? leave : null));
}

/** What a recipe weighs, on one line. */
function sum(weights) {
  return weights.map((one) => `${feature(one.feature)} × ${number(one.weight)}`).join(' · ');
}

const feature = (name) => (has(`feature.${name}`) ? t(`feature.${name}`) : name);
const signed = (value) => (value > 0 ? `+${number(value)}` : number(value));

// MARK: The editor

/** Steps of a weight: small ones where it is small. */
const STEPS = [0, 1, 2, 5, 10, 20, 30, 60, 120, 240, 360, 720, 1440, 2880, 10_000];
const MOST = 1_000_000;

async function edit({ item, query }, root) {
  const [features, recipes] = await Promise.all([
    api.get('/api/starling/v1/features'), api.get(RECIPES),
  ]);
  const isNew = item === 'new';
  const old = recipes.find((one) => one.id === (isNew ? query.get('from') : item));
  if (!isNew && !old?.own) return go('/p/settings/orders', { replace: true });
  const name = h('input', {
    '.value': isNew ? '' : old.name, required: true, maxlength: 64,
  });
  const about = h('input', { '.value': isNew ? '' : old.description ?? '', maxlength: 500 });
  const preview = shownPreview();
  const weights = features.map((one) => weightField(
    one, old?.weights.find((other) => other.feature === one)?.weight
      ?? (one === 'age' && !old ? -1 : 0), () => preview.draw(all())));
  const all = () => weights.map((one) => one.value).filter((one) => one.weight !== 0);
  const save = async () => {
    const body = { name: name.value.trim(), description: about.value.trim(), weights: all() };
    const saved = isNew ? await api.post(RECIPES, body)
      : await api.put(`${RECIPES}/${old.id}`, body);
    const chosen = `order.${me.get().id}`;
    if (isNew || kept(chosen) === old.id) keep(chosen, saved.id);
    toast(t(isNew ? 'settings.orders.savedNew' : 'settings.orders.saved', { name: saved.name }));
    await go('/p/settings/orders');
  };
  root.classList.add('wide');
  root.append(head(isNew ? t('settings.orders.new') : t('settings.orders.editTitle')),
    h('div', { class: 'settings editor' },
      form([
        group(t('settings.orders.called'),
          field(t('settings.orders.name'), name), field(t('settings.orders.words'), about)),
        group(t('settings.orders.counts'),
          h('p', { class: 'soft' }, t('settings.orders.countsHelp')),
          h('ul', { class: 'weights' }, weights.map((one) => one.node))),
        h('p', { class: 'soft small' }, t('settings.orders.signed')),
      ], t(isNew ? 'settings.orders.publish' : 'settings.orders.save'), save),
      preview.node));
  preview.draw(all());
  return preview.end;
}

function weightField(name, value, changed) {
  const input = h('input', {
    type: 'number', inputmode: 'numeric', step: 1, min: -MOST, max: MOST, '.value': String(value),
    'aria-label': feature(name), oninput: changed,
  });
  const step = (direction) => {
    const now = Math.trunc(Number(input.value) || 0) * direction;
    const next = now >= 0 ? STEPS.find((one) => one > now) ?? now * 2
      : -(STEPS.findLast((one) => one < -now) ?? 0);
    input.value = String(Math.max(-MOST, Math.min(MOST, next * direction)) || 0);
    changed();
  };
  return {
    get value() {
      const weight = Math.trunc(Number(input.value) || 0);
      return { feature: name, weight: Math.max(-MOST, Math.min(MOST, weight)) };
    },
    node: h('li', { class: 'weight-row' },
      h('span', { class: 'grow' }, feature(name),
        has(`settings.orders.help.${name}`)
          ? h('span', { class: 'soft small block' }, t(`settings.orders.help.${name}`)) : null),
      h('span', { class: 'stepper' },
        h('button', {
          type: 'button', class: 'round', onclick: () => step(-1),
          'aria-label': t('settings.orders.less', { name: feature(name) }),
        }, '−'),
        input,
        h('button', {
          type: 'button', class: 'round', onclick: () => step(1),
          'aria-label': t('settings.orders.more', { name: feature(name) }),
        }, '+'))),
  };
}

/** The newest posts as the weights would order them, a moment after each change. */
function shownPreview() {
  const posts = h('ol', { class: 'preview', 'aria-busy': 'true' });
  const note = h('p', { class: 'soft', role: 'status' });
  let timer = null;
  let last = 0;
  const look = async (weights) => {
    const mine = ++last;
    if (!weights.length) {
      fill(posts);
      note.textContent = t('settings.orders.nothing');
      return;
    }
    try {
      const found = await api.post(`${RECIPES}/preview?limit=12`, { weights });
      if (mine !== last) return;
      note.textContent = found.length ? '' : t('settings.orders.empty');
      const open = new Set([...posts.querySelectorAll('details[open]')]
        .map((one) => one.dataset.id));
      fill(posts, found.map((one) => previewed(one, open.has(one.status.id))));
    } catch (error) {
      if (mine === last) note.textContent = error.message;
    }
    posts.setAttribute('aria-busy', 'false');
  };
  return {
    node: group(t('settings.orders.preview'),
      h('p', { class: 'soft' }, t('settings.orders.previewHelp')), note, posts),
    draw(weights) {
      clearTimeout(timer);
      posts.setAttribute('aria-busy', 'true');
      timer = setTimeout(look, 250, weights);
    },
    end: () => clearTimeout(timer),
  };
}

function previewed(place, isOpen) {
  const status = place.status.reblog ?? place.status;
  const text = rich(status.content).map((one) => one.textContent).join(' ');
  return h('li', {},
    h('details', { data: { id: place.status.id }, '.open': isOpen },
      h('summary', {},
        h('span', { class: 'grow' },
          h('span', { class: 'preview-name' }, bdi(status.account.display_name)),
          h('span', { class: 'preview-text', dir: 'auto' },
            text || t('post.media', { count: status.media_attachments.length }))),
        h('strong', { class: 'score' }, number(place.score))),
      h('table', { class: 'terms' },
        h('thead', {}, h('tr', {}, ['feature', 'value', 'weight', 'product'].map((one) => (
          h('th', { scope: 'col' }, t(`explain.${one}`)))))),
        h('tbody', {}, place.terms.map((term) => h('tr', {},
          h('th', { scope: 'row' }, feature(term.feature)),
          h('td', {}, number(term.value)), h('td', {}, `× ${number(term.weight)}`),
          h('td', {}, number(term.product))))))));
}
