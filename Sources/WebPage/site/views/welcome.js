// The first steps: a name, the recovery words, neighbours, people, a first post. Each can be passed
// over, and the whole be left and taken up again.

import * as api from '../api.js';
import { go } from '../app.js';
import { fill, h } from '../dom.js';
import { noteSteps } from '../parts/first-run.js';
import { steps } from '../parts/first-steps.js';
import { icon } from '../parts/icons.js';
import { sheet } from '../parts/sheet.js';
import { tell } from '../parts/toast.js';
import { t } from '../text.js';

const SETUP = '/api/starling/v1/setup';
const ORDER = ['name', 'words', 'neighbours', 'follows', 'post'];

export async function show(params, root) {
  await sheet('/style/mesh.css');
  root.classList.add('first-run');
  let setup = await api.get(SETUP);
  let end = null;
  const list = h('ol', { class: 'steps' });
  const place = h('div', { class: 'stack' });
  root.append(
    h('div', { class: 'head' },
      h('h1', {}, t('welcome.title')),
      h('button', { type: 'button', class: 'link soft', onclick: () => leave('/') },
        t('welcome.later'))),
    h('nav', { 'aria-label': t('welcome.steps') }, list), place);

  const state = (name) => setup.steps.find((one) => one.name === name)?.state ?? 'open';
  const change = async (body) => {
    setup = await api.patch(SETUP, body);
  };
  // Who leaves is not led here again; the way back is at Home.
  const leave = async (path) => {
    await change({ left: true }).catch(() => {});
    noteSteps(setup);
    go(path, { replace: true });
  };

  const drawList = (current) => {
    fill(list, ORDER.map((name, at) => {
      const isDone = state(name) === 'done';
      return h('li', {},
        h('button', {
          type: 'button', class: `step ${isDone ? 'is-done' : ''}`,
          'aria-current': name === current ? 'step' : null, onclick: async () => {
            // What came by itself meanwhile: a neighbour, somebody to follow.
            setup = await api.get(SETUP).catch(() => setup);
            open(name);
          },
        },
        h('span', { class: 'step-sign', 'aria-hidden': 'true' }, isDone ? icon('check') : at + 1),
        h('span', { class: 'step-name' }, t(`welcome.${name}.short`)),
        isDone ? h('span', { class: 'unseen' }, t('welcome.done')) : null));
    }));
  };

  const open = async (name) => {
    end?.();
    end = null;
    drawList(name);
    const card = h('section', { class: 'card welcome', 'aria-labelledby': 'welcome-step' });
    fill(place, card);
    const heading = h('h2', { id: 'welcome-step', tabindex: '-1' }, t(`welcome.${name}.title`));
    card.append(heading);
    const finish = async (how) => {
      try {
        if (how === 'skipped') await change({ step: name, state: 'skipped' });
        else if (how === 'noted') await change({ step: name, state: 'done' });
        else setup = await api.get(SETUP);
      } catch (error) {
        return tell(error);
      }
      return next(name);
    };
    try {
      end = await steps[name](card, { setup, finish, isDone: state(name) === 'done' });
    } catch (error) {
      card.append(h('p', { class: 'bad-words', role: 'alert' }, error.message));
    }
    return heading;
  };

  // What is left behind this one, else what was left before it, else the end.
  const next = async (name) => {
    const at = ORDER.indexOf(name);
    const left = [...ORDER.slice(at + 1), ...ORDER.slice(0, at)]
      .find((one) => state(one) === 'open');
    const heading = left ? await open(left) : finished();
    scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  };

  const finished = () => {
    end?.();
    end = null;
    drawList(null);
    const passed = ORDER.filter((name) => state(name) !== 'done');
    const heading = h('h2', { tabindex: '-1' }, t('welcome.end.title'));
    fill(place, h('section', { class: 'card welcome is-end' },
      h('img', { src: '/starling.svg', alt: '', width: 88, height: 88 }), heading,
      h('p', {}, t(passed.length ? 'welcome.end.some' : 'welcome.end.all')),
      passed.length
        ? h('p', { class: 'soft small' }, t('welcome.end.passed', {
          steps: passed.map((name) => t(`welcome.${name}.short`)).join(', '),
        })) : null,
      h('div', { class: 'row' },
        h('button', { type: 'button', class: 'button', onclick: () => leave('/') },
          t('welcome.end.home')),
        h('button', { type: 'button', class: 'button quiet', onclick: () => leave('/p/mesh') },
          t('welcome.end.mesh')))));
    return heading;
  };

  const first = ORDER.find((name) => state(name) === 'open');
  if (first) await open(first);
  else finished();
  return () => end?.();
}
