/** The listener's favourite voices, kept in this browser. Every change is announced by "change" of `favourites`. */

const KEY = "seriatim.favourites";

class FavouriteVoices extends EventTarget {
  #names = new Set(JSON.parse(localStorage.getItem(KEY) || "[]"));

  has(voice) {
    return this.#names.has(nameOf(voice));
  }

  toggle(voice) {
    const name = nameOf(voice);
    if (!this.#names.delete(name)) this.#names.add(name);
    localStorage.setItem(KEY, JSON.stringify([...this.#names]));
    this.dispatchEvent(new Event("change"));
  }
}

export const favourites = new FavouriteVoices();

const nameOf = ({ model, id }) => `${model}/${id}`; // voices of two pools may have one name
