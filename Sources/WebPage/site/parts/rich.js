// What the node makes out of a post's plain text is a small language: <p>, <br>, <a href>, and five
// entities. It is read here piece by piece into nodes. Anything else is shown as the text it is.

import { h } from '../dom.js';

const PIECE = /<p>|<\/p>|<br ?\/?>|<a ([^<>]*)>|<\/a>|<span(?: [^<>]*)?>|<\/span>|[^<]+|</g;
const ENTITIES = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };

function plain(text) {
  return text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity]);
}

/** The nodes of a text: paragraphs, each read in the direction of its own letters. */
export function rich(content) {
  const paragraphs = [];
  let at = null;
  const inner = () => {
    if (!at) paragraphs.push(at = { node: h('p', { dir: 'auto' }) });
    return at.link ?? at.node;
  };
  for (const [piece, attributes] of String(content ?? '').matchAll(PIECE)) {
    if (piece === '<p>') paragraphs.push(at = { node: h('p', { dir: 'auto' }) });
    else if (piece === '</p>') at = null;
    else if (piece.startsWith('<br')) inner().append(h('br'));
    else if (piece.startsWith('<a ')) {
      const link = anchor(attributes);
      inner();
      if (link) at.node.append(at.link = link);
    } else if (piece === '</a>') at && (at.link = null);
    else if (/^<\/?span/.test(piece)) continue;
    else inner().append(at.link?.className === 'mention' ? shortName(at.link, plain(piece)) : plain(piece));
  }
  return paragraphs.map(({ node }) => node);
}

/** @name for @name@z6Mk…: the link knows who is meant, and says so when asked. */
function shortName(link, text) {
  const name = /^(@[^@]+)@z6Mk\w+$/.exec(text)?.[1];
  if (name) link.title = text;
  return name ?? text;
}

/** A link to a web page, or to a view of this page; null for any other address. */
function anchor(attributes) {
  const given = /(?:^|\s)href="([^"]*)"/.exec(attributes)?.[1];
  if (given === undefined) return null;
  return link(plain(given));
}

export function link(given) {
  const address = URL.parse?.(given) ?? parsed(given);
  if (!address || !['http:', 'https:'].includes(address.protocol)) return null;
  if (address.origin === location.origin) {
    const tag = /^\/tags\/([^/]+)$/.exec(address.pathname)?.[1];
    if (tag) return h('a', { href: `/p/tag/${tag}`, class: 'tag' });
    if (address.pathname.startsWith('/@')) {
      return h('a', { href: address.pathname, class: 'mention' });
    }
  }
  return h('a', { href: address.href, target: '_blank', rel: 'nofollow noopener noreferrer ugc' });
}

function parsed(given) {
  try {
    return new URL(given);
  } catch {
    return null;
  }
}
