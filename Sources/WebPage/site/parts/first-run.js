// Whether the first steps are still to be taken: who comes for the first time is led there once, and
// later a line at Home leads back until all is done or the reader does not want it.

import * as api from '../api.js';
import { go } from '../app.js';
import { h } from '../dom.js';
import { keep, kept, me } from '../state.js';
import { t } from '../text.js';

const SETUP = '/api/starling/v1/setup';
const name = () => `welcome.${me.get().id}`;
const openSteps = (setup) => setup.steps.filter((one) => one.state !== 'done').length;

/** What this browser knows of it: how many steps are left. So the line stands there at once. */
export function noteSteps(setup) {
  if (kept(name()) !== 'put') keep(name(), openSteps(setup));
}

/** Leads a newcomer to the first steps; true when it did. */
export async function leadIn() {
  if (kept(name()) !== null) return false;
  let setup;
  try {
    setup = await api.get(SETUP);
  } catch {
    // A token that was not given to this page: its owner knows the way.
    return false;
  }
  noteSteps(setup);
  const isNew = !setup.left && setup.steps.some((one) => one.state === 'open');
  if (isNew) go('/p/welcome', { replace: true });
  return isNew;
}

/** The line at Home, in a list; [] when nothing is left, or it is not wanted. */
export function firstStepsLine() {
  const count = kept(name());
  if (typeof count !== 'number' || count === 0) return [];
  const line = h('aside', { class: 'card first-steps', 'aria-label': t('welcome.title') },
    h('p', { class: 'grow' }, t('welcome.banner', { count })),
    h('a', { class: 'button small', href: '/p/welcome' }, t('welcome.bannerOpen')),
    h('button', {
      type: 'button', class: 'link soft small', onclick: () => {
        keep(name(), 'put');
        line.remove();
      },
    }, t('welcome.bannerPut')));
  // For the next time: what is done meanwhile, here or elsewhere.
  api.get(SETUP).then(noteSteps).catch(() => {});
  return [line];
}
