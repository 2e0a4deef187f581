/** The public names of the package. */

export { captionsToVtt } from "./captions.js";
export { Seriatim } from "./client.js";
export { ConnectionLost, JobError, RequestError, SeriatimError } from "./errors.js";
export { floatSamples } from "./samples.js";
export { SpeechPlayer } from "./speech-player.js";
