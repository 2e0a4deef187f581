/** Samples: conversion of the format `pcm`, which is signed 16-bit little-endian mono. */

/** Converts s16le bytes to Float32Array[n], -1..1, for Web Audio. */
export function floatSamples(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Float32Array(bytes.byteLength >> 1);
  for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(2 * i, true) / 32768;
  return samples;
}

/** The duration of s16le bytes, in ms. */
export function durationMs(nBytes, rateHz) {
  return (nBytes / 2 / rateHz) * 1000;
}
