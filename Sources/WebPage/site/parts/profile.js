// What a profile shows beside name and words.

/** Adds to `node` what is known of a person's devices, key and history. */
export async function more(account, node) {
  node.hidden = true;
}
