/** The location of a spoken sentence in the text that was written: what is marked while it sounds. */

const MAX_GAP_CHARS = 400; // between two sentences: list markers, lines under headings
const MAX_SKIPPED_WORDS = 12; // that are written and not spoken, between two that agree: an address, a table's marks

/**
 * Finds a sentence in a text from `from` on. Its words may differ: numbers and signs are spoken as words, and markup is
 * not spoken. It lies between the first and the last word that agree, extended over neighbours that do not, up to
 * the end of a sentence or line. Returns {start, end}, or null.
 */
export function locateSentence(text, from, sentence) {
  return locateExactly(text, from, sentence) ?? locateByWords(text, from, sentence);
}

function locateExactly(text, from, sentence) {
  const words = sentence.trim().split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const match = new RegExp(words.join("\\s+")).exec(text.slice(from, from + MAX_GAP_CHARS + sentence.length * 2));
  return match && { start: from + match.index, end: from + match.index + match[0].length };
}

function locateByWords(text, from, sentence) {
  const spoken = wordsOf(sentence).map(({ word }) => word);
  const written = wordsOf(text.slice(from, from + MAX_GAP_CHARS + sentence.length * 2));
  const agreeing = alignWords(spoken, written.map(({ word }) => word));
  if (!agreeing.length || agreeing.length * 4 < Math.min(spoken.length, written.length)) return null;
  const [[spokenFirst, first], [spokenLast, last]] = [agreeing[0], agreeing.at(-1)];
  const before = from + (spokenFirst ? 0 : written[first].start);
  const lead = text.slice(before, from + written[first].start);
  const start = before + Math.max(0, ...[...lead.matchAll(BREAK)].map((match) => match.index + match[0].length));
  const rest = text.slice(from + written[last].end);
  const stop = spokenLast === spoken.length - 1 ? /^[^\s\p{L}\p{N}]*/u : /^.*?(?:[.!?…。！？]+[^\s\p{L}\p{N}]*(?=\s|$)|(?=\n|$))/u;
  return { start, end: from + written[last].end + stop.exec(rest)[0].length };
}

const BREAK = /[.!?…]+["'”’)\]]*\s+|[。！？][」』”’）]*\s*|\n+|^\s+/gu; // between two sentences
const WORD = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}])[\p{L}\p{M}\p{N}])+/gu; // a character where no spaces part words

function wordsOf(text) {
  return [...text.matchAll(WORD)].map((match) => ({ word: match[0].toLowerCase(), start: match.index, end: match.index + match[0].length }));
}

/** Pairs of positions of words that agree, in order: each spoken word agrees with the next equal one within a few words. */
function alignWords(spoken, written) {
  const pairs = [];
  let at = 0;
  spoken.forEach((word, index) => {
    const limit = pairs.length ? at + MAX_SKIPPED_WORDS : written.length;
    const found = written.indexOf(word, at);
    if (found < 0 || found >= limit) return;
    pairs.push([index, found]);
    at = found + 1;
  });
  return pairs;
}
