/** A dialog that several pages have: its element is made by the module that shows it. */

/** Adds a dialog to the page; `html`: one <dialog> element. */
export function addDialog(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return document.body.appendChild(template.content.firstElementChild);
}
