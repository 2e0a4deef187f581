import type { Sentence, Seriatim } from "./index.js";

/**
 * The element `<seriatim-player>`. Attributes: `src` (the gateway), `for` (the id of the element to read; by default its own
 * content), `voice`, `model`, `language`, `speed`, `follow` (scroll to the sentence that sounds).
 * Events, as CustomEvent: `play`, `pause`, `sentence` (detail: the sentence, and its range in the document or null), `end`,
 * `stop`, `error` (detail: the error).
 */
export class SeriatimPlayerElement extends HTMLElement {
  client: Seriatim;
  readonly state: "idle" | "starting" | "playing" | "paused";
  play(): Promise<void>;
  pause(): void;
  stop(): Promise<void>;
}

export type SentenceDetail = Sentence & { range: Range | null };

declare global {
  interface HTMLElementTagNameMap {
    "seriatim-player": SeriatimPlayerElement;
  }
}
