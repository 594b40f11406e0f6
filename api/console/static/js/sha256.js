/* SHA-256 (FIPS 180-4) and SM3 (GB/T 32905-2016) on byte arrays.
 *
 * Written out because the browser's own crypto.subtle exists only on https pages, and a draw must
 * be verifiable on plain http in an office network too. ES2018, no modules: ZH.sha256(bytes),
 * ZH.sm3(bytes) -> Uint8Array(32); ZH.hex, ZH.unhex, ZH.utf8.
 */
(function (root) {
  "use strict";
  const ZH = (root.ZH = root.ZH || {});

  function firstPrimes(count) {
    const primes = [];
    for (let n = 2; primes.length < count; n += 1) {
      if (primes.every((p) => n % p)) primes.push(n);
    }
    return primes;
  }

  // The first 32 bits of the fractional part; exact enough in a double for these arguments.
  function fraction(x) {
    return ((x - Math.floor(x)) * 4294967296) | 0;
  }

  const K = Int32Array.from(firstPrimes(64), (p) => fraction(Math.cbrt(p)));
  const SHA256_START = Int32Array.from(firstPrimes(8), (p) => fraction(Math.sqrt(p)));
  const SM3_START = Int32Array.of(
    0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e
  );

  function left(x, n) {
    return (x << n) | (x >>> (32 - n));
  }

  function right(x, n) {
    return (x >>> n) | (x << (32 - n));
  }

  // Message schedule, state and padding are reused: hashing is synchronous.
  const w = new Int32Array(68);

  function load(bytes, offset) { // the first 16 words of the schedule, big-endian
    for (let t = 0, i = offset; t < 16; t += 1, i += 4) {
      w[t] = (bytes[i] << 24) | (bytes[i + 1] << 16) | (bytes[i + 2] << 8) | bytes[i + 3];
    }
  }

  function sha256Block(state, bytes, offset) {
    load(bytes, offset);
    for (let t = 16; t < 64; t += 1) {
      const a = w[t - 15];
      const b = w[t - 2];
      const s0 = right(a, 7) ^ right(a, 18) ^ (a >>> 3);
      const s1 = right(b, 17) ^ right(b, 19) ^ (b >>> 10);
      w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
    }
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    let f = state[5];
    let g = state[6];
    let h = state[7];
    for (let t = 0; t < 64; t += 1) {
      const s1 = right(e, 6) ^ right(e, 11) ^ right(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[t] + w[t]) | 0;
      const s0 = right(a, 2) ^ right(a, 13) ^ right(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    state[0] += a; // an Int32Array wraps by itself
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }

  function sm3Block(state, bytes, offset) {
    load(bytes, offset);
    for (let t = 16; t < 68; t += 1) {
      const x = w[t - 16] ^ w[t - 9] ^ left(w[t - 3], 15);
      w[t] = x ^ left(x, 15) ^ left(x, 23) ^ left(w[t - 13], 7) ^ w[t - 6];
    }
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    let f = state[5];
    let g = state[6];
    let h = state[7];
    for (let t = 0; t < 64; t += 1) {
      const early = t < 16;
      const ss1 = left((left(a, 12) + e + left(early ? 0x79cc4519 : 0x7a879d8a, t % 32)) | 0, 7);
      const ss2 = ss1 ^ left(a, 12);
      const ff = early ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
      const gg = early ? e ^ f ^ g : (e & f) | (~e & g);
      const t1 = (ff + d + ss2 + (w[t] ^ w[t + 4])) | 0;
      const t2 = (gg + h + ss1 + w[t]) | 0;
      d = c;
      c = left(b, 9);
      b = a;
      a = t1;
      h = g;
      g = left(f, 19);
      f = e;
      e = t2 ^ left(t2, 9) ^ left(t2, 17);
    }
    state[0] ^= a;
    state[1] ^= b;
    state[2] ^= c;
    state[3] ^= d;
    state[4] ^= e;
    state[5] ^= f;
    state[6] ^= g;
    state[7] ^= h;
  }

  const state = new Int32Array(8);
  const tail = new Uint8Array(128);
  const tailView = new DataView(tail.buffer);

  function hashed(bytes, start, block) {
    state.set(start);
    const whole = bytes.length - (bytes.length % 64);
    for (let offset = 0; offset < whole; offset += 64) block(state, bytes, offset);
    const rest = bytes.length - whole;
    const end = rest < 56 ? 64 : 128;
    tail.fill(0);
    for (let i = 0; i < rest; i += 1) tail[i] = bytes[whole + i];
    tail[rest] = 0x80;
    tailView.setUint32(end - 8, Math.floor(bytes.length / 0x20000000));
    tailView.setUint32(end - 4, (bytes.length * 8) % 0x100000000);
    for (let offset = 0; offset < end; offset += 64) block(state, tail, offset);
    const out = new Uint8Array(32);
    for (let i = 0; i < 32; i += 1) out[i] = state[i >> 2] >>> (24 - 8 * (i & 3));
    return out;
  }

  ZH.sha256 = (bytes) => hashed(bytes, SHA256_START, sha256Block);
  ZH.sm3 = (bytes) => hashed(bytes, SM3_START, sm3Block);

  const HEX = Array.from({ length: 256 }, (_, n) => (n < 16 ? "0" : "") + n.toString(16));

  ZH.hex = (bytes) => {
    let text = "";
    for (let i = 0; i < bytes.length; i += 1) text += HEX[bytes[i]];
    return text;
  };

  function digit(unit) { // of a lower-case hexadecimal digit
    return unit < 58 ? unit - 48 : unit - 87;
  }

  ZH.unhex = (text) => {
    if (typeof text !== "string" || !/^(?:[0-9a-f]{2})*$/.test(text)) {
      throw new TypeError("not hexadecimal digits");
    }
    const bytes = new Uint8Array(text.length / 2);
    for (let i = 0; i < bytes.length; i += 1) {
      bytes[i] = (digit(text.charCodeAt(2 * i)) << 4) | digit(text.charCodeAt(2 * i + 1));
    }
    return bytes;
  };

  const encoder = new TextEncoder();
  ZH.utf8 = (text) => {
    if (text.length > 80) return encoder.encode(text);
    const bytes = new Uint8Array(text.length); // codes and numbers: faster than the encoder
    for (let i = 0; i < text.length; i += 1) {
      const unit = text.charCodeAt(i);
      if (unit > 127) return encoder.encode(text);
      bytes[i] = unit;
    }
    return bytes;
  };
})(this);
