/** The languages of voices: which ones a voice speaks, and their names. Tags are BCP 47; those of languages have no region. */

const ANY = ""; // language of voices whose languages are unknown
const names = new Intl.DisplayNames(["en"], { type: "language", fallback: "none" });

export const baseLanguage = (tag) => tag.split("-")[0].toLowerCase();

/** The languages that a voice speaks; [""] if they are unknown. */
export const languagesOf = ({ languages, language: own }) => (languages.length ? [...new Set(languages.map(baseLanguage))] : [baseLanguage(own)]);

/** The languages of all `voices`, each with its label, in the order of the labels. */
export function labelledLanguages(voices) {
  const tags = [...new Set(voices.flatMap(languagesOf))];
  return tags.map((tag) => ({ tag, label: languageLabel(tag, voices) })).sort((a, b) => a.label.localeCompare(b.label));
}

/** The label of a language that some of `voices` speak. */
export function languageLabel(tag, voices) {
  if (tag === ANY) return "Any";
  return displayName(tag) ?? (voices.find((each) => baseLanguage(each.language) === tag)?.description || tag);
}

/** The browser's name of a language; undefined if it has none. */
export function displayName(tag) {
  try {
    return names.of(tag);
  } catch {
    return undefined; // not a valid BCP 47 tag
  }
}
