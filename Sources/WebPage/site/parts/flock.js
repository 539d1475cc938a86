// The live picture of the mesh: one's own node in the middle, its neighbours around, and what flows
// between them as small dots. The same stands in a table beside it, for who cannot see it.

import { h, isCalm, s } from '../dom.js';
import { t } from '../text.js';
import { nodeName } from './neighbours.js';

/** Neighbours in the picture; more are told as a number. */
const MOST = 12;
/** Seconds in which a dot crosses. */
const CROSSING = 1.6;
const DOTS = 5;
const RADIUS = 21;

/** Letters of a name under a picture. */
function short(name) {
  const letters = [...name];
  return letters.length > 16 ? `${letters.slice(0, 15).join('')}…` : name;
}

function sign(url) {
  return s('image', {
    href: url, x: -RADIUS, y: -RADIUS, width: 2 * RADIUS, height: 2 * RADIUS,
    class: 'flock-face', preserveAspectRatio: 'xMidYMid slice',
  });
}

/** How many dots are under way at once for so many bytes a second. */
function busy(rate) {
  return rate < 1 ? 0 : Math.min(DOTS, Math.ceil(Math.log10(rate + 1) * 1.3));
}

/** Returns {node, draw(mesh, rates), end}. `rates` maps a node's key to {in, out} in bytes a second. */
export function flock(account) {
  const links = s('g', {});
  const dots = s('g', {});
  const birds = s('g', {});
  const self = s('g', { class: 'flock-self' },
    s('circle', { r: RADIUS + 7, class: 'flock-halo' }), sign(account.avatar),
    s('text', { y: RADIUS + 24, class: 'flock-name' }, t('mesh.you')));
  const picture = s('svg', { class: 'flock', role: 'img', height: 230 }, links, dots, birds, self);
  const more = h('p', { class: 'soft small flock-more', hidden: true });
  const node = h('figure', { class: 'flock-frame' }, picture, more);
  const peers = new Map();
  let width = 0;
  let height = 0;
  let frameNumber = 0;
  let label = '';

  // Many neighbours want more room; once it is given, it stays.
  const fit = () => {
    const next = node.clientWidth;
    const room = 230 + (next < 480 ? 32 : 24) * Math.max(0, Math.min(peers.size, MOST) - 2);
    const high = Math.max(width === next ? height : 0, Math.min(room, Math.round(next * 1.2)));
    if (!next || next === width && high === height) return;
    width = next;
    height = high;
    picture.setAttribute('viewBox', `0 0 ${width} ${height}`);
    picture.setAttribute('width', width);
    picture.setAttribute('height', height);
    place();
    step(performance.now());
  };
  const watcher = new ResizeObserver(fit);
  watcher.observe(node);

  // Around an ellipse, from the top on; every second one a little nearer, as birds fly.
  const place = () => {
    const all = [...peers.values()];
    all.forEach((peer, at) => {
      // There is more room beside than above: nobody stands straight above or below.
      const turn = Math.PI / (all.length % 2 ? 2 * all.length : all.length);
      const first = all.length < 3 ? -0.45 : turn - Math.PI / 2;
      const angle = first + (2 * Math.PI * at) / all.length;
      const reach = all.length > 6 && at % 2 ? 0.78 : 1;
      peer.home = {
        x: width / 2 + Math.cos(angle) * (width / 2 - 62) * reach,
        y: (height - 34) / 2 + 8 + Math.sin(angle) * ((height - 34) / 2 - 36) * reach,
      };
    });
  };

  const make = () => {
    const peer = {
      phase: Math.random() * 6.3, face: null, rate: { in: 0, out: 0 },
      link: s('path', { class: 'flock-link' }),
      circle: s('circle', { r: RADIUS + 2, class: 'flock-ring' }),
      name: s('text', { y: RADIUS + 17, class: 'flock-name' }),
      dots: [],
    };
    peer.group = s('g', {}, peer.circle, s('path', {
      class: 'flock-bird', d: 'M-9 2C-5-5 0-3 0 1 0-3 5-5 9 2 5-1 2 0 0 4-2 0-5-1-9 2z',
    }), peer.name);
    for (let at = 0; at < 2 * DOTS; at++) {
      const dot = s('circle', { r: 2.6, class: at < DOTS ? 'dot-in' : 'dot-out', opacity: 0 });
      peer.dots.push(dot);
      dots.append(dot);
    }
    links.append(peer.link);
    birds.append(peer.group);
    return peer;
  };

  const remove = (peer) => {
    peer.link.remove();
    peer.group.remove();
    for (const dot of peer.dots) dot.remove();
  };

  const draw = (mesh, rates) => {
    const shown = [
      ...mesh.neighbours.map((one) => ({ ...one, isHere: true })),
      ...mesh.away.map((one) => ({ ...one, isHere: false })),
    ];
    const keys = new Set(shown.slice(0, MOST).map((one) => one.node));
    let isOther = false;
    for (const [key, peer] of peers) {
      if (keys.has(key)) continue;
      remove(peer);
      peers.delete(key);
      isOther = true;
    }
    for (const one of shown.slice(0, MOST)) {
      if (!peers.has(one.node)) {
        peers.set(one.node, make());
        isOther = true;
      }
      const peer = peers.get(one.node);
      peer.rate = rates.get(one.node) ?? { in: 0, out: 0 };
      peer.group.setAttribute('class', one.isHere ? 'flock-peer' : 'flock-peer is-away');
      peer.link.setAttribute('class', one.isHere ? 'flock-link' : 'flock-link is-away');
      peer.link.setAttribute('stroke-width',
        1.5 + Math.min(3, Math.log10(1 + peer.rate.in + peer.rate.out) / 1.6));
      const name = short(nodeName(one));
      if (peer.name.textContent !== name) peer.name.textContent = name;
      const url = one.writers?.[0]?.avatar_static ?? one.account?.avatar_static;
      if (url && peer.face !== url) {
        peer.face = url;
        peer.group.querySelector('image')?.remove();
        peer.circle.after(sign(url));
      }
    }
    more.hidden = shown.length <= MOST;
    more.textContent = t('mesh.more', { count: shown.length - MOST });
    const words = mesh.neighbours.length
      ? t('mesh.picture', { names: mesh.neighbours.map(nodeName).join(', ') })
      : t('mesh.pictureAlone');
    if (words !== label) {
      label = words;
      picture.setAttribute('aria-label', words);
    }
    if (isOther) {
      fit();
      place();
    }
    if (isCalm() || isOther) step(performance.now());
  };

  const step = (now) => {
    if (!width) return;
    const seconds = now / 1000;
    const calm = isCalm();
    const middle = { x: width / 2, y: (height - 34) / 2 + 8 };
    self.setAttribute('transform', `translate(${middle.x} ${middle.y})`);
    for (const peer of peers.values()) {
      if (!peer.home) continue;
      const sway = calm ? 0 : Math.sin(seconds * 0.8 + peer.phase) * 3;
      const at = { x: peer.home.x + sway, y: peer.home.y + sway * 0.7 };
      const bend = {
        x: (at.x + middle.x) / 2 + (at.y - middle.y) * 0.1,
        y: (at.y + middle.y) / 2 - (at.x - middle.x) * 0.1,
      };
      peer.group.setAttribute('transform', `translate(${at.x.toFixed(1)} ${at.y.toFixed(1)})`);
      peer.link.setAttribute('d',
        `M${at.x.toFixed(1)} ${at.y.toFixed(1)}Q${bend.x.toFixed(1)} ${bend.y.toFixed(1)} ${middle.x} ${middle.y}`);
      peer.dots.forEach((dot, number) => {
        const isIn = number < DOTS;
        const count = calm ? 0 : busy(isIn ? peer.rate.in : peer.rate.out);
        const place = number % DOTS;
        if (place >= count) return dot.setAttribute('opacity', 0);
        const way = (seconds / CROSSING + place / count + peer.phase) % 1;
        const p = isIn ? way : 1 - way;
        const q = 1 - p;
        dot.setAttribute('cx', q * q * at.x + 2 * q * p * bend.x + p * p * middle.x);
        dot.setAttribute('cy', q * q * at.y + 2 * q * p * bend.y + p * p * middle.y);
        // Under the pictures it is not seen.
        return dot.setAttribute('opacity', Math.min(1, way * 6, (1 - way) * 6).toFixed(2));
      });
    }
  };

  const run = (now) => {
    // A view that was left is not drawn, and few frames are enough for gentle motion.
    if (node.isConnected && !isCalm() && ++frameNumber % 2 === 0) step(now);
    handle = requestAnimationFrame(run);
  };
  let handle = requestAnimationFrame(run);

  return {
    node, draw,
    end() {
      cancelAnimationFrame(handle);
      watcher.disconnect();
    },
  };
}
