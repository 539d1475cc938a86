// Home: what the people whom one follows wrote, in the order that one chose.

import * as api from '../api.js';
import { again } from '../app.js';
import { fill, h } from '../dom.js';
import { events, keep, kept, me } from '../state.js';
import { has, t } from '../text.js';
import { firstStepsLine, leadIn } from '../parts/first-run.js';
import { prompt } from '../parts/prompt.js';
import { timeline } from '../parts/timeline.js';

/** The recipe of time, whose order needs no weighing. */
const LATEST = '1';

export async function show(params, root) {
  if (await leadIn()) return undefined;
  const chosen = kept(`order.${me.get().id}`, LATEST);
  const orders = h('div', { class: 'orders', role: 'radiogroup', 'aria-label': t('home.order') });
  const about = h('p', { class: 'soft small order-words' });
  root.append(
    h('h1', { class: 'unseen' }, t('home.title')),
    ...firstStepsLine(),
    prompt(),
    h('div', { class: 'order-bar' }, orders, about));
  const choices = Promise.all([api.get('/api/v1/lists'), api.get('/api/starling/v1/recipes')]);
  const isKnown = chosen === LATEST || (await choices)[0].some((one) => one.id === chosen);
  const order = isKnown ? chosen : LATEST;
  const list = order === LATEST ? newest()
    : ranked(order, (await choices)[1].some((one) => one.id === order));
  root.append(list.node);
  await Promise.all([
    list.begin().then(() => performance.mark('starling:posts')),
    choices.then(([all, known]) => drawOrders(orders, about, all, known, order)),
  ]);
  const stop = events.listen(({ event }) => {
    if (event === 'open' && order === LATEST) catchUp(list);
  });
  return () => {
    stop();
    list.end();
  };
}

/** After the stream was away: what came meanwhile. */
async function catchUp(list) {
  const newest = list.newest();
  if (!newest) return;
  const found = await api.get('/api/v1/timelines/home', { since_id: newest, limit: 40 })
    .catch(() => []);
  for (const status of found.reverse()) events.send({ event: 'update', payload: status });
}

function newest() {
  return timeline(api.pages('/api/v1/timelines/home', { limit: 20 }), {
    takes: () => true, takesOwn: () => true, recipe: LATEST, empty: empty(), anew: again,
  });
}

/** A recipe's order, or a list of people. */
function ranked(id, isRecipe) {
  return timeline(isRecipe ? counted(id) : api.pages(`/api/v1/timelines/list/${id}`), {
    isRanked: true, takes: () => true, takesOwn: () => true, recipe: id, empty: empty(),
    anew: again,
  });
}

/** The pages of a recipe's order, which are counted. */
function counted(id) {
  let offset = 0;
  return {
    get isOver() {
      return offset === null;
    },
    async next() {
      const found = await api.get(`/api/v1/timelines/list/${id}`, { limit: 40, offset });
      offset = found.length < 40 ? null : offset + 40;
      return found;
    },
  };
}

function drawOrders(orders, about, lists, recipes, chosen) {
  const known = new Map(recipes.map((one) => [one.id, one]));
  // Recipes first, and among them that of time.
  const sorted = [...lists].sort((a, b) => Number(known.has(b.id)) - Number(known.has(a.id)));
  fill(orders, sorted.map((list) => {
    const recipe = known.get(list.id);
    const isOn = list.id === chosen;
    if (isOn) about.textContent = recipe ? words(recipe, 'about') : t('home.people');
    return h('button', {
      type: 'button', role: 'radio', 'aria-checked': String(isOn), tabindex: isOn ? '0' : '-1',
      class: 'order', data: { order: list.id },
      onclick: () => {
        keep(`order.${me.get().id}`, list.id);
        if (!isOn) again();
      },
    }, recipe ? words(recipe, 'name') : list.title);
  }));
  orders.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...orders.children];
    const at = all.indexOf(document.activeElement);
    all[(at + step + all.length) % all.length].focus();
  });
}

/** What every node has is named in the reader's language; others are as their authors wrote. */
export function words(recipe, what) {
  const key = `recipe.${recipe.name.replaceAll(' ', '-')}.${what}`;
  if (has(key)) return t(key);
  return what === 'name' ? recipe.name : recipe.description ?? '';
}

function empty() {
  return h('div', { class: 'empty' },
    h('img', { src: '/starling.svg', alt: '', width: 72, height: 72 }),
    h('h2', {}, t('home.emptyTitle')),
    h('p', {}, t('home.empty')),
    h('p', { class: 'row' },
      h('a', { class: 'button', href: '/p/welcome' }, t('home.begin')),
      h('a', { class: 'button quiet', href: '/p/square' }, t('frame.square'))));
}
