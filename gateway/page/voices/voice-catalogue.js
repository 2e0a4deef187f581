/** Requests for voices: the pools that speak, the voices of each, and samples of them. */

import { request, requestJson } from "../api.js";

/** The pools that have workers. */
export async function fetchPools() {
  return (await requestJson("/v1/pools")).data.filter((each) => each.slots);
}

/** The voices of a pool, or of the default one; the first is its default. Timbres, such as "+f3", are among them. */
export async function fetchVoices(pool = "") {
  return (await requestJson(`/v1/voices${pool && `?model=${encodeURIComponent(pool)}`}`)).data;
}

/** The voices of all pools, without timbres; those of the default pool come first. */
export async function fetchAllVoices() {
  const [own, pools] = await Promise.all([fetchVoices(), fetchPools()]);
  const others = pools.filter(({ id }) => id !== own[0]?.model);
  const lists = await Promise.all(others.map(({ id }) => fetchVoices(id)));
  return [own, ...lists].flat().filter(({ id }) => !id.startsWith("+"));
}

/** A sample of a voice, as an MP3 file. A gateway speaks it once, and the browser keeps it for a while. */
export async function fetchSample({ model, id }, signal) {
  const path = `/v1/voices/${encodeURIComponent(id)}/sample?model=${encodeURIComponent(model)}`;
  return (await request(path, { signal })).blob();
}
